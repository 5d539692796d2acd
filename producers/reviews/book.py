"""Every open case and every decision, folded from the review topic; the first decision wins.

One thread files records (`follower`), the event loop asks: a lock is held for each, briefly. An
open case takes what came in, at most 64 KiB; a decided one a few words, for ever.
"""

from __future__ import annotations

import asyncio
import threading
from bisect import bisect_right, insort
from collections.abc import Iterator
from dataclasses import replace
from sys import intern
from typing import Final

from consentlog.domain.ids import id_of_bytes
from consentlog.errors import CodecError
from consentlog.ports import Record
from consentlog.wire.reviews import ReviewAction, ReviewEvent, decode_review
from producers.received import DECISION as RECEIVED
from producers.reviews.case import Case, Decided, Place, Whose, unreadable

_PAGE: Final = 256
"""Cases that are copied at once while somebody lists: the follower waits for no longer than that.
"""


class ReviewBook:
    """The cases of one review topic, which has one partition.

    A message that was only recorded as received came decided, and nobody will ask after it: nothing
    of it is kept.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._open: dict[bytes, Case] = {}
        self._order: list[Place] = []
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
        """Return a case, what was decided of it, or None if nobody opened it."""
        with self._lock:
            return self._decided.get(review_id) or self._open.get(review_id)

    def decision(self, review_id: bytes) -> Decided | None:
        """Return what was decided of a case; None while it is open, or if nobody opened it."""
        return self._decided.get(review_id)

    def open_cases(self, after: Place | None = None) -> Iterator[Case]:
        """Yield open cases, the oldest first.

        What is opened or decided meanwhile may or may not be among them.

        Args:
            after: Begin behind this place, whether or not a case stands there still.
        """
        while True:
            with self._lock:
                at = 0 if after is None else bisect_right(self._order, after)
                places = self._order[at : at + _PAGE]
                cases = [self._open[place.review_id] for place in places]
            if not places:
                return
            yield from cases
            after = places[-1]

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
            self._opened(Case(event, event.owner))
        elif event.action is ReviewAction.DECIDED:
            self._decide(event)
        elif event.action is ReviewAction.ASSIGNED:
            self._assign(event)
        else:
            self._open_unreadable(record, "its action is not known here")

    def _open_unreadable(self, record: Record, reason: str) -> None:
        review_id = id_of_bytes(record.key, record.value)
        self._opened(unreadable(record, review_id, reason))

    def _opened(self, case: Case) -> None:
        review_id = case.opened.review_id
        if review_id in self._decided or review_id in self._open:
            return  # told again
        self._open[review_id] = case
        insort(self._order, case.place)

    def _assign(self, event: ReviewEvent) -> None:
        case = self._open.get(event.review_id)
        if case is not None:
            self._open[event.review_id] = replace(case, owner=event.owner)

    def _decide(self, event: ReviewEvent) -> None:
        case = self._open.pop(event.review_id, None)
        if case is not None:
            del self._order[bisect_right(self._order, case.place) - 1]
        if event.decision == RECEIVED or event.review_id in self._decided:
            return
        # A few words stand in all of them, and are kept once.
        owner = event.owner if case is None else case.owner
        about = event if case is None else case.opened
        entity = None if about.entity is None else intern(about.entity)
        self._decided[event.review_id] = Decided(
            intern(event.decision or ""),
            intern(event.decided_by or ""),
            event.decided_at_ms,
            intern(owner),
            Whose(entity, intern(about.source)),
        )


def _tell(loop: asyncio.AbstractEventLoop, future: asyncio.Future[None]) -> None:
    def done() -> None:
        if not future.done():
            future.set_result(None)

    try:
        loop.call_soon_threadsafe(done)
    except RuntimeError:  # the loop was closed: nobody waits there any more
        return
