"""Starts tiny workers on fresh topics and reads what they wrote down."""

from __future__ import annotations

import json
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from confluent_kafka import Consumer, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

WORKER = Path(__file__).with_name("tiny_worker.py")


@dataclass
class Bench:
    """One topic, one group, and the workers of one test."""

    bootstrap: str
    folder: Path
    partitions: int = 4
    name: str = field(default_factory=lambda: f"transport-{uuid.uuid4().hex[:10]}")
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.admin = AdminClient({"bootstrap.servers": self.bootstrap, "log_level": 0})
        topics = self.admin.create_topics([NewTopic(self.name, self.partitions, 1)])
        topics[self.name].result(20)
        self.producer = Producer({"bootstrap.servers": self.bootstrap, "log_level": 0})

    def produce(self, per_partition: int) -> None:
        for partition in range(self.partitions):
            for n in range(per_partition):
                self.producer.produce(self.name, str(n).encode(), partition=partition)
        assert self.producer.flush(20) == 0

    def start(self, **options: Any) -> subprocess.Popen[bytes]:
        options |= {
            "bootstrap": self.bootstrap,
            "group": self.name,
            "topic": self.name,
            "journal": str(self.folder / "journal"),
            "data_dir": str(self.folder / "faust"),
        }
        with (self.folder / "log").open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-P", str(WORKER), json.dumps(options)], stdout=log, stderr=log
            )
        self.processes.append(process)
        return process

    def notes(self, what: str, of: subprocess.Popen[bytes] | None = None) -> list[dict[str, Any]]:
        journal = self.folder / "journal"
        lines = journal.read_text().splitlines() if journal.exists() else []
        found = [json.loads(line) for line in lines]
        return [n for n in found if n["what"] == what and (of is None or n["pid"] == of.pid)]

    def wait(self, holds: Callable[[], object], seconds: float = 30) -> None:
        deadline = time.monotonic() + seconds
        while not holds():
            assert time.monotonic() < deadline, self.tail()
            time.sleep(0.05)

    def seen(self, of: subprocess.Popen[bytes] | None = None) -> list[tuple[int, int]]:
        """Every (partition, offset) in the order given to any agent."""
        return [(n["partition"], o) for n in self.notes("batch", of) for o in n["offsets"]]

    def done(self) -> set[tuple[int, int]]:
        """Every (partition, offset) whose work was finished, by any worker."""
        return {(n["partition"], o) for n in self.notes("done") for o in n["offsets"]}

    def all_records(self, per_partition: int) -> set[tuple[int, int]]:
        return {(p, o) for p in range(self.partitions) for o in range(per_partition)}

    def committed(self) -> list[int]:
        consumer = Consumer({"bootstrap.servers": self.bootstrap, "group.id": self.name})
        where = [TopicPartition(self.name, p) for p in range(self.partitions)]
        try:
            return [p.offset for p in consumer.committed(where, timeout=10)]
        finally:
            consumer.close()

    def members(self) -> int:
        deadline = time.monotonic() + 20
        while True:
            try:
                described = self.admin.describe_consumer_groups([self.name])[self.name].result(10)
            except KafkaException:  # a fresh broker is still loading its coordinator
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.1)
            else:
                return len(described.members)

    def tail(self) -> str:
        journal, log = self.folder / "journal", self.folder / "log"
        return journal.read_text()[-3000:] + log.read_text()[-3000:]

    def stop(self) -> None:
        for process in self.processes:
            if process.poll() is None:
                process.kill()
            process.wait(10)


def bench(bootstrap: str, folder: Path) -> Iterator[Bench]:
    """Yield a bench and end its workers."""
    made = Bench(bootstrap, folder)
    try:
        yield made
    finally:
        made.stop()
