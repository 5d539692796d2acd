"""What the consumer thread makes of a fetch: no broker, librdkafka replaced at its seam."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NoReturn

import pytest
from confluent_kafka import KafkaError

from processors.transport import Batch, ExitCode, TransportSettings, consumer_thread
from processors.transport.consumer_thread import ConsumerThread
from processors.transport.ownership import Ownership


class Ended(Exception):
    pass


class Ticket:
    acked = tracked = False


class Record:
    """What is used of librdkafka's message."""

    def __init__(self, offset: int, error: KafkaError | None = None, partition: int = 0) -> None:
        self._offset, self._error, self._partition = offset, error, partition

    def offset(self) -> int:
        return self._offset

    def error(self) -> KafkaError | None:
        return self._error

    def topic(self) -> str:
        return "t"

    def partition(self) -> int:
        return self._partition


class Seam:
    def __init__(self, monkeypatch: pytest.MonkeyPatch, start: int, in_log: set[int]) -> None:
        self.batches: list[Batch] = []
        self.thread = ConsumerThread(
            TransportSettings(bootstrap_servers="b", group_id="g", client_id="c"),
            deliver=self.deliver,
            post=lambda _: None,
            exit_=self.end,
        )
        self.owned = Ownership("t", 0, start, ready=True)
        self.thread.holdings.add([self.owned])

        def reread(_s: object, _t: str, _p: int, first: int, end: int) -> int | None:
            return next((o for o in range(first, end) if o in in_log), None)

        monkeypatch.setattr(consumer_thread, "first_record_between", reread)

    def deliver(self, batch: Batch) -> Ticket:
        self.batches.append(batch)
        return Ticket()

    def end(self, code: int, reason: str, facts: Mapping[str, object]) -> NoReturn:
        raise Ended(code, reason)

    def take(self, *records: Record) -> list[tuple[int, int, int]]:
        self.thread._take(records)  # type: ignore[arg-type]  # stand-ins for Message
        return [(b.first_offset, b.next_offset, len(b.records)) for b in self.batches]


def eof(offset: int) -> Record:
    return Record(offset, KafkaError(KafkaError._PARTITION_EOF))


def test_contiguous_records_become_one_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    seam = Seam(monkeypatch, 3, set())
    assert seam.take(Record(3), Record(4), eof(5)) == [(3, 5, 2)]
    assert seam.owned.next_offset == 5


def test_a_hole_comes_between_the_records_around_it(monkeypatch: pytest.MonkeyPatch) -> None:
    seam = Seam(monkeypatch, 0, {0, 3})
    assert seam.take(Record(0), Record(3)) == [(0, 1, 1), (1, 3, 0), (3, 4, 1)]
    assert seam.batches[1].hole == (1, 2)


def test_a_record_that_the_log_has_and_we_did_not_get_ends_the_process(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seam = Seam(monkeypatch, 0, {0, 1, 2})
    with pytest.raises(Ended) as ended:
        seam.take(Record(0), Record(2))
    assert ended.value.args == (ExitCode.RECORDS_DROPPED, "records_dropped")
    assert [b.first_offset for b in seam.batches] == [0]


def test_a_hole_at_the_end_is_told_once(monkeypatch: pytest.MonkeyPatch) -> None:
    seam = Seam(monkeypatch, 0, {0})
    assert seam.take(Record(0), eof(2)) == [(0, 1, 1), (1, 2, 0)]
    assert seam.take(eof(2)) == [(0, 1, 1), (1, 2, 0)]


def test_an_end_ahead_of_records_still_on_their_way_is_no_hole(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seam = Seam(monkeypatch, 0, {0, 1})
    assert seam.take(eof(2)) == []
    assert seam.take(Record(0), Record(1)) == [(0, 2, 2)]


def test_records_below_the_expected_are_delivered_again(monkeypatch: pytest.MonkeyPatch) -> None:
    seam = Seam(monkeypatch, 5, set())
    assert seam.take(Record(3), Record(4), Record(5)) == [(3, 6, 3)]
    assert seam.take(Record(2)) == [(3, 6, 3), (2, 3, 1)]
    assert seam.owned.next_offset == 6


def test_records_of_nobody_or_before_the_view_are_left_for_their_owner(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seam = Seam(monkeypatch, 0, set())
    assert seam.take(Record(0, partition=7)) == []
    seam.owned.ready = False
    assert seam.take(Record(0), eof(1)) == []
    assert seam.owned.next_offset == 0


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (KafkaError._AUTO_OFFSET_RESET, ExitCode.LOG_TRUNCATED),
        (KafkaError.OFFSET_OUT_OF_RANGE, ExitCode.LOG_TRUNCATED),
        (KafkaError._LOG_TRUNCATION, ExitCode.LOG_TRUNCATED),
        (KafkaError._MAX_POLL_EXCEEDED, ExitCode.STUCK),
        (KafkaError.TOPIC_AUTHORIZATION_FAILED, ExitCode.UNEXPECTED),
    ],
)
def test_errors_that_end_the_process(
    monkeypatch: pytest.MonkeyPatch, error: int, code: ExitCode
) -> None:
    with pytest.raises(Ended) as ended:
        Seam(monkeypatch, 0, set()).take(Record(0, KafkaError(error)))
    assert ended.value.args[0] is code


def test_an_error_that_passes_does_not(monkeypatch: pytest.MonkeyPatch) -> None:
    seam = Seam(monkeypatch, 0, set())
    assert seam.take(Record(0, KafkaError(KafkaError._TRANSPORT)), Record(0)) == [(0, 1, 1)]
