"""Requests that wait for an answer while other threads write and send for them."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from consentlog.errors import TransientError
from consentlog.ports import Delivered, NewRecord
from producers.spool.record import pack_headers

Headers = list[tuple[str, bytes]]
SPOOLED: Final = Delivered(spooled=True)


class Waiter(NamedTuple):
    """A request that waits for what became of its records, in their order."""

    loop: asyncio.AbstractEventLoop
    future: asyncio.Future[list[Delivered]]


class Packed(NamedTuple):
    """One record as it goes to disk, and its headers as they go to the log at once."""

    key: bytes
    value: bytes
    packed: bytes
    headers: Headers

    @property
    def size(self) -> int:
        """Bytes that it counts for against the spool's limit."""
        return len(self.key) + len(self.value) + len(self.packed)


@dataclass(frozen=True, slots=True, eq=False)
class Job:
    """Records that a request wants to be durable together, and how long it waits for the broker."""

    topic: str
    records: Sequence[Packed]
    size: int
    within_s: float
    waiter: Waiter


def job_of(topic: str, records: Iterable[NewRecord], within_s: float, waiter: Waiter) -> Job:
    """Pack records into a job."""
    packed = [
        Packed(key, value, pack_headers(headers), list(headers)) for key, value, headers in records
    ]
    return Job(topic, packed, sum(one.size for one in packed), within_s, waiter)


class Asked:
    """A job that is on disk: what became of each of its records so far.

    Args:
        waiter: Who waits.
        first_id: Id of the first record; those of the others follow it.
        count: How many there are.
    """

    __slots__ = ("first_id", "left", "results", "waiter")

    def __init__(self, waiter: Waiter, first_id: int, count: int) -> None:
        self.waiter = waiter
        self.first_id = first_id
        self.left = count
        self.results: list[Delivered | None] = [None] * count

    def tell(self, row_id: int, delivered: Delivered) -> bool:
        """Note what became of one record; tell whether it was the last."""
        self.results[row_id - self.first_id] = delivered
        self.left -= 1
        return not self.left

    @property
    def answer(self) -> Answer:
        """The answer; whatever is not known yet is spooled."""
        return self.waiter, [one or SPOOLED for one in self.results]


Answer = tuple[Waiter, list[Delivered] | TransientError]


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
    for (_, future), result in answers:
        if future.done():
            continue
        if isinstance(result, TransientError):
            future.set_exception(result)
        else:
            future.set_result(result)
