"""The gateway as a process of its own, on Apache Kafka itself."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from consentlog.kafka.partition import partition_of
from consentlog.kafka.reader import read_to_end
from consentlog.kafka.topics import EVENTS, PARTITIONS, REVIEWS, WATERMARKS, create_topics
from consentlog.local.kafka_node import KafkaCluster, KafkaRuntime
from consentlog.wire.events import decode_event
from consentlog.wire.watermarks import ReporterKind, Watermark, decode_watermark
from producers.spool.record import RowState
from tests.support.gateway import grant, message, refusal
from tests.support.gateway_process import running_gateway
from tests.support.spools import rows_of

pytestmark = pytest.mark.integration


def _log(bootstrap: str, topic: str, partitions: int) -> dict[str, Any]:
    records = read_to_end(bootstrap, topic, partitions=partitions)
    return {f"{record.partition}:{record.offset}": record for record in records}


def _reports(bootstrap: str) -> list[Watermark]:
    return [decode_watermark(r.value) for r in read_to_end(bootstrap, WATERMARKS.name)]


def _wait(condition: Callable[[], bool], seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_accepted_is_in_the_log_and_no_number_is_printed(
    kafka: str, topics: str, tmp_path: Path
) -> None:
    with running_gateway(tmp_path, kafka, topics) as gateway:
        gateway.wait_for("/readyz", 200)
        numbers = [f"1380013{n:04}" for n in range(200)]
        bodies = [refusal(number=number, source_ref=number) for number in numbers]
        results = gateway.post(bodies).json()["results"]
        assert gateway.post(grant()).status_code == 202
        assert gateway.post(refusal(number="138****8000")).status_code == 422
        assert gateway.post({"number": "13800138000", "x": "+8613800138000"}).status_code == 422
        secret = gateway.keys["aliyun"]
        for content in ("TD", "13800138000请回复TD退订是什么意思"):
            pushed = gateway.client.post(f"/v1/sms/aliyun/{secret}", json=[message(content)])
            assert pushed.json()["code"] == 0
        assert gateway.client.get("/p/13800138000").status_code == 404
        assert gateway.client.get("/13800138000").status_code == 404
        gateway.process.send_signal(signal.SIGTERM)
        assert gateway.process.wait(10) in (0, -signal.SIGTERM)
        printed = gateway.output.read_text()
    log = _log(kafka, EVENTS.named(topics), PARTITIONS)
    assert len(log) == len(numbers) + 3
    by_id = {decode_event(one.value).fact.event_id.hex(): one for one in log.values()}
    for number, result in zip(numbers, results, strict=True):
        record = by_id[result["event_id"]]
        event = decode_event(record.value)
        assert event.subject == f"+86{number}"
        assert (
            result.get("token", f"{record.partition}:{record.offset}")
            == f"{record.partition}:{record.offset}"
        )
        assert record.partition == partition_of(event.subject.encode(), PARTITIONS)
    assert len(_log(kafka, REVIEWS.named(topics), 1)) == 2
    assert all(json.loads(line)["at"] for line in printed.splitlines())
    for planted in ("13800138000", secret, *numbers, *gateway.keys.values()):
        assert planted not in printed


def test_while_the_broker_is_dead_refusals_are_spooled_and_reach_the_log_by_themselves(
    kafka_runtime: KafkaRuntime, tmp_path: Path
) -> None:
    with KafkaCluster(tmp_path / "kafka", kafka_runtime) as cluster:
        create_topics(cluster.bootstrap)
        with running_gateway(tmp_path / "gateway", cluster.bootstrap) as gateway:
            gateway.wait_for("/readyz", 200)
            first = gateway.post(refusal(source_ref="before")).json()
            cluster.kill()
            started = time.monotonic()
            response = gateway.post(refusal(source_ref="while"))
            assert time.monotonic() - started < 1
            assert response.status_code == 202
            second = response.json()
            assert second["durability"] == "spooled"
            assert "token" not in second
            assert gateway.client.get("/readyz").status_code == 200
            cluster.start()
            gateway.wait_for_metric("consentlog_spool_waiting_records", 0)
            third = gateway.post(refusal(source_ref="after")).json()
            _wait(lambda: bool(_reports(cluster.bootstrap)))
            log = _log(cluster.bootstrap, EVENTS.name, PARTITIONS)
            reports = _reports(cluster.bootstrap)
        states = rows_of(tmp_path / "gateway" / "spool", "state, kafka_offset")
    ids = [decode_event(record.value).fact.event_id.hex() for record in log.values()]
    assert sorted(ids) == sorted(one["event_id"] for one in (first, second, third))
    for token, record in log.items():
        event_id = decode_event(record.value).fact.event_id.hex()
        answer = next(one for one in (first, second, third) if one["event_id"] == event_id)
        assert answer.get("token", token) == token
    assert [state for state, _ in states] == [RowState.DELIVERED] * 3
    assert {report.reporter for report in reports} == {socket.gethostname()}
    assert all(report.kind is ReporterKind.GATEWAY for report in reports)


def test_it_says_in_one_sentence_why_it_cannot_start(tmp_path: Path) -> None:
    found = subprocess.run(
        [sys.executable, "-P", "-m", "producers"],
        env={"PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert found.returncode == 1
    assert "CL-6001" in found.stderr
    assert "Traceback" not in found.stderr
