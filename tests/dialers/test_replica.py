"""The replica keeps its promises on a feed in memory and on real Kafka alike."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from typing import Protocol

import pytest

from consentlog.domain.state import fold
from consentlog.errors import FatalError
from consentlog.kafka.producer import build_producer
from consentlog.kafka.topics import STATE
from consentlog.ports import Position
from consentlog.wire.build import Progress
from consentlog.wire.states import StateRecord, progress_subject
from dialers.feed import Arrival, KafkaStateFeed, StateFeed
from dialers.replica import Replica
from dialers.view import Known, View
from tests.support.histories import granted, refused
from tests.support.state_feed import PARTITIONS, MemoryStateFeed, arrival

NUMBER = "+8613800138000"
WRITER = bytes(16)
REFUSED = fold([refused()])
GRANTED = fold([granted()])


class World(Protocol):
    """Where records are put, and how a replica connects to them."""

    def put(self, one: Arrival) -> None: ...
    def connect(self) -> StateFeed: ...


class MemoryWorld:
    """Records before the first connection are the backlog."""

    def __init__(self) -> None:
        self._backlog: list[Arrival] = []
        self._feed: MemoryStateFeed | None = None

    def put(self, one: Arrival) -> None:
        if self._feed is None:
            self._backlog.append(one)
        else:
            self._feed.push(one)

    def connect(self) -> StateFeed:
        self._feed = MemoryStateFeed(self._backlog)
        return self._feed


class KafkaWorld:
    """A state topic of its own."""

    def __init__(self, bootstrap: str, prefix: str) -> None:
        self._bootstrap = bootstrap
        self._topic = STATE.named(prefix)
        self._producer = build_producer(bootstrap, "test")

    def put(self, one: Arrival) -> None:
        self._producer.produce(self._topic, one.value, one.key, one.partition)
        assert self._producer.flush(10) == 0

    def connect(self) -> StateFeed:
        return KafkaStateFeed(self._bootstrap, self._topic, PARTITIONS)


@pytest.fixture(params=["memory", pytest.param("kafka", marks=pytest.mark.integration)])
def world(request: pytest.FixtureRequest) -> World:
    if request.param == "memory":
        return MemoryWorld()
    return KafkaWorld(request.getfixturevalue("kafka"), request.getfixturevalue("topics"))


@pytest.fixture
def fatal() -> list[BaseException]:
    return []


@pytest.fixture
def start(world: World, fatal: list[BaseException]) -> Iterator[Callable[[], Replica]]:
    running: list[Replica] = []

    def run() -> Replica:
        replica = Replica(View(PARTITIONS), world.connect, fatal.append)
        replica.start()
        running.append(replica)
        until(lambda: replica.bootstrapped)
        return replica

    yield run
    for replica in running:
        replica.stop()


def until(condition: Callable[[], bool], limit_s: float = 15) -> None:
    deadline = time.monotonic() + limit_s
    while not condition():
        assert time.monotonic() < deadline, "it did not come true in time"
        time.sleep(0.002)


def state(as_of: int, facts: object = REFUSED, subject: str = NUMBER) -> Arrival:
    return arrival(StateRecord(subject, as_of, WRITER, facts))  # type: ignore[arg-type]  # a state


def progress(partition: int, through: int) -> Arrival:
    part = Progress(through, 1, bytes(32))
    record = StateRecord(progress_subject(partition), through, WRITER, progress=part)
    return arrival(record, partition)


def test_an_empty_topic_is_bootstrapped(start: Callable[[], Replica]) -> None:
    replica = start()
    assert len(replica.view) == 0
    assert replica.live


def test_the_backlog_is_there_once_bootstrapped(world: World, start: Callable[[], Replica]) -> None:
    for n in range(30):
        world.put(state(n, subject=f"+86138001380{n:02}"))
    replica = start()
    assert len(replica.view) == 30
    assert replica.view.find("+8613800138007") == Known(REFUSED)


def test_what_follows_is_applied_and_a_zombie_is_not(
    world: World, start: Callable[[], Replica]
) -> None:
    world.put(state(5, GRANTED))
    replica = start()
    assert replica.view.find(NUMBER) == Known(GRANTED)
    world.put(state(7, REFUSED))
    world.put(state(6, GRANTED))
    home = replica.view.partition_of(NUMBER)
    world.put(progress(home, 8))
    until(lambda: replica.view.has(Position(home, 8)))
    assert replica.view.find(NUMBER) == Known(REFUSED)


def test_a_waiter_wakes_when_its_token_becomes_visible(
    world: World, start: Callable[[], Replica]
) -> None:
    replica = start()
    token = Position(replica.view.partition_of(NUMBER), 3)

    async def scenario() -> tuple[bool, float]:
        waiting = asyncio.create_task(replica.waiters.wait(token, 10))
        await asyncio.sleep(0.05)
        assert not waiting.done()
        began = time.monotonic()
        await asyncio.to_thread(world.put, state(3))
        return await waiting, time.monotonic() - began

    visible, seconds = asyncio.run(scenario())
    assert visible
    assert seconds < 1


def test_a_waiter_gives_up_in_time(start: Callable[[], Replica]) -> None:
    replica = start()
    assert not asyncio.run(replica.waiters.wait(Position(0, 3), 0.05))


def test_the_hook_sees_each_applied_record(world: World, fatal: list[BaseException]) -> None:
    seen: list[tuple[str, Position, int]] = []
    replica = Replica(
        View(PARTITIONS), world.connect, fatal.append, lambda *what: seen.append(what)
    )
    replica.start()
    until(lambda: replica.bootstrapped)
    before = time.monotonic_ns()
    world.put(state(3))
    until(lambda: bool(seen))
    replica.stop()
    home = replica.view.partition_of(NUMBER)
    assert [(subject, position) for subject, position, _ in seen] == [(NUMBER, Position(home, 3))]
    assert seen[0][2] > before


def test_nothing_is_left_behind(start: Callable[[], Replica], fatal: list[BaseException]) -> None:
    replica = start()
    replica.stop()
    assert not replica.live
    assert "replica" not in {thread.name for thread in threading.enumerate()}
    assert fatal == []


def test_what_ends_the_feed_is_handed_on(fatal: list[BaseException]) -> None:
    feed = MemoryStateFeed()
    replica = Replica(View(PARTITIONS), lambda: feed, fatal.append)
    replica.start()
    error = FatalError("CL-2003", topic="t", reason="r")
    feed.push(error)
    until(lambda: bool(fatal))
    replica.stop()
    assert fatal == [error]
    assert feed.closed


def test_not_bootstrapped_until_every_partition_was_read(fatal: list[BaseException]) -> None:
    feed = MemoryStateFeed(partitions=PARTITIONS - 1)
    replica = Replica(View(PARTITIONS), lambda: feed, fatal.append)
    replica.start()
    feed.push(state(1))
    until(lambda: len(replica.view) == 1)
    assert not replica.bootstrapped
    feed.push(Arrival(PARTITIONS - 1, None, None))
    until(lambda: replica.bootstrapped)
    replica.stop()
