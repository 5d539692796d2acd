"""Progress is told beside traffic: what is folded meanwhile never looks like a log cut off."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from typing import cast

import pytest
from confluent_kafka import Message

from consentlog.protocol.writer import PartitionWriter, Write
from processors.endings import LogTruncated
from processors.events_log import EventsLog
from processors.outbox import OnDelivered, Outbox
from processors.partition import OwnedPartition, Pending
from processors.progress import ProgressReporter
from processors.transport import Ownership


class _Appended:
    def timestamp(self) -> tuple[int, int]:
        return 2, 1_000


class _Delivered(Outbox):
    def __init__(self) -> None:
        self.count = 0

    def state(self, partition: int, write: Write, on_delivered: OnDelivered) -> None:
        self.count += 1
        on_delivered(cast(Message, _Appended()))


class _Log(EventsLog):
    """Answers with a fixed end, after something happened while the answer was on its way."""

    def __init__(self, end: int, meanwhile: Callable[[], None]) -> None:
        self._end = end
        self._meanwhile = meanwhile

    def ends(self, partitions: Iterable[int]) -> dict[int, int]:
        self._meanwhile()
        return dict.fromkeys(partitions, self._end)

    def was_cut_off(self) -> bool:
        return False


def _fold_to(part: OwnedPartition, next_offset: int) -> None:
    part.begin_delivery(Pending(0, next_offset, b"v", lambda: None))


async def _one_turn(part: OwnedPartition, log: EventsLog, outbox: _Delivered) -> None:
    reporter = ProgressReporter(lambda: [part], outbox, log, seconds=60)
    turn = asyncio.create_task(reporter.run())
    done, _ = await asyncio.wait({turn}, timeout=0.5)
    turn.cancel()
    for one in done:
        one.result()


def _part() -> tuple[OwnedPartition, _Delivered]:
    outbox = _Delivered()
    part = OwnedPartition(Ownership("e", 3, 0), PartitionWriter(3, b"o" * 16), outbox)
    part.begin()
    return part, outbox


def test_a_record_folded_while_the_end_was_asked_for_is_no_truncation() -> None:
    part, outbox = _part()
    _fold_to(part, 7)
    asyncio.run(_one_turn(part, _Log(7, lambda: _fold_to(part, 8)), outbox))
    assert (outbox.count, part.next_offset) == (1, 8)


def test_an_end_below_what_was_folded_before_is_a_truncation() -> None:
    part, outbox = _part()
    _fold_to(part, 8)
    with pytest.raises(LogTruncated):
        asyncio.run(_one_turn(part, _Log(7, lambda: None), outbox))
