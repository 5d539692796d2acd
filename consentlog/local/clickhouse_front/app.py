"""The HTTP side: `/ping`, `/replicas_status`, and queries on `/`."""

from __future__ import annotations

import json
import uuid
from typing import Final

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from consentlog.local.clickhouse_front.auth import Users
from consentlog.local.clickhouse_front.compression import decompress
from consentlog.local.clickhouse_front.engine import Engine
from consentlog.local.clickhouse_front.failure import TOO_MANY_BYTES, RequestFailure, refuse
from consentlog.local.clickhouse_front.request import Ask, parse_ask
from consentlog.local.clickhouse_front.statement import check_read_only

DEFAULT_LIMIT_BYTES: Final = 256 * 1024 * 1024
_OK: Final = "Ok.\n"


def create_app(engine: Engine, users: Users, limit_bytes: int = DEFAULT_LIMIT_BYTES) -> Starlette:
    """Return the application.

    Args:
        engine: Runs the statements.
        users: Who may ask.
        limit_bytes: Largest body, before and after decompression.
    """

    async def ping(_request: Request) -> Response:
        return PlainTextResponse(_OK)

    async def handle(request: Request) -> Response:
        if request.method == "GET" and not request.query_params:
            return PlainTextResponse(_OK)
        try:
            return await _answer(request, engine, users, limit_bytes)
        except RequestFailure as failure:
            code = str(failure.code)
            headers = {"X-ClickHouse-Exception-Code": code}
            return PlainTextResponse(failure.text + "\n", failure.status, headers=headers)
        except ClientDisconnect:
            return Response(status_code=499)

    return Starlette(
        routes=[
            Route("/ping", ping),
            Route("/replicas_status", ping),
            Route("/", handle, methods=["GET", "POST"]),
        ]
    )


async def _answer(request: Request, engine: Engine, users: Users, limit_bytes: int) -> Response:
    params = dict(request.query_params)
    user = users.authenticate(params, request.headers)
    raw = await _body(request, limit_bytes)
    encoding = request.headers.get("content-encoding", "")
    body = await run_in_threadpool(decompress, raw, encoding, limit_bytes)
    ask = parse_ask(params, request.headers, body)
    # The real interface lets GET read only, so that a link cannot change anything.
    is_read_only = user.is_read_only or request.method == "GET"
    if is_read_only:
        check_read_only(ask.statement)
    result = await run_in_threadpool(engine.run, ask, is_read_only=is_read_only)
    return Response(result, headers=_headers(ask))


async def _body(request: Request, limit_bytes: int) -> bytes:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > limit_bytes:
            raise refuse(TOO_MANY_BYTES, "The request body is too large")
    return bytes(body)


def _headers(ask: Ask) -> dict[str, str]:
    return {
        "X-ClickHouse-Format": ask.statement.result_format or ask.default_format,
        "X-ClickHouse-Query-Id": ask.query_id or str(uuid.uuid4()),
        "X-ClickHouse-Summary": json.dumps({}),
        "X-ClickHouse-Timezone": "UTC",
        "X-ClickHouse-Server-Display-Name": "consentlog-local",
    }
