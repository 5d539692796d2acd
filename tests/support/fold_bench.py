"""Fold workers on fresh topics: start, feed, stop, kill, compare with the pure fold of the log."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from confluent_kafka import Consumer, Producer, TopicPartition

from consentlog.domain.events import ConsentEvent
from consentlog.domain.facts import Fact
from consentlog.domain.state import EMPTY, SubjectState, evolve
from consentlog.kafka.producer import build_producer
from consentlog.kafka.reader import read_to_end
from consentlog.kafka.topics import PARTITIONS
from consentlog.local.ports import free_port
from consentlog.ports import Record
from consentlog.wire.events import encode_event
from consentlog.wire.reviews import ReviewEvent, decode_review
from consentlog.wire.states import StateRecord, decode_state
from processors.held import Unsound, hold_of, judge
from tests.support.histories import MINUTE_MS, NOON_MS, granted, refused


def numbers(count: int) -> list[str]:
    """E.164 numbers, the same in every run."""
    return [f"+86138{n:08}" for n in range(count)]


def acts(count: int, subjects: list[str], seed: int = 1) -> list[tuple[str, Fact]]:
    """Refusals and grants, some of them repeats of earlier ones."""
    chosen, found = random.Random(seed), list[tuple[str, Fact]]()
    for n in range(count):
        if found and chosen.random() < 0.1:
            found.append(chosen.choice(found))
            continue
        make = refused if chosen.random() < 0.6 else granted
        fact = make(1000 * seed + n, NOON_MS + n * MINUTE_MS)
        fact = fact._replace(event_id=(seed * 10**9 + n).to_bytes(16, "big"))
        found.append((chosen.choice(subjects), fact))
    return found


@dataclass
class Worker:
    """One fold process."""

    process: subprocess.Popen[bytes]
    port: int
    log: Path

    def get(self, path: str) -> int:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=2) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as exc:
            return exc.code
        except OSError:
            return 0

    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.log.read_text().splitlines() if line[:1] == "{"]

    def tail(self) -> str:
        return self.log.read_text()[-3000:]

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(10)

    def stop(self) -> int:
        self.process.terminate()
        return self.process.wait(30)

    def pause(self) -> None:
        os.kill(self.process.pid, signal.SIGSTOP)

    def go_on(self) -> None:
        os.kill(self.process.pid, signal.SIGCONT)


@dataclass
class FoldBench:
    """Topics of one test and the workers on them."""

    bootstrap: str
    prefix: str
    folder: Path
    workers: list[Worker] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.events, self.state_topic = (
            f"{self.prefix}consent.{kind}.v1" for kind in ("events", "state")
        )
        self.reviews_topic = f"{self.prefix}review.events.v1"
        self.producer: Producer = build_producer(
            self.bootstrap, "test", delivery_timeout_ms=60_000, linger_ms=5
        )

    def start(self, program: str = "processors", **environment: str) -> Worker:
        port, log = free_port(), self.folder / f"fold-{len(self.workers)}.log"
        variables = {
            **{k: v for k, v in os.environ.items() if not k.startswith("CONSENTLOG_")},
            "CONSENTLOG_KAFKA__BOOTSTRAP_SERVERS": self.bootstrap,
            "CONSENTLOG_KAFKA__TOPIC_PREFIX": self.prefix,
            "CONSENTLOG_PROBE__PORT": str(port),
            "CONSENTLOG_LOG__FORMAT": "json",
            "CONSENTLOG_FOLD__DATA_DIR": str(self.folder / "faust"),
            **environment,
        }
        with log.open("ab") as out:
            process = subprocess.Popen(
                [sys.executable, "-P", "-m", program], stdout=out, stderr=out, env=variables
            )
        worker = Worker(process, port, log)
        self.workers.append(worker)
        return worker

    def close(self) -> None:
        for worker in self.workers:
            if worker.process.poll() is None:
                worker.go_on()
                worker.kill()

    def wait(self, holds: Callable[[], object], seconds: float = 40) -> None:
        deadline = time.monotonic() + seconds
        while not holds():
            assert time.monotonic() < deadline, "\n".join(w.tail() for w in self.workers)
            time.sleep(0.05)

    def wait_ready(self, worker: Worker) -> None:
        self.wait(lambda: worker.get("/readyz") == 200 or worker.process.poll() is not None)
        assert worker.process.poll() is None, worker.tail()

    def append(self, chosen: list[tuple[str, Fact]]) -> None:
        for subject, fact in chosen:
            value = encode_event(ConsentEvent(subject, fact, NOON_MS))
            self.raw(subject.encode(), value)
        assert self.producer.flush(60) == 0

    def raw(self, key: bytes | None, value: bytes | None, partition: int = -1) -> None:
        self.producer.produce(self.events, value, key, partition)

    def read(self, topic: str, partitions: int = PARTITIONS) -> list[Record]:
        return list(read_to_end(self.bootstrap, topic, partitions=partitions))

    def truth(self) -> dict[tuple[int, str], SubjectState]:
        """The pure fold of the log, by partition and subject."""
        states: dict[tuple[int, str], SubjectState] = {}
        for record in self.read(self.events):
            judged = judge(record.partition, record.key, record.value)
            if isinstance(judged, Unsound):
                if judged.subject is None:
                    continue
                subject, fact = judged.subject, hold_of(record)
            else:
                subject, fact = judged.subject, judged.fact
            key = record.partition, subject
            states[key] = evolve(states.get(key, EMPTY), fact)
        return states

    def last_records(self) -> dict[tuple[int, str], StateRecord]:
        """Each key's last record, as a reader after compaction finds it."""
        found = {}
        for record in self.read(self.state_topic):
            state = decode_state(record.value)
            found[record.partition, state.subject] = state
        return found

    def states(self) -> dict[tuple[int, str], SubjectState]:
        return {k: r.state for k, r in self.last_records().items() if k[1][:1] != "@"}

    def reviews(self) -> list[ReviewEvent]:
        return [decode_review(record.value) for record in self.read(self.reviews_topic, 1)]

    def ends(self) -> dict[int, int]:
        consumer = Consumer({"bootstrap.servers": self.bootstrap, "group.id": "test.ends"})
        try:
            return {
                p: consumer.get_watermark_offsets(TopicPartition(self.events, p), timeout=10)[1]
                for p in range(PARTITIONS)
            }
        finally:
            consumer.close()

    def committed(self) -> dict[int, int]:
        consumer = Consumer(
            {"bootstrap.servers": self.bootstrap, "group.id": f"{self.prefix}consent.fold.v1"}
        )
        try:
            wanted = [TopicPartition(self.events, p) for p in range(PARTITIONS)]
            return {p.partition: max(p.offset, 0) for p in consumer.committed(wanted, timeout=10)}
        finally:
            consumer.close()

    def wait_folded(self, seconds: float = 60) -> None:
        ends = self.ends()
        self.wait(lambda: self.committed() == ends, seconds)
