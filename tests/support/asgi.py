"""Calls an ASGI application in process, without a socket, through an ordinary client."""

from __future__ import annotations

from collections.abc import AsyncIterator

import anyio
import httpx2
from starlette.types import ASGIApp


class _InProcess(httpx2.BaseTransport):
    def __init__(self, app: ASGIApp) -> None:
        self._inner = httpx2.ASGITransport(app=app)

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        chunks = list(request.stream) if isinstance(request.stream, httpx2.SyncByteStream) else []

        async def body() -> AsyncIterator[bytes]:
            for chunk in chunks:
                yield chunk

        async def go() -> httpx2.Response:
            again = httpx2.Request(
                request.method, request.url, headers=request.headers, content=body()
            )
            found = await self._inner.handle_async_request(again)
            content = await found.aread()
            return httpx2.Response(found.status_code, headers=found.headers, content=content)

        return anyio.run(go)


def client_of(app: ASGIApp) -> httpx2.Client:
    """A client whose requests are served by `app`; each runs its own event loop."""
    return httpx2.Client(transport=_InProcess(app), base_url="http://gateway")
