"""Says every second how far each owned partition is folded, with or without traffic.

Freshness needs only the broker's clock: once a progress record was appended at broker time A, the
log's end E is asked for; when everything below E is folded and delivered, the next record says
`level_at = A`. Lag would not do: a reader that lost its broker sees none.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from confluent_kafka import KafkaException, Message

from consentlog.observability.logging import get_logger
from processors.events_log import EventsLog
from processors.loop import call_on
from processors.metrics import LAG
from processors.outbox import Outbox
from processors.partition import OwnedPartition
from processors.truncation import Reported, check_end, check_reported

_log = get_logger(__name__)


class ProgressReporter:
    """The timer behind `@progress/<p>`.

    Args:
        owned: Partitions owned now, whether ready or not.
        outbox: Where records go.
        log: The events log.
        seconds: Time between two records.
    """

    def __init__(
        self,
        owned: Callable[[], Sequence[OwnedPartition]],
        outbox: Outbox,
        log: EventsLog,
        seconds: float,
    ) -> None:
        self._owned = owned
        self._outbox = outbox
        self._events = log
        self._seconds = seconds
        self._was_cut_off = False
        # Its own: views that are made again for minutes fill the loop's, and meanwhile partitions
        # owned already would grow stale.
        self._threads = ThreadPoolExecutor(1, "progress")

    async def run(self) -> None:
        """Report until the process ends.

        Raises:
            LogTruncated: If the log ends below what was folded, or another record is there.
        """
        loop = asyncio.get_running_loop()
        due = loop.time()
        while True:
            await self._turn([part for part in self._owned() if part.is_mine])
            due = max(due + self._seconds, loop.time())
            await asyncio.sleep(due - loop.time())

    async def _turn(self, parts: Sequence[OwnedPartition]) -> None:
        if not parts:
            return
        await self._report(parts)
        appended = {part.number: part.appended_ms for part in parts}
        # Taken before the end is asked for: a record that is appended and folded while the answer
        # is on its way would make a whole log look cut off.
        folded = {part.number: part.next_offset for part in parts}
        ends = await self._ends(list(appended))
        if ends is None:
            return
        if self._was_cut_off or self._events.was_cut_off():
            self._was_cut_off = False
            await self._compare(parts)
        for part in parts:
            # Said before the end was asked for, and nothing was cut off since the turn before.
            del part.told[:-1]
            if part.is_mine:
                check_end(part.number, folded[part.number], ends[part.number])
                part.saw_end(appended[part.number], ends[part.number])
                LAG.labels(part.number).set(max(0, ends[part.number] - part.next_offset))

    async def _report(self, parts: Sequence[OwnedPartition]) -> None:
        """Append one record for each partition and wait until the broker has them all."""
        loop, all_there = asyncio.get_running_loop(), asyncio.Event()
        waiting = {part.number for part in parts}

        def appended(part: OwnedPartition, message: Message) -> None:
            part.progress_appended(message)
            waiting.discard(part.number)
            if not waiting:
                call_on(loop, all_there.set)

        for part in parts:
            said = part.progress()
            part.told.append(said)
            write = part.writer.progress(said)
            self._outbox.state(part.number, write, partial(appended, part))
        await all_there.wait()

    async def _ends(self, partitions: Sequence[int]) -> dict[int, int] | None:
        try:
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(self._threads, self._events.ends, partitions)
        except KafkaException as exc:
            # No end, no new level: readers grow stale and deny, which is right while it lasts.
            self._was_cut_off = True
            _log.warning("log_end_not_known", error=exc.args[0].str())
            return None

    async def _compare(self, parts: Sequence[OwnedPartition]) -> None:
        """Compare the log with the last record folded, after the connection was lost.

        And with what was said before: a log that lost its tail may have grown past it meanwhile,
        and the record folded last would match itself.
        """
        _log.info("log_compared_again", partitions=[part.number for part in parts])
        loop = asyncio.get_running_loop()
        for said in _rounds(parts):
            await loop.run_in_executor(self._threads, check_reported, self._events, said)


def _rounds(parts: Sequence[OwnedPartition]) -> list[list[Reported]]:
    """Return what is to be compared, each partition at most once a round."""
    rounds: list[list[Reported]] = []
    for part in parts:
        known = {(one.folded_through, one.sha256) for one in (*part.told, part.progress())}
        for at, (through, sha256) in enumerate(sorted(known)):
            if at == len(rounds):
                rounds.append([])
            rounds[at].append(Reported(part.number, through, through, sha256))
    return rounds
