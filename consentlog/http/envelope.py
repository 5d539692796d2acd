"""What surrounds every request: an id, a bounded body, headers, a log line, no unhandled error."""

from __future__ import annotations

import re
import time
import uuid
from collections.abc import Mapping
from typing import Final

import structlog
from prometheus_client import Histogram
from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from consentlog.errors import ConsentLogError
from consentlog.http.problems import RequestRefused, problem_response
from consentlog.observability.logging import get_logger

MAX_BODY_BYTES: Final = 1_048_576
NOTHING_STREAMED: Final[Mapping[str, int]] = {}
"""No path whose body is larger than that."""
_DRAINED_BYTES: Final = 64 * MAX_BODY_BYTES

_CORRELATION: Final = re.compile(rb"[\x21-\x7e]{1,128}")
"""Of `X-Correlation-Id`: one word, which comes back as it came and is logged nowhere."""

_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})

_HEADERS: Final = {
    # Numbers and tokens pass here: no cache keeps them and no link gives them away.
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}

REQUEST_SECONDS = Histogram(
    "consentlog_http_request_seconds",
    "Time to answer one request, by route template and status.",
    ["method", "route", "status"],
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)

log = get_logger(__name__)


class Envelope:
    """ASGI middleware; the route's template is logged, never the path, which may hold a number.

    Args:
        app: The application inside.
        max_body_bytes: A larger body is answered with 413 before anything parses it.
        streamed: Bytes that the body of a POST may have, for the paths whose route reads it piece
            by piece; nothing of it is kept here, and what is more ends the reading with `CL-1005`.
    """

    def __init__(
        self,
        app: ASGIApp,
        max_body_bytes: int = MAX_BODY_BYTES,
        streamed: Mapping[str, int] = NOTHING_STREAMED,
    ) -> None:
        self._app = app
        self._max_body_bytes = max_body_bytes
        self._streamed = streamed

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = uuid.uuid4().hex
        scope.setdefault("state", {})["request_id"] = request_id
        reply = _Reply(send, request_id, _correlation_of(scope))
        started = time.perf_counter()
        with structlog.contextvars.bound_contextvars(request_id=request_id):
            await self._serve(scope, receive, reply)
            _note(scope, reply.status, time.perf_counter() - started)

    async def _serve(self, scope: Scope, receive: Receive, reply: _Reply) -> None:
        try:
            limit = self._streamed.get(scope["path"]) if scope["method"] == "POST" else None
            if limit is None:
                body = await _read_body(receive, self._max_body_bytes)
                await self._app(scope, _replay(body, receive), reply)
            else:
                await self._app(scope, _bounded(receive, limit), reply)
        except _CallerLeft:
            # Half a form can be a whole one that says something else, and nobody hears an answer.
            log.info("request_broken_off")
        except RequestRefused as refused:
            await problem_response(Request(scope), refused)(scope, receive, reply)
        except Exception:  # a service's top loop: told as 500, without details
            log.exception("request_failed")
            if reply.status:
                raise
            await problem_response(Request(scope), ConsentLogError("CL-1000"))(
                scope, receive, reply
            )


class _Reply:
    """Sends what the application sends, with our headers, and remembers the status."""

    def __init__(self, send: Send, request_id: str, correlation_id: str | None) -> None:
        self._send = send
        self._request_id = request_id
        self._correlation_id = correlation_id
        self.status = 0

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers = MutableHeaders(scope=message)
            for name, value in _HEADERS.items():
                headers[name] = value
            headers["X-Request-Id"] = self._request_id
            if self._correlation_id is not None:
                headers["X-Correlation-Id"] = self._correlation_id
        await self._send(message)


def _correlation_of(scope: Scope) -> str | None:
    given = next((value for name, value in scope["headers"] if name == b"x-correlation-id"), b"")
    return given.decode("ascii") if _CORRELATION.fullmatch(given) else None


class _CallerLeft(Exception):
    """The connection ended before the body did."""


async def _read_body(receive: Receive, limit: int) -> bytes:
    """Read a whole body, or raise `CL-1005` if it is larger than `limit`.

    The rest of a larger one is read and dropped, up to a bound: a caller that is still sending
    would otherwise meet a reset connection instead of the 413.
    """
    parts, size = [], 0
    while True:
        message = await receive()
        if message["type"] != "http.request":
            raise _CallerLeft
        size += len(message.get("body", b""))
        if size <= limit:
            parts.append(message.get("body", b""))
        if not message.get("more_body", False) or size > _DRAINED_BYTES:
            break
    if size > limit:
        raise RequestRefused("CL-1005", limit_bytes=limit)
    return b"".join(parts)


def _bounded(receive: Receive, limit: int) -> Receive:
    """Pass a body on as it comes, or raise `CL-1005` once it is larger than `limit`.

    What is more is read and dropped first, as in `_read_body`.
    """
    size = 0

    async def bounded() -> Message:
        nonlocal size
        while True:
            message = await receive()
            if message["type"] != "http.request":
                return message
            size += len(message.get("body", b""))
            if size <= limit:
                return message
            if not message.get("more_body", False) or size > limit + _DRAINED_BYTES:
                raise RequestRefused("CL-1005", limit_bytes=limit)

    return bounded


def _replay(body: bytes, receive: Receive) -> Receive:
    waiting = [body]

    async def replayed() -> Message:
        if waiting:
            return {"type": "http.request", "body": waiting.pop(), "more_body": False}
        return await receive()

    return replayed


def _note(scope: Scope, status: int, seconds: float) -> None:
    route = getattr(scope.get("route"), "path", "unmatched")
    # Any token may stand for a method: each would be a label, and memory, for ever.
    method = scope["method"] if route != "unmatched" and scope["method"] in _METHODS else "any"
    REQUEST_SECONDS.labels(method, route, str(status)).observe(seconds)
    tell = log.debug if status < 400 else log.info
    tell("request_served", method=method, route=route, status=status, seconds=round(seconds, 4))
