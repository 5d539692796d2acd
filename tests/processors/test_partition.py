"""Deliveries settle in order, and a level is claimed only for what the broker's clock proves."""

from __future__ import annotations

from hashlib import sha256
from typing import cast

import pytest
from confluent_kafka import Message

from consentlog.errors import FatalError
from consentlog.protocol.writer import PartitionWriter, Write
from consentlog.wire.build import Progress
from consentlog.wire.states import decode_state
from processors.outbox import OnDelivered, Outbox
from processors.partition import NO_RECORD, OwnedPartition, Pending
from processors.transport import Ownership
from tests.support.histories import NUMBER, granted, refused

OWN = b"o" * 16


class _Sent(Outbox):
    def __init__(self) -> None:
        self.writes: list[Write] = []

    def state(self, partition: int, write: Write, on_delivered: OnDelivered) -> None:
        self.writes.append(write)


class _Appended:
    def __init__(self, at_ms: int, kind: int = 2, offset: int | None = 0) -> None:
        self._at_ms = at_ms
        self._kind = kind
        self._offset = offset

    def timestamp(self) -> tuple[int, int]:
        return self._kind, self._at_ms

    def offset(self) -> int | None:
        return self._offset

    def topic(self) -> str:
        return "state"


def _part(start: int = 0) -> OwnedPartition:
    return OwnedPartition(Ownership("e", 3, start), PartitionWriter(3, OWN), _Sent())


def _pending(left: int, next_offset: int, acked: list[int]) -> Pending:
    return Pending(left, next_offset, b"v", lambda: acked.append(next_offset))


def test_a_batch_is_acknowledged_after_all_before_it() -> None:
    part, acked = _part(), list[int]()
    first, second, third = (_pending(n, o, acked) for n, o in ((2, 10), (1, 20), (0, 30)))
    for pending in (first, second, third):
        part.begin_delivery(pending)
    part.delivered(second)
    assert (acked, part.folded_through) == ([], -1)
    part.delivered(first)
    part.delivered(first)
    assert (acked, part.folded_through) == ([10, 20, 30], 29)


def test_a_replay_moves_nothing_back() -> None:
    part, acked = _part(5), list[int]()
    part.take_over(Progress(49, 7, b"h" * 32), b"h" * 32)
    part.begin_delivery(_pending(0, 10, acked))
    assert part.progress() == Progress(49, 7, b"h" * 32)


def test_the_hash_is_of_the_last_value_delivered() -> None:
    part = _part()
    part.begin_delivery(_pending(0, 10, []))
    assert part.progress().sha256 == sha256(b"v").digest()
    assert part.progress().sha256 == sha256(b"v").digest()
    part.begin_delivery(Pending(0, 12, None, lambda: None))
    assert part.progress().sha256 == NO_RECORD


def test_level_is_the_time_of_a_report_whose_end_is_delivered() -> None:
    part = _part()
    part.progress_appended(cast(Message, _Appended(1_000)))
    part.saw_end(part.appended_ms, 10)
    part.progress_appended(cast(Message, _Appended(2_000)))
    part.saw_end(part.appended_ms, 20)
    assert part.progress().level_at_ms == 0
    part.begin_delivery(_pending(0, 10, []))
    assert part.progress().level_at_ms == 1_000
    part.saw_end(part.appended_ms, 10)
    assert part.progress().level_at_ms == 2_000


def test_no_level_before_the_first_report_was_appended() -> None:
    part = _part()
    part.saw_end(part.appended_ms, 0)
    assert part.progress().level_at_ms == 0


@pytest.mark.parametrize("kind", [0, 1])
def test_a_time_that_is_not_the_brokers_ends_the_process(kind: int) -> None:
    part = _part()
    with pytest.raises(FatalError, match="CL-7004"):
        part.progress_appended(cast(Message, _Appended(1_000, kind)))
    assert part.appended_ms == 0


def test_a_repeat_without_a_place_has_no_time() -> None:
    part = _part()
    part.progress_appended(cast(Message, _Appended(1_000)))
    part.progress_appended(cast(Message, _Appended(9_000, 1, None)))
    assert part.appended_ms == 1_000


def test_what_is_followed_before_the_view_is_right_waits() -> None:
    part = _part()
    sent = cast(_Sent, part._outbox)
    other = PartitionWriter(3, b"z" * 16)
    stale = other.fold(0, NUMBER, granted(2))
    assert stale is not None
    part.writer.fold(5, NUMBER, refused(1))
    part.follow([(b"@progress/3", part.writer.progress(Progress(5, 0, NO_RECORD)).value), stale])
    assert sent.writes == []
    part.begin()
    (write,) = sent.writes
    assert len(decode_state(write.value).state.facts) == 2


def test_a_partition_given_back_writes_nothing() -> None:
    part = _part()
    part.begin()
    part.writer.fold(5, NUMBER, refused(1))
    part.ownership.live = False
    part.follow([(NUMBER.encode(), None)])
    assert cast(_Sent, part._outbox).writes == []
    assert not part.is_mine
