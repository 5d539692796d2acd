"""How the spool brings records to the log when something goes wrong, on a producer in memory."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from confluent_kafka import KafkaError

from consentlog.errors import TransientError
from consentlog.kafka.topics import EVENTS, REVIEWS
from consentlog.ports import Delivered, NewRecord, Position
from producers.publish import REFUSED_FOR_GOOD
from producers.spool.log import SpooledLog
from producers.spool.record import Mark, Row
from producers.spool.store import SpoolStore
from tests.support.spools import FakeProducer, rows_of, spooled_log

WAITING, DELIVERED, PARKED = 0, 1, 2


def _append(log: SpooledLog, *values: bytes, topic: str = EVENTS.name) -> list[Delivered]:
    async def go() -> list[Delivered]:
        return await asyncio.gather(*(log.append(topic, b"+86", v, []) for v in values))

    return asyncio.run(go())


def _until(condition: Callable[[], bool], seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def _values(start: int, stop: int) -> list[bytes]:
    return [str(n).encode() for n in range(start, stop)]


def test_what_is_acknowledged_has_its_position_and_is_marked_with_it(tmp_path: Path) -> None:
    producer = FakeProducer()
    with spooled_log(tmp_path, producer.build) as log:
        assert _append(log, b"a", b"b") == [Delivered(Position(0, 0)), Delivered(Position(0, 1))]
    found = rows_of(tmp_path, "value, state, kafka_partition, kafka_offset")
    assert found == [(b"a", DELIVERED, 0, 0), (b"b", DELIVERED, 0, 1)]


def test_no_answer_within_a_quarter_of_a_second_is_spooled(tmp_path: Path) -> None:
    producer = FakeProducer()
    producer.is_away = True
    with spooled_log(tmp_path, producer.build) as log:
        started = time.monotonic()
        assert _append(log, b"a") == [Delivered(spooled=True)]
        assert 0.2 < time.monotonic() - started < 0.6
        assert rows_of(tmp_path, "value, state") == [(b"a", WAITING)]
        producer.is_away = False
        _until(lambda: rows_of(tmp_path, "value, state") == [(b"a", DELIVERED)])
    assert producer.values == [b"a"]


def test_records_that_come_together_wait_as_long_as_they_say(tmp_path: Path) -> None:
    producer = FakeProducer()
    producer.is_away = True
    records = [NewRecord(b"+86", value) for value in _values(0, 3)]
    with spooled_log(tmp_path, producer.build) as log:
        started = time.monotonic()
        found = asyncio.run(log.append_all(EVENTS.name, records, within_s=0.6))
        assert found == [Delivered(spooled=True)] * 3
        assert 0.5 < time.monotonic() - started < 1.0


def test_a_job_that_does_not_fit_leaves_room_for_one_that_does(tmp_path: Path) -> None:
    producer = FakeProducer()
    producer.is_away = True
    many = [NewRecord(b"+86", value) for value in _values(0, 11)]
    with spooled_log(tmp_path, producer.build, max_rows=10) as log:

        async def both() -> Sequence[object]:
            return await asyncio.gather(
                log.append_all(EVENTS.name, many),
                log.append_all(EVENTS.name, many[:10]),
                return_exceptions=True,
            )

        refused, taken = asyncio.run(both())
        assert isinstance(refused, TransientError)
        assert taken == [Delivered(spooled=True)] * 10
        assert [value for (value,) in rows_of(tmp_path, "value")] == _values(0, 10)


def test_what_an_earlier_process_left_goes_first_and_in_order(tmp_path: Path) -> None:
    dead, alive = FakeProducer(), FakeProducer()
    dead.is_away = True
    with spooled_log(tmp_path, dead.build) as log:
        _append(log, *_values(0, 1200))
    with spooled_log(tmp_path, alive.build) as log:
        _append(log, *_values(1200, 1300))
        _until(lambda: len(alive.values) >= 1300)
    assert alive.values == _values(0, 1300)
    assert {state for _, state in rows_of(tmp_path)} == {DELIVERED}


def test_a_producer_without_room_loses_nothing_and_keeps_the_order(tmp_path: Path) -> None:
    producer = FakeProducer()
    producer.room = 7
    with spooled_log(tmp_path, producer.build) as log:
        found = _append(log, *_values(0, 500))
        _until(lambda: len(producer.values) == 500)
    assert all(one.position or one.spooled for one in found)
    assert producer.values == _values(0, 500)


def test_what_its_writer_is_about_to_hand_over_is_not_read_from_disk_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit = SpoolStore.commit

    def slow(
        store: SpoolStore, rows: Sequence[Row], marks: Sequence[Mark], *, probe: bool = False
    ) -> None:
        commit(store, rows, marks, probe=probe)
        if rows:
            time.sleep(0.2)  # the feeder looks ten times meanwhile

    monkeypatch.setattr(SpoolStore, "commit", slow)
    producer = FakeProducer()
    producer.room = 7
    with spooled_log(tmp_path, producer.build) as log:
        _append(log, *_values(0, 30))
        producer.is_away = True
        _append(log, *_values(30, 40))
        producer.is_away = False
        _append(log, *_values(40, 50))
        _until(lambda: b"49" in producer.values)
    assert producer.values == _values(0, 50)


def test_a_failure_that_passes_is_tried_again_in_order(tmp_path: Path) -> None:
    failing = {b"3": 2}

    def answers(value: bytes) -> KafkaError | None:
        if not failing.get(value):
            return None
        failing[value] -= 1
        return KafkaError(KafkaError.TOPIC_AUTHORIZATION_FAILED)

    producer = FakeProducer(answers)
    with spooled_log(tmp_path, producer.build) as log:
        _append(log, *_values(0, 6))
        _until(lambda: {b"3", b"5"} <= set(producer.values))
        _append(log, b"6")
    assert sorted(producer.values) == _values(0, 7)  # each once
    assert producer.values[-1] == b"6"


def test_a_topic_that_is_missing_holds_up_no_other(tmp_path: Path) -> None:
    def answers(value: bytes) -> KafkaError | None:
        missing = value.startswith(b"review")
        return KafkaError(KafkaError._UNKNOWN_TOPIC) if missing else None

    producer = FakeProducer(answers)
    with spooled_log(tmp_path, producer.build) as log:
        assert _append(log, b"review", topic=REVIEWS.name) == [Delivered(spooled=True)]
        assert _append(log, b"a") == [Delivered(Position(0, 0))]
    assert rows_of(tmp_path, "value, state") == [(b"review", WAITING), (b"a", DELIVERED)]


@pytest.mark.parametrize("code", sorted(REFUSED_FOR_GOOD))
def test_a_record_refused_for_good_is_parked_and_takes_no_other_with_it(
    tmp_path: Path, code: int
) -> None:
    producer = FakeProducer()

    def answers(value: bytes) -> KafkaError | None:
        # As a broker does: one bad record, and its whole batch is refused.
        return KafkaError(code) if b"bad" in producer.batches[-1] else None

    producer.answers = answers
    with spooled_log(tmp_path, producer.build) as log:
        found = _append(log, b"0", b"1", b"bad", b"2", b"3")
        _until(lambda: len(producer.values) == 4)
        _append(log, b"4")
    assert all(one.position or one.spooled for one in found)
    assert sorted(producer.values) == [b"0", b"1", b"2", b"3", b"4"]
    states = dict(rows_of(tmp_path, "value, state"))
    assert states.pop(b"bad") == PARKED
    assert set(states.values()) == {DELIVERED}
    assert producer.batches.count([b"bad"]) == 1
    (reason,) = (reason for _, reason in rows_of(tmp_path, "state, reason") if reason)
    assert reason == KafkaError(code).name()


def test_a_record_that_the_producer_itself_refuses_is_parked(tmp_path: Path) -> None:
    producer = FakeProducer()
    producer.too_large = 10
    with spooled_log(tmp_path, producer.build) as log:
        assert _append(log, b"a", b"x" * 11, b"b")[1] == Delivered(spooled=True)
        _append(log, b"c")
    assert producer.values == [b"a", b"b", b"c"]
    assert [s for _, s in rows_of(tmp_path)] == [DELIVERED, PARKED, DELIVERED, DELIVERED]


def test_a_producer_that_failed_fatally_is_replaced_and_what_it_had_goes_again(
    tmp_path: Path,
) -> None:
    first, second = FakeProducer(), FakeProducer()
    first.is_away = True
    waiting = [first, second]

    with spooled_log(tmp_path, lambda on_fatal: waiting.pop(0).build(on_fatal)) as log:
        assert _append(log, b"a", b"b")[0].spooled
        first.fail_fatally(KafkaError(KafkaError._FATAL))
        _until(lambda: second.values == [b"a", b"b"])
        assert _append(log, b"c") == [Delivered(Position(0, 2))]
    assert second.values == [b"a", b"b", b"c"]
    assert not waiting


def test_a_repeat_without_an_offset_is_in_the_log_but_has_no_token(tmp_path: Path) -> None:
    producer = FakeProducer()
    producer.names_offsets = False
    with spooled_log(tmp_path, producer.build) as log:
        assert _append(log, b"a") == [Delivered(spooled=True)]
    assert rows_of(tmp_path, "state, kafka_offset") == [(DELIVERED, None)]


def test_a_commit_that_failed_and_is_there_all_the_same_goes_to_the_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As an fsync that failed after the bytes were written: the caller is told 503, and repeats."""
    real, failures = SpoolStore.commit, [True]

    def commit(self: SpoolStore, rows: Sequence[Row], marks: Sequence[Mark], **more: bool) -> None:
        real(self, rows, marks, **more)
        if rows and failures:
            failures.clear()
            error = sqlite3.OperationalError("disk I/O error")
            error.sqlite_errorname = "SQLITE_IOERR_FSYNC"
            raise error

    monkeypatch.setattr(SpoolStore, "commit", commit)
    producer = FakeProducer()
    with spooled_log(tmp_path, producer.build) as log:
        with pytest.raises(TransientError) as caught:
            _append(log, b"a")
        assert caught.value.code == "CL-1402"
        _until(lambda: producer.values == [b"a"])
        _until(lambda: log.is_ready)
        assert _append(log, b"a", b"b")[1].position == Position(0, 2)
    assert rows_of(tmp_path, "value, state") == [(v, DELIVERED) for v in (b"a", b"a", b"b")]
