"""A gate behind HTTP without a socket: a real one over a bench, or one that says what one sets."""

from __future__ import annotations

import asyncio

import httpx2

from consentlog.http.app import build_app
from consentlog.http.auth import Authenticator
from dialers.app import GateRoutes
from dialers.waiters import TokenWaiters
from tests.support.gates import PARTITIONS, Bench


def gate_over(bench: Bench) -> httpx2.ASGITransport:
    """The gate's own application, as a transport."""
    waiters = TokenWaiters(PARTITIONS, bench.view.has)
    keys = Authenticator(bench.registry, bench.clock)
    routes = GateRoutes(bench.gate, bench.registry, keys, waiters.wait)
    return httpx2.ASGITransport(build_app("gate", [routes.router()], bench.gate.is_ready))


class Canned(httpx2.AsyncBaseTransport):
    """Answers what it was given, hangs if that is None; remembers what it was asked."""

    def __init__(self, answer: httpx2.Response | Exception | None) -> None:
        self._answer = answer
        self.asked: list[httpx2.Request] = []

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        self.asked.append(request)
        if isinstance(self._answer, Exception):
            raise self._answer
        if self._answer is None:
            await asyncio.sleep(60)
        assert self._answer is not None
        return httpx2.Response(self._answer.status_code, content=self._answer.content)
