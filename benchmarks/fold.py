"""CPU per event of the fold worker beside two forms of a Faust Table and a bare pipe.

    python -m benchmarks.fold [--events 20000] [--keys 10000] [--rounds 5]

Every contender gets the same events in fresh topics on one Kafka; rounds are interleaved and their
order is turned each round. CPU time is the contender process's own (user + system) between a
warm-up that it has finished and the last record that it wrote. Final states of the two Table forms
and of the worker are compared key by key with the pure fold: if they differ, the ratio would
compare different work, and the run fails. The pipe understands nothing: it is the floor.

Bounds: worker >= 10 x less CPU than the textbook form, >= 7 x less than the tuned one (median of
rounds).
"""

from __future__ import annotations

import argparse
import os
import signal
import statistics
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass

import psutil
from confluent_kafka import TopicPartition

from benchmarks import stage
from consentlog.domain.state import EMPTY, SubjectState, evolve
from consentlog.kafka.producer import build_producer
from consentlog.kafka.reader import build_reader, watermarks
from consentlog.kafka.topics import EVENTS, PARTITIONS, STATE, create_topics
from consentlog.wire.events import encode_event
from consentlog.wire.states import decode_state

BOUNDS = {"textbook Table": 10.0, "tuned Table": 7.0}
_LIMIT_S = 240.0


@dataclass(frozen=True, slots=True)
class Contender:
    """One process that reads events and writes a record for each."""

    name: str
    argv: tuple[str, ...]
    env: Mapping[str, str]
    folds: bool = True


def contenders(bootstrap: str, prefix: str) -> list[Contender]:
    """Return everyone for one round.

    Each needs topics of its own, named by `prefix` + its place.
    """
    python = sys.executable

    def place(n: int) -> str:
        return f"{prefix}{n}."

    worker_env = {
        "CONSENTLOG_KAFKA__BOOTSTRAP_SERVERS": bootstrap,
        "CONSENTLOG_KAFKA__TOPIC_PREFIX": place(0),
        "CONSENTLOG_LOG__LEVEL": "WARNING",
    }
    textbook = (python, "-m", "benchmarks.textbook", bootstrap)
    return [
        Contender("consentlog worker", (python, "-P", "-m", "processors"), worker_env),
        Contender("textbook Table", (*textbook, place(1), "default"), {}),
        Contender("tuned Table", (*textbook, place(2), "tuned"), {}),
        Contender("bare pipe", (python, "-m", "benchmarks.pipe", bootstrap, place(3)), {}, False),
    ]


class Output:
    """What a contender wrote about numbers.

    While it works only the partitions' ends are asked for, 20 times a second: a reader beside it
    would compete for the cores and be counted as its CPU.
    """

    def __init__(self, bootstrap: str, prefix: str) -> None:
        self.count = 0
        self.last: dict[bytes, bytes] = {}
        self._topic = STATE.named(prefix)
        self._consumer = build_reader(bootstrap, "bench.output")
        self._consumer.assign([TopicPartition(self._topic, p, 0) for p in range(PARTITIONS)])

    def wait_for(self, count: int, process: subprocess.Popen[bytes]) -> None:
        """Return when `count` records about numbers are there, as long as `process` lives."""
        deadline = time.monotonic() + _LIMIT_S
        while self._appended() < count:
            self._check(process, deadline)
            time.sleep(0.05)
        while self.count < count:
            for message in self._consumer.consume(1000, 0.05):
                key, value = message.key(), message.value()
                if message.error() is None and key and value and not key.startswith(b"@"):
                    self.count += 1
                    self.last[key] = value
            self._check(process, deadline)

    def _appended(self) -> int:
        return sum(watermarks(self._consumer, self._topic, p)[1] for p in range(PARTITIONS))

    def _check(self, process: subprocess.Popen[bytes], deadline: float) -> None:
        if process.poll() is not None:
            raise SystemExit(f"{process.args!r} ended with {process.returncode}")
        if time.monotonic() > deadline:
            raise SystemExit(f"only {self.count} records after {_LIMIT_S} s")

    def close(self) -> None:
        """Let go."""
        self._consumer.close()


def produce(bootstrap: str, prefix: str, events: list[tuple[bytes, bytes]]) -> None:
    """Append events and wait until all are there."""
    producer = build_producer(bootstrap, "bench", linger_ms=5)
    for key, value in events:
        producer.produce(EVENTS.named(prefix), value, key)
        producer.poll(0)
    if producer.flush(60):
        raise SystemExit("events were not delivered")


def run(
    one: Contender, bootstrap: str, prefix: str, events: list[tuple[bytes, bytes]]
) -> tuple[float, float, dict[bytes, bytes]]:
    """Run one contender.

    Returns:
        CPU microseconds per event, wall seconds, last record by key.
    """
    create_topics(bootstrap, prefix)
    warm = len(events) // 10
    output = Output(bootstrap, prefix)
    process = subprocess.Popen(
        one.argv,
        env={**os.environ, **one.env},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        meter = psutil.Process(process.pid)
        produce(bootstrap, prefix, events[:warm])
        output.wait_for(warm, process)
        time.sleep(1)
        # Stopped while the load is appended, which takes a second: the load must not compete.
        process.send_signal(signal.SIGSTOP)
        produce(bootstrap, prefix, events[warm:])
        before, started = meter.cpu_times(), time.monotonic()
        process.send_signal(signal.SIGCONT)
        output.wait_for(len(events), process)
        after, wall = meter.cpu_times(), time.monotonic() - started
        spent = after.user + after.system - before.user - before.system
        return spent / (len(events) - warm) * 1e6, wall, output.last
    finally:
        output.close()
        process.kill()
        process.wait()


def differences(last: dict[bytes, bytes], truth: dict[bytes, SubjectState]) -> int:
    """Count keys whose final state is not the pure fold's."""
    wrong = sum(
        decode_state(last[key]).state != state for key, state in truth.items() if key in last
    )
    return wrong + len(set(truth) ^ set(last))


def main() -> int:
    """Run every round and print the table; exit 1 when a bound or a state does not hold."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--events", type=int, default=20_000)
    parser.add_argument("--keys", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=5)
    args = parser.parse_args()
    made = list(stage.made_up_events(args.events, args.keys, seed=7))
    events = [(one.subject.encode(), encode_event(one)) for one in made]
    truth: dict[bytes, SubjectState] = {}
    for one in made:
        key = one.subject.encode()
        truth[key] = evolve(truth.get(key, EMPTY), one.fact)
    cpu: dict[str, list[float]] = {}
    wall: dict[str, list[float]] = {}
    wrong = 0
    print(stage.machine(), flush=True)
    with stage.kafka() as bootstrap:
        for turn in range(args.rounds):
            everyone = contenders(bootstrap, f"r{turn}.")
            for place, peer in sorted(enumerate(everyone), key=lambda item: (item[0] + turn) % 4):
                spent, seconds, last = run(peer, bootstrap, f"r{turn}.{place}.", events)
                cpu.setdefault(peer.name, []).append(spent)
                wall.setdefault(peer.name, []).append(seconds)
                wrong += differences(last, truth) if peer.folds else 0
                print(
                    f"  round {turn + 1} {peer.name:20} {spent:8.1f} us/event {seconds:6.1f} s",
                    flush=True,
                )
    return report(cpu, wall, wrong, len(events), len(truth))


def report(
    cpu: dict[str, list[float]], wall: dict[str, list[float]], wrong: int, events: int, keys: int
) -> int:
    """Print medians, ratios and verdicts."""
    ours = cpu["consentlog worker"]
    print(f"\n{events} events, {keys} keys, {len(ours)} rounds; median (least to greatest)")
    for name, values in cpu.items():
        print(
            stage.row(name, values, "us CPU/event"), f" {statistics.median(wall[name]):6.1f} s wall"
        )
    missed = wrong > 0
    for name, values in cpu.items():
        if name == "consentlog worker":
            continue
        ratios = [peer / own for peer, own in zip(values, ours, strict=True)]
        bound = BOUNDS.get(name)
        median = statistics.median(ratios)
        verdict = (
            ""
            if bound is None
            else f"   bound {bound:g} x: {'holds' if median >= bound else 'MISSED'}"
        )
        missed |= bound is not None and median < bound
        print(f"{name} / worker: {median:.2f} x (worst {min(ratios):.2f}){verdict}")
    print(f"final states that differ from the pure fold: {wrong}")
    return 1 if missed else 0


if __name__ == "__main__":
    raise SystemExit(main())
