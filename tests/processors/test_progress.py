"""Progress is told beside traffic: what is folded meanwhile never looks like a log cut off."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
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


class _Record:
    def __init__(self, value: bytes) -> None:
        self._value = value

    def value(self) -> bytes:
        return self._value


class _Restarted(_Log):
    """A log that was cut off before the second turn; each offset holds what is given."""

    def __init__(self, values: list[bytes]) -> None:
        super().__init__(len(values), lambda: None)
        self.values = values
        self.is_cut_off = False

    def begins(self, partitions: Iterable[int]) -> dict[int, int]:
        return dict.fromkeys(partitions, 0)

    def was_cut_off(self) -> bool:
        return self.is_cut_off

    def records_at(self, offsets: Mapping[int, int]) -> dict[int, Message]:
        return {p: cast(Message, _Record(self.values[o])) for p, o in offsets.items()}


def _after_a_cut(old_tail: bytes) -> None:
    part, outbox = _part()
    part.begin_delivery(Pending(0, 7, b"old", lambda: None))
    log = _Restarted([b"v"] * 6 + [old_tail, b"new"])
    asyncio.run(_one_turn(part, log, outbox))
    part.begin_delivery(Pending(0, 8, b"new", lambda: None))
    log.is_cut_off = True
    asyncio.run(_one_turn(part, log, outbox))


def test_a_log_that_lost_its_tail_and_grew_past_it_is_a_truncation() -> None:
    with pytest.raises(LogTruncated):
        _after_a_cut(b"another")


def test_a_log_that_only_grew_is_none() -> None:
    _after_a_cut(b"old")


def test_a_long_rebuild_does_not_hold_up_progress() -> None:
    asked, release = threading.Event(), threading.Event()
    part, outbox = _part()

    async def turn_while_all_threads_are_taken() -> None:
        loop = asyncio.get_running_loop()
        loop.set_default_executor(ThreadPoolExecutor(1))
        rebuild = loop.run_in_executor(None, release.wait)
        await _one_turn(part, _Log(0, asked.set), outbox)
        seen = asked.is_set()
        release.set()
        await rebuild
        assert seen

    asyncio.run(turn_while_all_threads_are_taken())
