"""How fast one caller may send: a refusal waits its turn, what can only loosen is asked back later.

A limit keeps one runaway caller from taking the time of all. Turning its refusals away would lose
them with every sender that does not try again, so they are slowed instead: each waits until the
rate has room for it, and its sender's connection with it. Both bounds of the waiting let go to the
side of the refusal. A queue that is full lets the next one pass at once: one that is served holds
memory for milliseconds, one that waits for seconds, and one that is turned away is lost. And none
waits longer than a sender's patience, for one that gives up and sends again makes the load twice.
So the limit is hard for what can only open a contact and for reads, and for all else a brake.

Each gateway process counts for itself.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import Final

from pydantic import Field

from consentlog.http.problems import RequestRefused
from consentlog.settings import Group
from producers.metrics import LIMITED

MAX_CALLERS: Final = 10_000
"""Callers remembered; the one that was quiet longest is forgotten, and starts anew."""
MAX_WAITING: Final = 256
"""Requests of one caller that wait; each holds a body of at most 1 MiB."""
MAX_WAIT_S: Final = 2.0
"""Below the shortest time-out that senders commonly have (5 s), with the log's deadline in it."""


class LimitSettings(Group):
    """How fast one API key may send."""

    acts_per_second: int = Field(
        2000, ge=0, description="acts a second for each API key, in the long run; 0 = no limit"
    )
    burst_acts: int = Field(20_000, ge=1, description="acts at once for each API key")
    import_rows_per_second: int = Field(
        20_000,
        ge=0,
        description="rows a second of lists (/v1/imports) for each API key, and as many at once;"
        " 0 = no limit",
    )

    @property
    def of_imports(self) -> LimitSettings:
        """The limits of lists, as limits of acts: a list does not slow its key's other refusals."""
        rows = self.import_rows_per_second
        return self.model_copy(update={"acts_per_second": rows, "burst_acts": max(1, rows)})


DEFAULT_LIMITS: Final = LimitSettings(
    acts_per_second=2000, burst_acts=20_000, import_rows_per_second=20_000
)
"""The limits of a gateway that was told none."""


class _Bucket:
    """What one caller may still send at once; a debt is what waits."""

    __slots__ = ("at_s", "room", "waiting")

    def __init__(self, room: float, at_s: float) -> None:
        self.room = room
        self.at_s = at_s
        self.waiting = 0


class RateLimit:
    """Acts a second for each caller, with a burst; belongs to one event loop.

    Args:
        settings: Rate and burst.
        monotonic: Seconds of a clock that never goes back.
        sleep: Waits so many seconds.
    """

    def __init__(
        self,
        settings: LimitSettings,
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._rate = settings.acts_per_second
        self._burst = settings.burst_acts
        self._monotonic = monotonic
        self._sleep = sleep
        self._buckets: OrderedDict[str, _Bucket] = OrderedDict()

    async def wait_turn(self, caller: str, acts: int = 1) -> None:
        """Let acts pass that tighten, or might: now, or when it is their turn; never not at all.

        Args:
            caller: Id of the API key.
            acts: How many there are in the request.
        """
        if not self._rate:
            return
        bucket = self._refilled(caller)
        bucket.room -= acts
        # Those before it in the queue took from the same room, so the debt is its place in it.
        seconds = min(-bucket.room / self._rate, MAX_WAIT_S)
        if seconds <= 0:
            return
        if bucket.waiting >= MAX_WAITING:
            LIMITED.labels("passed").inc()
            return
        LIMITED.labels("waited").inc()
        bucket.waiting += 1
        try:
            await self._sleep(seconds)
        finally:
            bucket.waiting -= 1

    def check(self, caller: str, acts: int = 1) -> None:
        """Let a read pass, or acts that could only open a contact.

        Args:
            caller: Id of the API key; or a name for those who need none.
            acts: How many there are in the request.

        Raises:
            RequestRefused: `CL-1109` if the rate has no room for them, with the seconds until it
                has.
        """
        if not self._rate:
            return
        bucket = self._refilled(caller)
        # More acts at once than a burst holds would never find room.
        missing = min(acts, self._burst) - bucket.room
        if missing > 0:
            LIMITED.labels("refused").inc()
            after_s = math.ceil(missing / self._rate)
            raise RequestRefused("CL-1109", retry_after_s=after_s, per_second=self._rate)
        bucket.room -= acts

    def _refilled(self, caller: str) -> _Bucket:
        now_s = self._monotonic()
        bucket = self._buckets.get(caller)
        if bucket is None:
            bucket = self._buckets[caller] = _Bucket(self._burst, now_s)
        self._buckets.move_to_end(caller)
        if len(self._buckets) > MAX_CALLERS:
            self._buckets.popitem(last=False)
        earned = (now_s - bucket.at_s) * self._rate
        # A debt deeper than the longest wait would punish a caller long after its storm.
        floor = -MAX_WAIT_S * self._rate
        bucket.room = min(self._burst, max(floor, bucket.room) + earned)
        bucket.at_s = now_s
        return bucket
