"""A legacy client: PyPI `mcp` 1.x against the features of `server_asking.mjs`.

Usage: client_py1_asking.py URL
       client_py1_asking.py -- CMD ARG...
"""

import sys
from functools import partial

from mcp import types

import sdk1
from asking_features import Acquainted, Asking
from report import run

run(partial(sdk1.check, sys.argv[1:], Acquainted(types, {}), Asking))
