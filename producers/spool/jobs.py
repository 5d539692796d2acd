"""Requests that wait for an answer while other threads write and send for them."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterable
from dataclasses import dataclass

from consentlog.errors import TransientError
from consentlog.ports import Delivered


@dataclass(frozen=True, slots=True, eq=False)
class Job:
    """One record that a request wants to be durable, and the request that waits."""

    topic: str
    key: bytes
    value: bytes
    headers: bytes
    loop: asyncio.AbstractEventLoop
    future: asyncio.Future[Delivered]

    @property
    def size(self) -> int:
        """Bytes that it counts for against the spool's limit."""
        return len(self.key) + len(self.value) + len(self.headers)


Answer = tuple[Job, Delivered | TransientError]


def answer(answers: Iterable[Answer]) -> None:
    """Wake the requests; one call a loop, for a wake-up costs more than an answer."""
    by_loop: dict[asyncio.AbstractEventLoop, list[Answer]] = {}
    for one in answers:
        by_loop.setdefault(one[0].loop, []).append(one)
    for loop, found in by_loop.items():
        # A loop that has ended has nobody left who waits; the record is on disk anyway.
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(_settle, found)


def _settle(answers: list[Answer]) -> None:
    for job, result in answers:
        if job.future.done():
            continue
        if isinstance(result, TransientError):
            job.future.set_exception(result)
        else:
            job.future.set_result(result)
