"""Time from the broker's acknowledgement of an event to its state in the gate's replica.

    python -m benchmarks.latency [--events 1500] [--rate 250] [--rounds 5]

The same process appends events and runs the gate's own replica, so both stamps are of one
monotonic clock:
acknowledged (delivery callback) and applied (the replica's hook). Beside it, in the same run and
turn by turn, two plain Kafka hops: the same events through a bare consume + produce process, read
by a bare consumer. Then the way a dialer sees it, over HTTP: a refusal's 202 received until `POST
/v1/decisions` with its token says deny.

Bound: median of the rounds' p50 ratios <= 2.
"""

from __future__ import annotations

import argparse
import itertools
import json
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import TypeAlias

import httpx2
from confluent_kafka import KafkaError, Message, TopicPartition

from benchmarks import stage
from consentlog.kafka.producer import build_producer
from consentlog.kafka.reader import build_reader
from consentlog.kafka.topics import EVENTS, PARTITIONS, STATE, create_topics
from consentlog.local.settings import LocalSettings
from consentlog.local.stack import LocalStack
from consentlog.ports import Position
from consentlog.wire.events import encode_event
from dialers.feed import KafkaStateFeed
from dialers.replica import Replica
from dialers.view import View

BOUND = 2.0
_PIPE_PREFIX = "plain."
Stamps: TypeAlias = dict[tuple[int, int], int]
"""(partition, events offset) -> monotonic ns."""


class Load:
    """Appends events at a steady rate and stamps each acknowledgement."""

    def __init__(self, bootstrap: str) -> None:
        self._producer = build_producer(bootstrap, "bench.load")
        self._seeds = itertools.count(1)
        self._stopping = threading.Event()
        self._polling = threading.Thread(target=self._poll)
        self._polling.start()

    def run(self, topic: str, count: int, rate: float) -> Stamps:
        """Append `count` events; return when each was acknowledged."""
        acknowledged: Stamps = {}

        def on_delivery(error: KafkaError | None, message: Message) -> None:
            now = time.monotonic_ns()
            if error is not None:
                raise SystemExit(error.str())
            acknowledged[message.partition() or 0, message.offset() or 0] = now

        started = time.monotonic()
        for n, event in enumerate(stage.made_up_events(count, 1_000_000, next(self._seeds))):
            key, value = event.subject.encode(), encode_event(event)
            time.sleep(max(0.0, started + n / rate - time.monotonic()))
            self._producer.produce(topic, value, key, on_delivery=on_delivery)
        _wait(lambda: len(acknowledged) == count)
        return acknowledged

    def _poll(self) -> None:
        while not self._stopping.is_set():
            self._producer.poll(0.2)

    def close(self) -> None:
        """Stop polling; nothing is in flight once `run` has returned."""
        self._stopping.set()
        self._polling.join()


@contextmanager
def replica(bootstrap: str, applied: Stamps) -> Iterator[None]:
    """Run the gate's replica in this process."""

    def on_applied(subject: str, position: Position, at_ns: int) -> None:
        if not subject.startswith("@"):
            applied.setdefault((position.partition, position.offset), at_ns)

    def on_fatal(error: BaseException) -> None:
        raise SystemExit(str(error))

    following = Replica(
        View(PARTITIONS),
        lambda: KafkaStateFeed(bootstrap, STATE.name, PARTITIONS),
        on_fatal,
        on_applied,
    )
    following.start()
    _wait(lambda: following.bootstrapped)
    yield
    following.stop()


@contextmanager
def two_plain_hops(bootstrap: str, arrived: Stamps) -> Iterator[None]:
    """Run the bare pipe and a bare consumer behind it.

    Partitions and offsets of both topics agree.
    """
    # Made as the stack's own: each event is synced to disk, and other requests wait for that.
    create_topics(bootstrap, _PIPE_PREFIX, local=True)
    argv = (sys.executable, "-m", "benchmarks.pipe", bootstrap, _PIPE_PREFIX)
    pipe = subprocess.Popen(argv)
    stopping = threading.Event()

    def read() -> None:
        consumer = build_reader(bootstrap, "bench.hop")
        topic = STATE.named(_PIPE_PREFIX)
        consumer.assign([TopicPartition(topic, p, 0) for p in range(PARTITIONS)])
        while not stopping.is_set():
            first = consumer.poll(0.1)
            messages = () if first is None else (first, *consumer.consume(1000, 0))
            now = time.monotonic_ns()
            for message in messages:
                if message.error() is None:
                    arrived[message.partition() or 0, message.offset() or 0] = now
        consumer.close()

    reader = threading.Thread(target=read)
    reader.start()
    try:
        yield
    finally:
        stopping.set()
        reader.join()
        pipe.kill()
        pipe.wait()


@contextmanager
def running(*services: str) -> Iterator[LocalStack]:
    """Run some services of the local stack in a directory of their own."""
    with (
        tempfile.TemporaryDirectory(prefix="consentlog-bench-") as directory,
        LocalStack(Path(directory), services, settings=LocalSettings.any_ports()) as local,
    ):
        yield local


def over_http(stack: LocalStack, count: int) -> list[float]:
    """Refuse `count` numbers through the gateway; ms from each 202 until the gate denies."""
    keys = json.loads(stack.layout.keys.read_text("utf-8"))
    waits = []
    with httpx2.Client(trust_env=False, timeout=15) as client:
        for n in range(count):
            number = f"+8613900{n:06d}"
            body = {"number": number, "action": "refused", "scope": {"entity": "acme"},
                    "source_ref": f"bench-{n}", "method": "spoken",
                    "actor": {"id": "agent-1", "type": "agent"}}  # fmt: skip
            url = f"{stack.url('gateway')}/v1/consent-events"
            token = client.post(url, json=body, headers=_bearer(keys["desk"])).json()["token"]
            started = time.monotonic_ns()
            question = {"number": number, "entity": "acme", "channel": "voice", "min_token": token}
            url = f"{stack.url('gate')}/v1/decisions"
            answer = client.post(url, json=question, headers=_bearer(keys["dialer"])).json()
            if answer["verdict"] != "deny":
                raise SystemExit("a refused number was allowed")
            waits.append((time.monotonic_ns() - started) / 1e6)
    return waits


def _bearer(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}


def _wait(condition: Callable[[], bool], limit_s: float = 30) -> None:
    deadline = time.monotonic() + limit_s
    while not condition():
        if time.monotonic() > deadline:
            raise SystemExit("timed out")
        time.sleep(0.005)


def _percentiles(waits: list[float]) -> tuple[float, float]:
    ordered = sorted(waits)
    return statistics.median(ordered), ordered[int(len(ordered) * 0.99)]


def _waits(sent: Stamps, seen: Stamps) -> list[float]:
    _wait(lambda: sent.keys() <= seen.keys())
    return [(seen[one] - at_ns) / 1e6 for one, at_ns in sent.items()]


def main() -> int:
    """Run the rounds and print the table; exit 1 when the bound is missed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--events", type=int, default=1500)
    parser.add_argument("--rate", type=float, default=250)
    parser.add_argument("--rounds", type=int, default=5)
    args = parser.parse_args()
    ours: list[tuple[float, float]] = []
    plain: list[tuple[float, float]] = []
    print(stage.machine(), flush=True)
    with running("kafka", "fold") as local, ExitStack() as stack:
        applied: Stamps = {}
        arrived: Stamps = {}
        stack.enter_context(replica(local.bootstrap, applied))
        stack.enter_context(two_plain_hops(local.bootstrap, arrived))
        load = stack.enter_context(closing(Load(local.bootstrap)))
        for turn in range(args.rounds + 1):
            pair = [
                _percentiles(_waits(load.run(topic, args.events, args.rate), seen))
                for topic, seen in ((EVENTS.name, applied), (EVENTS.named(_PIPE_PREFIX), arrived))
            ]
            print(f"  round {turn}: fold {pair[0][0]:.2f} / {pair[0][1]:.2f} ms,"
                  f" two hops {pair[1][0]:.2f} / {pair[1][1]:.2f} ms (p50 / p99)"
                  + ("   warm-up, not counted" if turn == 0 else ""), flush=True)  # fmt: skip
            if turn:
                ours.append(pair[0])
                plain.append(pair[1])
    with running("kafka", "fold", "gateway", "gate") as local:
        http = _percentiles(over_http(local, 200))
    return report(ours, plain, http)


def report(
    ours: list[tuple[float, float]], plain: list[tuple[float, float]], http: tuple[float, float]
) -> int:
    """Print figures, ratio and verdict."""
    for name, rounds in (("acknowledged -> in the replica", ours), ("two plain Kafka hops", plain)):
        print(stage.row(f"{name}, p50", [one[0] for one in rounds], "ms"))
        print(stage.row(f"{name}, p99", [one[1] for one in rounds], "ms"))
    print(f"over HTTP, 202 -> deny with token: p50 {http[0]:.2f} ms, p99 {http[1]:.2f} ms")
    ratios = [own[0] / floor[0] for own, floor in zip(ours, plain, strict=True)]
    median = statistics.median(ratios)
    verdict = "holds" if median <= BOUND else "MISSED"
    print(f"p50 ratio: {median:.2f} x (worst {max(ratios):.2f})   bound {BOUND:g} x: {verdict}")
    return 0 if median <= BOUND else 1


if __name__ == "__main__":
    raise SystemExit(main())
