"""A modern client: PyPI `mcp` 2.x, revision 2026-07-28, against the features of `server_asking.mjs`,
which is not modern.

Usage: client_py2_asking.py URL [KEY]
"""

import sys

import httpx2
import mcp_types as types
from mcp import Client
from mcp.client.streamable_http import streamable_http_client

from asking_features import AskingSlowly, Hesitant
from report import Report, run


async def session(report: Report) -> None:
    url, *keys = sys.argv[1:]
    headers = {"Authorization": f"Bearer {it}" for it in keys}
    peer = Hesitant(types, {})
    async with httpx2.AsyncClient(headers=headers, timeout=60) as http:
        transport = streamable_http_client(url, http_client=http)
        async with Client(transport, mode="2026-07-28", **peer.callbacks()) as client:
            await AskingSlowly(client, peer).check(report)


run(session)
