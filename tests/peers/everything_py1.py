"""PyPI `mcp` 1.x, a legacy client, against `eyot everything`.

Usage: everything_py1.py URL
       everything_py1.py -- COMMAND ARGUMENTS
"""

import sys
from functools import partial

from mcp import types

import sdk1
from everything_features import ANSWERS, Everything
from features import Peer
from report import run


class Legacy(sdk1.Legacy, Everything):
    """Everything, and what every legacy server does."""


run(partial(sdk1.check, sys.argv[1:], Peer(types, ANSWERS), Legacy))
