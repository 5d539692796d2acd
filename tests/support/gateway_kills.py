"""Kills a gateway under load while Kafka comes and goes, and keeps the books."""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Self

import httpx2

from consentlog.domain.facts import Fact
from consentlog.kafka.reader import read_to_end
from consentlog.kafka.topics import EVENTS, PARTITIONS, create_topics
from consentlog.local.kafka_node import KafkaCluster
from consentlog.wire.events import decode_event
from tests.support.gateway import refusal
from tests.support.gateway_process import GatewayProcess
from tests.support.spools import rows_of

_CLIENTS = 4
_LIST = 5


class Books:
    """What clients were answered, by number; each number refuses once."""

    def __init__(self) -> None:
        self.answered: dict[str, str] = {}
        self.spooled = 0
        self.retries = 0

    def wait_for(self, more: int, limit_s: float = 60) -> None:
        """Wait until so many more are answered."""
        wanted, deadline = len(self.answered) + more, time.monotonic() + limit_s
        while len(self.answered) < wanted:
            assert time.monotonic() < deadline
            time.sleep(0.02)

    def missing_from_spool(self, spool: Path) -> set[str]:
        """Answered ids that lie nowhere in the file; delivered records stay in it, too."""
        there = {decode_event(value).fact.event_id.hex() for (value,) in rows_of(spool, "value")}
        return set(self.answered.values()) - there


class Clients:
    """People who refuse, each until the answer is 202; from `with` to its end."""

    def __init__(self, gateway: GatewayProcess, books: Books) -> None:
        self._gateway = gateway
        self._books = books
        self._numbers = count()
        self._stopping = threading.Event()
        self._lock = threading.Lock()
        self.failures: list[str] = []
        self._threads = [threading.Thread(target=self._run) for _ in range(_CLIENTS)]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_exc: object) -> None:
        self._stopping.set()
        for thread in self._threads:
            thread.join()

    def _run(self) -> None:
        with httpx2.Client(base_url=f"http://127.0.0.1:{self._gateway.port}", timeout=10) as client:
            while not self._stopping.is_set():
                with self._lock:
                    people = [next(self._numbers) for _ in range(_LIST)]
                self._refuse(client, [f"1390{n:07}" for n in people])

    def _refuse(self, client: httpx2.Client, numbers: list[str]) -> None:
        body = [refusal(number=number, source_ref=f"call-{number}") for number in numbers]
        headers = {"x-api-key": self._gateway.keys["desk"]}
        while not self._stopping.is_set():
            try:
                response = client.post("/v1/consent-events", json=body, headers=headers)
            except httpx2.TransportError:
                self._books.retries += 1
                time.sleep(0.05)
                continue
            if response.status_code != 202:
                self.failures.append(response.text)
                return
            results = response.json()["results"]
            with self._lock:
                self._books.spooled += sum("durability" in one for one in results)
                ids = [one["event_id"] for one in results]
                self._books.answered.update(zip(numbers, ids, strict=True))
            return


def kill_rounds(cluster: KafkaCluster, directory: Path, kills: int) -> Iterator[tuple[str, Books]]:
    """Kill a gateway so many times; Kafka is down in every other round.

    Yields:
        After each kill, and once more with everything up again and delivered: a name and the books.
    """
    create_topics(cluster.bootstrap)
    gateway = GatewayProcess(directory, cluster.bootstrap)
    books = Books()
    try:
        gateway.wait_for("/readyz", 200)
        with Clients(gateway, books) as clients:
            for n in range(kills):
                books.wait_for(40)
                gateway.kill()
                yield f"kill {n + 1}", books
                if n % 2 == 0:
                    cluster.kill()
                else:
                    cluster.start()
                gateway.start_again()
        assert not clients.failures, clients.failures[0]
        if kills % 2:
            cluster.start()
        gateway.wait_for("/readyz", 200)
        gateway.wait_for_metric("consentlog_spool_waiting_records", 0, 60)
        yield "end", books
    finally:
        gateway.client.close()
        gateway.kill()


def facts_in_log(bootstrap: str) -> dict[str, list[Fact]]:
    """Every fact in the log, by number without country code; repeats included."""
    found: dict[str, list[Fact]] = defaultdict(list)
    for record in read_to_end(bootstrap, EVENTS.name, partitions=PARTITIONS):
        event = decode_event(record.value)
        found[event.subject.removeprefix("+86")].append(event.fact)
    return found
