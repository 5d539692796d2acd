"""Looking after a spool: what it says of itself, parked records, a log that lost its end."""

from __future__ import annotations

import asyncio
import json
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path

import pytest
from confluent_kafka import KafkaError
from prometheus_client import REGISTRY

from consentlog.cli.main import main
from consentlog.kafka.topics import EVENTS, WATERMARKS
from consentlog.local.doctor_spool import spool as doctor
from consentlog.local.settings import LocalSettings
from consentlog.wire.watermarks import ReporterKind, decode_watermark
from producers.publish import Publisher
from producers.spool.log import SpooledLog
from producers.spool.record import Mark, Row, RowState
from producers.spool.store import FILE, Backlog, SpoolStore
from producers.spool.watch import SpoolWatch
from tests.support.gateway import FixedClock
from tests.support.histories import DAY_MS, NOON_MS
from tests.support.spools import FakeProducer, rows_of, spooled_log

NUMBER = b"+8613800138000"


def _append(log: SpooledLog, *values: bytes) -> None:
    async def go() -> None:
        await asyncio.gather(*(log.append(EVENTS.name, NUMBER, value, []) for value in values))

    asyncio.run(go())


def _until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def _run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[str, str]:
    capsys.readouterr()  # what the spool logged before
    with suppress(SystemExit):
        main(["--lang", "en", "spool", *arguments])
    found = capsys.readouterr()
    assert NUMBER.decode()[3:] not in found.out + found.err
    return found.out, found.err


def _code(error: int) -> Callable[[bytes], KafkaError | None]:
    return lambda value: KafkaError(error) if value == b"bad" else None


def test_a_parked_record_goes_again_once_an_operator_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    refusing, repaired = FakeProducer(_code(KafkaError.MSG_SIZE_TOO_LARGE)), FakeProducer()
    with spooled_log(tmp_path, refusing.build) as log:
        _append(log, b"good", b"bad")
        _until(lambda: (b"bad", RowState.PARKED) in rows_of(tmp_path, "value, state"))
        said = _run(capsys, "status", "--directory", str(tmp_path))[1]  # beside the gateway
        assert "parked: 1" in said
        assert "MSG_SIZE_TOO_LARGE" in said
        assert main(["--lang", "en", "spool", "retry", "--directory", str(tmp_path)]) == 1
        assert "CL-1403" in capsys.readouterr().err
    assert "1 record" in _run(capsys, "retry", "--directory", str(tmp_path))[1]
    with spooled_log(tmp_path, repaired.build):
        _until(lambda: repaired.values == [b"bad"])


def test_a_log_that_lost_its_end_is_fed_from_what_was_delivered(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lost, remade, clock = FakeProducer(), FakeProducer(), FixedClock()
    with spooled_log(tmp_path, lost.build, clock=clock) as log:
        _append(log, b"before")
        clock.at_ms += 60_000
        _append(log, b"after", b"later")
    assert len(lost.values) == 3
    since = "2025-11-22T04:01:00Z"
    assert clock.at_ms == NOON_MS + 60_000
    out, _ = _run(capsys, "refeed", "--since", since, "--directory", str(tmp_path), "--json")
    assert json.loads(out) == {"records": 2}
    with spooled_log(tmp_path, remade.build, clock=clock):
        _until(lambda: len(remade.values) == 2)
    assert remade.values == [b"after", b"later"]
    out, _ = _run(capsys, "status", "--directory", str(tmp_path), "--json")
    assert json.loads(out)["delivered"] == 3


def test_a_spool_that_is_not_there_is_said_so_and_not_made(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for command in (["status"], ["retry"], ["refeed", "--since", "2025-11-22T04:01:00Z"]):
        assert main(["spool", *command, "--directory", str(tmp_path / "no")]) == 1
        assert "CL-1403" in capsys.readouterr().err
    assert not (tmp_path / "no").exists()


def test_delivered_records_go_after_their_days_and_no_others(tmp_path: Path) -> None:
    store = SpoolStore(tmp_path)
    rows = [Row(n, EVENTS.name, NUMBER, b"v", b"[]", NOON_MS) for n in range(1, 6)]
    store.commit(rows, [])
    old, new = NOON_MS, NOON_MS + DAY_MS
    store.commit(
        [],
        [
            Mark(1, RowState.DELIVERED, old, 1),
            Mark(2, RowState.PARKED, old, 1),
            Mark(3, RowState.DELIVERED, old, 1),
            Mark(4, RowState.DELIVERED, new, 1),
        ],
    )
    assert store.prune(new, 1) == 1
    assert store.prune(new, 100) == 1
    assert store.prune(new, 100) == 0
    assert [row for row, _ in rows_of(tmp_path)] == [2, 4, 5]
    assert store.backlog() == Backlog(1, 1, 2 * rows[0].size)
    store.close()


def test_what_waits_is_found_without_reading_what_was_delivered(tmp_path: Path) -> None:
    SpoolStore(tmp_path).close()
    asked = (
        "SELECT id FROM record WHERE state = 0 AND topic = 't' AND id > 1 ORDER BY id LIMIT 5",
        "SELECT min(id) FROM record WHERE state = 0 AND topic = 't'",
        "SELECT topic, max(id) FROM record WHERE state = 0 GROUP BY topic",
        "SELECT count(*) FROM record WHERE state = 2",
    )
    with closing(sqlite3.connect(tmp_path / FILE)) as connection:
        for sql in asked:
            plan = str(connection.execute(f"EXPLAIN QUERY PLAN {sql}").fetchall())
            assert "record_waiting" in plan or "record_parked" in plan, plan


class _Writing:
    def __init__(self, backlog: Backlog, failing: str | None = None) -> None:
        self.backlog, self.failing, self.is_full = backlog, failing, False


def _value(name: str, **labels: str) -> float | None:
    return REGISTRY.get_sample_value(name, labels)


def test_a_record_that_waits_for_more_than_a_minute_is_an_alarm_and_reported(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    producer, clock = FakeProducer(), FixedClock()
    store = SpoolStore(tmp_path)
    store.commit([Row(1, EVENTS.name, NUMBER, b"v", b"[]", NOON_MS)], [])
    watch = SpoolWatch(store, Publisher(producer.build), clock, "gateway-1")
    writing = _Writing(store.backlog())
    clock.at_ms = NOON_MS + 60_000
    assert watch.look(writing, 0).oldest_unsent_ms == 60_000
    assert _value("consentlog_spool_alarm", of="age") == 0
    clock.at_ms = NOON_MS + 60_001
    watch.look(writing, 1)
    watch.look(writing, 2)
    assert _value("consentlog_spool_alarm", of="age") == 1
    assert _value("consentlog_spool_oldest_unsent_seconds") == 60.001
    assert capsys.readouterr().out.count("CL-1405") == 1

    watch.tick(writing)
    watch.tick(writing)
    producer.poll(0)
    ((topic, key, value),) = producer.log
    report = decode_watermark(value)
    assert (topic, key) == (WATERMARKS.name, b"gateway-1")
    assert (report.kind, report.oldest_unsent_ms) == (ReporterKind.GATEWAY, 60_001)
    assert (report.waiting_count, report.parked_count) == (1, 0)

    store.commit([], [Mark(1, RowState.DELIVERED, NOON_MS, 1)])
    assert watch.look(_Writing(store.backlog()), 3).oldest_unsent_ms is None
    assert _value("consentlog_spool_alarm", of="age") == 0
    store.close()


def test_the_doctor_fails_on_what_waits_too_long_and_on_what_is_parked(tmp_path: Path) -> None:
    settings = LocalSettings.any_ports().model_copy(update={"data_dir": tmp_path})
    assert list(doctor(settings)) == []
    store = SpoolStore(tmp_path / "spool")
    (finding,) = doctor(settings)
    assert finding.status == "ok"
    now_ms = time.time_ns() // 1_000_000
    row = Row(1, EVENTS.name, NUMBER, b"v", b"[]", now_ms - 61_500)
    store.commit([row, row._replace(id=2)], [])
    store.commit([], [Mark(2, RowState.PARKED, now_ms, 1, reason="INVALID_RECORD")])
    found = list(doctor(settings))
    assert [one.status for one in found] == ["fail", "fail"]
    assert "61 s" in found[1].seen
    store.close()
