"""Sink processes on the real stack, records for them, and what the history says afterwards."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from confluent_kafka.admin import AdminClient, NewTopic  # type: ignore[attr-defined]  # no __all__

from consentlog.clickhouse.client import ClickHouseClient
from consentlog.domain.events import ConsentEvent
from consentlog.kafka.producer import build_producer
from consentlog.kafka.reader import read_to_end
from consentlog.kafka.topics import EVENTS
from consentlog.local.clickhouse_node import ClickHouseAccess, answers
from consentlog.local.ports import free_port
from consentlog.local.settings import child_environment
from consentlog.ports import Record
from consentlog.wire.events import encode_event
from consentlog.wire.headers import event_headers
from sinks.rows import row_of
from tests.support.histories import NOON_MS, refused

PATIENCE_SECONDS = 40.0
_CHECKOUT = Path(__file__).parents[2]  # so that a module of the tests can be run too


@dataclass
class SinkProcess:
    """One `python -m sinks`, started by `start`."""

    env: dict[str, str]
    log: Path
    module: str = "sinks"
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> SinkProcess:
        environment = child_environment(**self.env, CONSENTLOG_PROBE__PORT=str(self.port))
        argv = [sys.executable, "-m", self.module]
        with self.log.open("ab") as output:
            self.process = subprocess.Popen(
                argv, env=environment, stdout=output, stderr=output, cwd=_CHECKOUT
            )
        return self

    def wait_ready(self) -> SinkProcess:
        wait_for(lambda: answers(f"http://127.0.0.1:{self.port}/readyz"), "sink ready", self.said)
        return self

    def signal(self, number: signal.Signals) -> None:
        assert self.process is not None
        self.process.send_signal(number)

    def kill(self) -> None:
        self.signal(signal.SIGKILL)
        self.wait()

    def wait(self, seconds: float = PATIENCE_SECONDS) -> int:
        """Return the exit code."""
        assert self.process is not None
        return self.process.wait(seconds)

    @property
    def is_running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def said(self) -> str:
        return self.log.read_text("utf-8") if self.log.exists() else ""

    def lines(self, event: str) -> list[dict[str, Any]]:
        """Return the log lines with this event name."""
        found = [json.loads(one) for one in self.said().splitlines() if one.startswith("{")]
        return [one for one in found if one["event"] == event]


@dataclass
class SinkStage:
    """A topic, a migrated database, and the sinks between them."""

    bootstrap: str
    prefix: str
    access: ClickHouseAccess
    client: ClickHouseClient
    directory: Path
    sinks: list[SinkProcess] = field(default_factory=list)

    @property
    def topic(self) -> str:
        return EVENTS.named(self.prefix)

    def sink(self, module: str = "sinks", **overrides: str) -> SinkProcess:
        """Describe another sink; nothing is started."""
        env = {
            "CONSENTLOG_KAFKA__BOOTSTRAP_SERVERS": self.bootstrap,
            "CONSENTLOG_KAFKA__TOPIC_PREFIX": self.prefix,
            "CONSENTLOG_CLICKHOUSE__URL": self.access.url,
            "CONSENTLOG_CLICKHOUSE__USER": self.access.user,
            "CONSENTLOG_CLICKHOUSE__PASSWORD": self.access.password,
            "CONSENTLOG_CLICKHOUSE__DATABASE": self.client.database,
            "CONSENTLOG_LOG__FORMAT": "json",
            "CONSENTLOG_SINK__LINGER_MS": "100",
        }
        log = self.directory / f"sink{len(self.sinks)}.log"
        made = SinkProcess(env | overrides, log, module)
        self.sinks.append(made)
        return made

    def make_topic(self, partitions: int) -> None:
        """Create the events topic with another partition count than the product's."""
        admin = AdminClient({"bootstrap.servers": self.bootstrap, "log_level": 0})
        config = dict(EVENTS.config)
        admin.create_topics([NewTopic(self.topic, partitions, 1, config=config)])[
            self.topic
        ].result(20)

    def produce(self, events: Sequence[ConsentEvent | bytes], partition: int = -1) -> None:
        """Append events, or raw values under one number's key."""
        failed: list[object] = []
        producer = build_producer(self.bootstrap, "test", linger_ms=5, delivery_timeout_ms=20_000)
        for event in events:
            producer.produce(
                self.topic,
                event if isinstance(event, bytes) else encode_event(event),
                key=b"+8613800138000" if isinstance(event, bytes) else event.subject.encode(),
                headers=None if isinstance(event, bytes) else list(event_headers(event)),
                partition=partition,
                on_delivery=lambda error, _message: failed.append(error) if error else None,
            )
            producer.poll(0)
        assert producer.flush(20) == 0
        assert failed == []

    def log_records(self) -> list[Record]:
        partitions = len(
            AdminClient({"bootstrap.servers": self.bootstrap, "log_level": 0})
            .list_topics(self.topic, timeout=10)
            .topics[self.topic]
            .partitions
        )
        found = read_to_end(self.bootstrap, self.topic, partitions=partitions)
        return sorted(found, key=lambda one: (one.partition, one.offset))

    def count(self) -> int:
        sql = "SELECT count() FROM {database:Identifier}.consent_history"
        return int(self.client.rows(sql)[0][0])

    def assert_exact(self) -> list[Record]:
        """Every record of the log stands in the history once, byte by byte."""
        records = self.log_records()
        wait_for(lambda: self.count() >= len(records), "history complete", self.said)
        sql = (
            "SELECT kafka_partition, kafka_offset, ingested_at, kafka_key, kafka_value,"
            " kafka_headers, leaf FROM {database:Identifier}.consent_history"
            " ORDER BY kafka_partition, kafka_offset"
        )
        found = [
            (p, o, int(at.timestamp() * 1000 + 0.5), k, v, [tuple(h.values()) for h in hs], leaf)
            for p, o, at, k, v, hs, leaf in self.client.rows(sql, as_bytes=True)
        ]
        wanted = [
            (
                one.partition,
                one.offset,
                one.append_ms,
                one.key,
                one.value,
                [(name.encode(), value) for name, value in one.headers],
                row_of(one)[7],
            )
            for one in records
        ]
        assert found == wanted
        return records

    def said(self) -> str:
        return "\n".join(f"--- {one.log.name}\n{one.said()[-4000:]}" for one in self.sinks)

    def end(self) -> None:
        for one in self.sinks:
            if one.is_running:
                one.signal(signal.SIGCONT)
                one.kill()


@contextmanager
def stage_of(
    bootstrap: str, prefix: str, access: ClickHouseAccess, client: ClickHouseClient, path: Path
) -> Iterator[SinkStage]:
    stage = SinkStage(bootstrap, prefix, access, client, path)
    try:
        yield stage
    finally:
        stage.end()


def events(count: int, start: int = 0) -> list[ConsentEvent]:
    """Return refusals of many numbers."""
    return [
        ConsentEvent(f"+86138{n % 997:08d}", refused(n, NOON_MS + n), NOON_MS)
        for n in range(start, start + count)
    ]


def wait_for(
    condition: Callable[[], bool],
    what: str,
    explain: Callable[[], str] = str,
    seconds: float = PATIENCE_SECONDS,
) -> None:
    """Wait until a condition holds."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"{what}: not within {seconds} s\n{explain()}"
        time.sleep(0.05)
