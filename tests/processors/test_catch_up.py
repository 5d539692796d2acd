"""A view is made again from the events whenever its state partition may have lost something."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pytest
from confluent_kafka import Message

from consentlog.protocol.writer import PartitionWriter
from processors.catch_up import CatchUp
from processors.events_log import EventsLog
from processors.outbox import Outbox
from processors.partition import OwnedPartition
from processors.transport import Ownership

NOW_MS = 1_763_780_000_000


class _Log(EventsLog):
    """Says what was read of it."""

    def __init__(self) -> None:
        self.firsts: list[int] = []

    def records_at(self, offsets: Mapping[int, int]) -> dict[int, Message]:
        return {}

    def read(self, partition: int, first: int, end: int) -> Iterator[list[Message]]:
        self.firsts.append(first)
        return iter(())


class _Nothing(Outbox):
    def __init__(self) -> None: ...


@pytest.mark.parametrize(
    ("age_ms", "firsts"),
    [(1_000, [5]), (-1_500, [5]), (61_000, [0]), (-2_500, [0]), (NOW_MS, [0])],
)
def test_an_age_in_doubt_means_everything_is_folded_again(
    age_ms: int, firsts: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("processors.catch_up.time.time", lambda: NOW_MS / 1000)
    writer, log, outbox = PartitionWriter(3, b"o" * 16), _Log(), _Nothing()
    writer.skip(4)
    part = OwnedPartition(Ownership("e", 3, 10), writer, outbox)
    CatchUp(log, outbox, 60_000).put_right(part, NOW_MS - age_ms)
    assert log.firsts == firsts
