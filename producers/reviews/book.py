"""Every open case and every decision, folded from the review topic; the first decision wins.

One thread files records (`follower`), the event loop asks: a lock is held for each, briefly. Open
cases are on disk (`open_cases`); a decided one is a few words in memory, for ever.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from sys import intern
from typing import Final, NamedTuple

from consentlog.domain.ids import id_of_bytes
from consentlog.errors import CodecError
from consentlog.ports import Record
from consentlog.wire.reviews import (
    ReviewAction,
    ReviewEvent,
    ReviewReason,
    decode_review,
    encode_review,
)
from producers.received import DECISION as RECEIVED
from producers.reviews.case import Case, Decided, Kind, Place, Whose, unreadable
from producers.reviews.open_cases import OpenCases

_PAGE: Final = 64
"""Cases that are read at once while somebody lists: the follower waits for no longer than that."""


class Waiting(NamedTuple):
    """Open cases of one reason: how many, how many of them too long; `oldest_ms` = since when."""

    cases: int
    oldest_ms: int
    overdue: int


class ReviewBook:
    """The cases of one review topic, which has one partition.

    A message that was only recorded as received came decided, and nobody will ask after it: nothing
    of it is kept.

    Args:
        cases: Where open cases are kept; nothing is in it yet. None = in memory.
    """

    def __init__(self, cases: OpenCases | None = None) -> None:
        self._lock = threading.Lock()
        self._open = cases or OpenCases()
        self._decided: dict[bytes, Decided] = {}
        self._next_offset = 0
        self._waiting: list[tuple[int, asyncio.AbstractEventLoop, asyncio.Future[None]]] = []
        self._is_complete = False

    @property
    def is_complete(self) -> bool:
        """Whether the topic was read up to the end that it had; never taken back."""
        return self._is_complete

    @property
    def next_offset(self) -> int:
        """Offset of the first record that is not filed yet."""
        return self._next_offset

    def find(self, review_id: bytes) -> Case | Decided | None:
        """Return a case, what was decided of it, or None if nobody opened it.

        Raises:
            TransientError: `CL-1809` if the disk does not give it.
        """
        with self._lock:
            return self._decided.get(review_id) or self._open.find(review_id)

    def decision(self, review_id: bytes) -> Decided | None:
        """Return what was decided of a case; None while it is open, or if nobody opened it."""
        return self._decided.get(review_id)

    def open_cases(
        self, after: Place | None = None, wanted: Callable[[Kind], bool] = lambda _: True
    ) -> Iterator[Case]:
        """Yield open cases, the oldest first; what is not asked for is not read.

        What is opened, decided or given to somebody meanwhile may or may not be among them.

        Args:
            after: Begin behind this place, whether or not a case stands there still.
            wanted: Tells of which kinds.

        Raises:
            TransientError: `CL-1809` if the disk does not give them.
        """
        while True:
            with self._lock:
                cases = self._open.page(wanted, after, _PAGE)
            if not cases:
                return
            yield from cases
            after = cases[-1].place

    def waiting(self, overdue_before_ms: int) -> dict[ReviewReason, Waiting]:
        """Tell how many cases wait for a person, by reason; without reasons that have none.

        Args:
            overdue_before_ms: Opened before that, ms UTC, a case waits for too long.

        Raises:
            TransientError: `CL-1809` if the disk does not tell.
        """
        found: dict[ReviewReason, Waiting] = {}
        with self._lock:
            counts = self._open.counts()
        for kind, count in counts.items():
            with self._lock:  # for each: who asks meanwhile does not wait for all of them
                oldest_ms = self._open.oldest_ms(kind)
                overdue = self._open.count_before(kind, overdue_before_ms)
            if oldest_ms is None:
                continue  # decided meanwhile
            other = found.get(kind.reason, Waiting(0, oldest_ms, 0))
            oldest_ms = min(oldest_ms, other.oldest_ms)
            found[kind.reason] = Waiting(other.cases + count, oldest_ms, other.overdue + overdue)
        return found

    def close(self) -> None:
        """Forget the open cases; nobody may ask after them any more."""
        with self._lock:
            self._open.close()

    def reached_end(self) -> None:
        """Note that everything was filed that was there."""
        self._is_complete = True

    def apply(self, record: Record) -> None:
        """File one record; one that was filed before changes nothing.

        Args:
            record: In log order.
        """
        with self._lock:
            if record.offset < self._next_offset:
                return
            self._file(record)
            self._next_offset = record.offset + 1
            due = [one for one in self._waiting if one[0] <= record.offset]
            self._waiting = [one for one in self._waiting if one[0] > record.offset]
        for _, loop, future in due:
            _tell(loop, future)

    async def applied(self, offset: int, within_s: float) -> bool:
        """Wait until a record is filed.

        Args:
            offset: Of the record.
            within_s: Longest wait, seconds.

        Returns:
            Whether it is.
        """
        loop = asyncio.get_running_loop()
        waiting = (offset, loop, loop.create_future())
        with self._lock:
            if offset < self._next_offset:
                return True
            self._waiting.append(waiting)
        try:
            await asyncio.wait_for(waiting[2], within_s)
        except TimeoutError:
            return False
        finally:
            with self._lock:
                self._waiting = [one for one in self._waiting if one is not waiting]
        return True

    def _file(self, record: Record) -> None:
        try:
            event = decode_review(record.value)
        except CodecError as exc:
            self._open_unreadable(record, exc.what())
            return
        if event.action is ReviewAction.OPENED:
            self._opened(Case(event, event.owner), record.value or b"")
        elif event.action is ReviewAction.DECIDED:
            self._decide(event)
        elif event.action is ReviewAction.ASSIGNED:
            self._open.assign(event.review_id, event.owner)
        else:
            self._open_unreadable(record, "its action is not known here")

    def _open_unreadable(self, record: Record, reason: str) -> None:
        case = unreadable(record, id_of_bytes(record.key, record.value), reason)
        self._opened(case, encode_review(case.opened))

    def _opened(self, case: Case, value: bytes) -> None:
        if case.opened.review_id not in self._decided:
            self._open.add(case, value)

    def _decide(self, event: ReviewEvent) -> None:
        kind = self._open.remove(event.review_id)
        if event.decision == RECEIVED or event.review_id in self._decided:
            return
        # A few words stand in all of them, and are kept once.
        whose, owner = Whose(event.entity, event.source), event.owner
        if kind is not None:
            whose, owner = kind.whose, kind.owner
        entity = None if whose.entity is None else intern(whose.entity)
        self._decided[event.review_id] = Decided(
            intern(event.decision or ""),
            intern(event.decided_by or ""),
            event.decided_at_ms,
            intern(owner),
            Whose(entity, intern(whose.source)),
        )


def _tell(loop: asyncio.AbstractEventLoop, future: asyncio.Future[None]) -> None:
    def done() -> None:
        if not future.done():
            future.set_result(None)

    try:
        loop.call_soon_threadsafe(done)
    except RuntimeError:  # the loop was closed: nobody waits there any more
        return
