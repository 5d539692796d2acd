"""What durability costs at the door: refusals over HTTP, on disk and in Kafka before the 202.

    python -m benchmarks.gateway [--rounds 5] [--seconds 4]

Two gateways with the same routes, keys, registry and rules, without rate limits: ours, whose 202
comes after SQLite's fsync and Kafka's acknowledgement, and one whose log answers at once and keeps
nothing. One by one with 16 clients, in lists of 100 with 4; the two take turns in each round, on
one Kafka node. Its topics are as in production, where replicas keep what a broker acknowledges; the
local stack's single node writes each event to disk instead, which is its own cost and not the
door's. Clients are bare sockets, so that they take little of the two cores. Afterwards every act
that was answered is counted in the log.

Bound: accepts a second, ours / without durability >= 0.4 (median of the rounds), for both forms.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from itertools import count
from pathlib import Path
from typing import Final, NamedTuple

from benchmarks import stage
from consentlog.http.clock import SystemClock
from consentlog.http.server import serve
from consentlog.kafka.reader import build_reader, watermarks
from consentlog.kafka.topics import EVENTS, PARTITIONS, create_topics
from consentlog.local.jars import ensure_jars
from consentlog.local.kafka_node import KafkaCluster, KafkaRuntime
from consentlog.local.settings import LocalSettings
from consentlog.observability.logging import configure_logging
from consentlog.ports import Delivered, NewRecord, Position
from consentlog.settings import HttpSettings, LogSettings
from producers.app import build_gateway
from producers.limits import LimitSettings
from tests.support.gateway import demo_reference, refusal
from tests.support.gateway_process import GatewayProcess, free_port

BOUND: Final = 0.4
CLIENTS: Final = {1: 16, 100: 4}
"""Clients by length of their lists."""
_NUMBERS = count()


class Taken(NamedTuple):
    """What one gateway did in one turn: acts, seconds, and each request's latency in ms."""

    acts: int
    seconds: float
    latencies_ms: Sequence[float]
    spooled: int

    @property
    def rate(self) -> float:
        """Acts a second."""
        return self.acts / self.seconds


class _NothingKept:
    """A log that answers at once."""

    def __init__(self) -> None:
        self._offsets = count()

    async def append(
        self, topic: str, key: bytes, value: bytes, headers: list[tuple[str, bytes]]
    ) -> Delivered:
        return Delivered(Position(0, next(self._offsets)))

    async def append_all(
        self, topic: str, records: Sequence[NewRecord], within_s: float | None = None
    ) -> list[Delivered]:
        return [Delivered(Position(0, next(self._offsets))) for _ in records]


def serve_bare(directory: Path, port: int) -> None:
    """Run the gateway without durability until killed."""
    configure_logging(LogSettings(format="json", level="WARNING"), "bare")
    reference, _ = demo_reference(directory)
    limits = LimitSettings(acts_per_second=0, burst_acts=1)
    app = build_gateway(reference, _NothingKept(), SystemClock(), limits=limits)
    serve(app, HttpSettings(host="127.0.0.1", port=port))


def _request(key: str, size: int, port: int) -> bytes:
    acts = []
    for _ in range(size):
        n = next(_NUMBERS)
        acts.append(refusal(number=f"139{n % 10**8:08}", source_ref=f"call-{n}"))
    body = json.dumps(acts if size > 1 else acts[0]).encode()
    head = (
        f"POST /v1/consent-events HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nX-API-Key: {key}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


async def _client(port: int, key: str, size: int, until: float) -> tuple[list[float], int]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    latencies, spooled = [], 0
    while time.perf_counter() < until:
        request = _request(key, size, port)
        started = time.perf_counter()
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n", 1)[0])
        body = await reader.readexactly(length)
        latencies.append((time.perf_counter() - started) * 1000)
        if not head.startswith(b"HTTP/1.1 202"):
            raise SystemExit(f"not accepted: {head!r} {body[:300]!r}")
        spooled += body.count(b'"spooled"')
    writer.close()
    await writer.wait_closed()
    return latencies, spooled


def turn(port: int, key: str, size: int, seconds: float) -> Taken:
    """Send for so long, and say what came of it."""

    async def go() -> list[tuple[list[float], int]]:
        until = time.perf_counter() + seconds
        jobs = (_client(port, key, size, until) for _ in range(CLIENTS[size]))
        return await asyncio.gather(*jobs)

    started = time.perf_counter()
    found = asyncio.run(go())
    took = time.perf_counter() - started
    latencies = [one for mine, _ in found for one in mine]
    return Taken(len(latencies) * size, took, latencies, sum(spooled for _, spooled in found))


@contextmanager
def both(directory: Path) -> Iterator[tuple[GatewayProcess, int, str]]:
    """Run Kafka, our gateway, and the bare one; yields ours, the other's port, Kafka's address."""
    settings = LocalSettings.read()
    runtime = KafkaRuntime(ensure_jars(settings.cache, settings.maven_repository))
    with ExitStack() as stack:
        cluster = stack.enter_context(KafkaCluster(directory / "kafka", runtime))
        create_topics(cluster.bootstrap)
        environment = {
            "CONSENTLOG_LOG__LEVEL": "WARNING",
            "CONSENTLOG_LIMITS__ACTS_PER_SECOND": "0",
            "CONSENTLOG_LIMITS__BURST_ACTS": "1",
        }
        ours = GatewayProcess(directory / "ours", cluster.bootstrap, settings=environment)
        stack.callback(ours.kill)
        port = free_port()
        argv = [sys.executable, "-m", "benchmarks.gateway", "--serve-bare", str(port)]
        bare = subprocess.Popen([*argv, "--directory", str(directory / "ours")], env=os.environ)
        stack.callback(bare.wait)
        stack.callback(bare.kill)
        ours.wait_for("/readyz", 200)
        _wait_open(port)
        yield ours, port, cluster.bootstrap


def _wait_open(port: int) -> None:
    async def knock() -> bool:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            return False
        writer.close()
        return True

    deadline = time.monotonic() + 30
    while not asyncio.run(knock()):
        if time.monotonic() > deadline:
            raise SystemExit("the bare gateway did not start")
        time.sleep(0.1)


def _in_log(bootstrap: str) -> int:
    reader = build_reader(bootstrap, "benchmark")
    try:
        return sum(watermarks(reader, EVENTS.name, p)[1] for p in range(PARTITIONS))
    finally:
        reader.close()


def main() -> int:
    """Run the rounds and print the table; exit 1 when a bound is missed or an act is."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=4)
    parser.add_argument("--serve-bare", type=int, metavar="PORT", help=argparse.SUPPRESS)
    parser.add_argument("--directory", type=Path, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.serve_bare:
        serve_bare(args.directory, args.serve_bare)
        return 0
    print(stage.machine(), flush=True)
    with tempfile.TemporaryDirectory() as directory, both(Path(directory)) as (ours, port, kafka):
        key = ours.keys["desk"]
        turns: dict[tuple[int, str], list[Taken]] = {}
        sent = 0
        for number in range(args.rounds + 1):
            for size in CLIENTS:
                for name, where in (("bare", port), ("ours", ours.port)):
                    found = turn(where, key, size, args.seconds)
                    sent += found.acts * (name == "ours")
                    if number:  # the first is the warm-up
                        turns.setdefault((size, name), []).append(found)
        ours.wait_for_metric("consentlog_spool_waiting_records", 0)
        in_log = _in_log(kafka)
    missed = [not _judged(turns, size) for size in CLIENTS]
    print(f"{sent} acts answered by ours, {in_log} records in the log")
    return 1 if any(missed) or in_log < sent else 0


def _judged(turns: dict[tuple[int, str], list[Taken]], size: int) -> bool:
    how = (
        f"lists of {size}, {CLIENTS[size]} clients"
        if size > 1
        else f"one by one, {CLIENTS[1]} clients"
    )
    for name, label in (("ours", "durable"), ("bare", "without durability")):
        found = turns[size, name]
        waits = sorted(one for taken in found for one in taken.latencies_ms)
        print(
            f"{how}, {label}: {statistics.median(one.rate for one in found):.0f} acts/s,"
            f" p50 {waits[len(waits) // 2]:.1f} ms, p99 {waits[len(waits) * 99 // 100]:.1f} ms"
            f" a request, {sum(one.spooled for one in found)} spooled"
        )
    pairs = zip(turns[size, "ours"], turns[size, "bare"], strict=True)
    ratios = sorted(own.rate / bare.rate for own, bare in pairs)
    ratio = statistics.median(ratios)
    held = ratio >= BOUND
    print(
        f"{how}: {ratio:.2f} of the rate without durability ({ratios[0]:.2f} to {ratios[-1]:.2f}),"
        f" bound {BOUND}: {'held' if held else 'MISSED'}",
        flush=True,
    )
    return held


if __name__ == "__main__":
    raise SystemExit(main())
