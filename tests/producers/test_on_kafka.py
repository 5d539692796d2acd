"""The gateway as a process of its own, on Apache Kafka itself."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest

from consentlog.kafka.partition import partition_of
from consentlog.kafka.reader import read_to_end
from consentlog.kafka.topics import EVENTS, PARTITIONS, REVIEWS, create_topics
from consentlog.local.kafka_node import KafkaCluster, KafkaRuntime
from consentlog.wire.events import decode_event
from tests.support.gateway import demo_reference, grant, message, refusal

pytestmark = pytest.mark.integration


class Process:
    """A running gateway, and everything that it printed."""

    def __init__(self, directory: Path, bootstrap: str, prefix: str) -> None:
        reference, self.keys = demo_reference(directory)
        self.sealer_keys = reference.secrets
        self.output = directory / "gateway.log"
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = int(free.getsockname()[1])
        environment = {
            **os.environ,
            "CONSENTLOG_KAFKA__BOOTSTRAP_SERVERS": bootstrap,
            "CONSENTLOG_KAFKA__TOPIC_PREFIX": prefix,
            "CONSENTLOG_REGISTRY_FILE": str(directory / "registry.toml"),
            "CONSENTLOG_POLICY_FILE": str(directory / "policy.toml"),
            "CONSENTLOG_SECRETS_FILE": str(directory / "secrets.toml"),
            "CONSENTLOG_HTTP__PORT": str(self.port),
            "CONSENTLOG_LOG__FORMAT": "json",
            "CONSENTLOG_LOG__LEVEL": "DEBUG",
        }
        with self.output.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-P", "-m", "producers"],
                env=environment,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        self.client = httpx2.Client(base_url=f"http://127.0.0.1:{self.port}", timeout=20)

    def wait_for(self, path: str, status: int, limit_s: float = 20) -> None:
        deadline = time.monotonic() + limit_s
        while time.monotonic() < deadline:
            try:
                if self.client.get(path).status_code == status:
                    return
            except httpx2.TransportError:
                pass
            time.sleep(0.05)
        raise AssertionError(f"{path} was never {status}: {self.output.read_text()}")

    def post(self, body: object, source: str = "desk") -> httpx2.Response:
        headers = {"x-api-key": self.keys[source]}
        return self.client.post("/v1/consent-events", json=body, headers=headers)


@contextmanager
def _running(directory: Path, bootstrap: str, prefix: str = "") -> Iterator[Process]:
    found = Process(directory, bootstrap, prefix)
    try:
        yield found
    finally:
        found.client.close()
        found.process.kill()
        found.process.wait()


def _log(bootstrap: str, topic: str, partitions: int) -> dict[str, Any]:
    records = read_to_end(bootstrap, topic, partitions=partitions)
    return {f"{record.partition}:{record.offset}": record for record in records}


def test_accepted_is_in_the_log_and_no_number_is_printed(
    kafka: str, topics: str, tmp_path: Path
) -> None:
    with _running(tmp_path, kafka, topics) as gateway:
        gateway.wait_for("/readyz", 200)
        numbers = [f"1380013{n:04}" for n in range(200)]
        bodies = [refusal(number=number, source_ref=number) for number in numbers]
        results = gateway.post(bodies).json()["results"]
        assert gateway.post(grant()).status_code == 202
        assert gateway.post(refusal(number="138****8000")).status_code == 422
        assert gateway.post({"number": "13800138000", "x": "+8613800138000"}).status_code == 422
        secret = gateway.keys["aliyun"]
        for content in ("TD", "打13800138000找我"):
            pushed = gateway.client.post(f"/v1/sms/aliyun/{secret}", json=[message(content)])
            assert pushed.json()["code"] == 0
        assert gateway.client.get("/p/13800138000").status_code == 404
        assert gateway.client.get("/13800138000").status_code == 404
        gateway.process.send_signal(signal.SIGTERM)
        assert gateway.process.wait(10) in (0, -signal.SIGTERM)
        printed = gateway.output.read_text()
    log = _log(kafka, EVENTS.named(topics), PARTITIONS)
    assert len(log) == len(numbers) + 3
    for number, result in zip(numbers, results, strict=True):
        record = log[result["token"]]
        event = decode_event(record.value)
        assert event.subject == f"+86{number}"
        assert event.fact.event_id.hex() == result["event_id"]
        assert record.partition == partition_of(event.subject.encode(), PARTITIONS)
    assert len(_log(kafka, REVIEWS.named(topics), 1)) == 2
    assert all(json.loads(line)["at"] for line in printed.splitlines())
    for planted in ("13800138000", secret, *numbers, *gateway.keys.values()):
        assert planted not in printed


def test_a_broker_that_dies_is_a_503_within_5_s_and_a_retry_is_the_same_act(
    kafka_runtime: KafkaRuntime, tmp_path: Path
) -> None:
    with KafkaCluster(tmp_path / "kafka", kafka_runtime) as cluster:
        create_topics(cluster.bootstrap)
        (tmp_path / "gateway").mkdir()
        with _running(tmp_path / "gateway", cluster.bootstrap) as gateway:
            gateway.wait_for("/readyz", 200)
            accepted = [gateway.post(refusal(source_ref="before")).json()]
            cluster.kill()
            started = time.monotonic()
            answer = gateway.post(refusal(source_ref="while"))
            assert time.monotonic() - started < 6
            assert (answer.status_code, answer.json()["code"]) == (503, "CL-7001")
            assert answer.headers["retry-after"]
            gateway.wait_for("/readyz", 503)
            cluster.start()
            gateway.wait_for("/readyz", 200)
            accepted.append(gateway.post(refusal(source_ref="while")).json())
            log = _log(cluster.bootstrap, EVENTS.name, PARTITIONS)
    for result in accepted:
        assert decode_event(log[result["token"]].value).fact.event_id.hex() == result["event_id"]
    ids = {decode_event(record.value).fact.event_id for record in log.values()}
    assert len(ids) == 2


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
