"""What every benchmark stands on.

A Kafka of its own, made-up events, and a line about the machine.
"""

from __future__ import annotations

import os
import platform
import random
import statistics
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path

from consentlog.domain.events import ConsentEvent
from consentlog.domain.facts import Fact
from consentlog.domain.vocabulary import (
    Action,
    ActorType,
    Basis,
    Channel,
    HoldKind,
    Method,
    Precision,
    Purpose,
    SetBy,
)
from consentlog.local.jars import ensure_jars
from consentlog.local.kafka_node import KafkaCluster, KafkaRuntime
from consentlog.local.settings import LocalSettings
from consentlog.wire.evidence import Evidence, encode_evidence

NOON_MS = 1_763_784_000_000


@contextmanager
def kafka() -> Iterator[str]:
    """Run one Kafka node in a temporary directory; yields its bootstrap address."""
    settings = LocalSettings.read()
    runtime = KafkaRuntime(ensure_jars(settings.cache, settings.maven_repository))
    with (
        tempfile.TemporaryDirectory(prefix="consentlog-bench-") as directory,
        KafkaCluster(Path(directory), runtime) as cluster,
    ):
        yield cluster.bootstrap


def machine() -> str:
    """Name the machine and the versions that matter."""
    names = ("confluent-kafka", "faust-streaming", "aiokafka", "fastavro")
    versions = ", ".join(f"{name} {version(name)}" for name in names)
    load = ", ".join(f"{one:.1f}" for one in os.getloadavg())
    return (
        f"{platform.machine()}, {os.cpu_count()} cores, load {load}, "
        f"Python {platform.python_version()}, Apache Kafka 4.3.1 (one node, loopback)\n{versions}"
    )


def made_up_events(count: int, keys: int, seed: int) -> Iterator[ConsentEvent]:
    """Make events of made-up numbers: three refusals to one grant, every one an act of its own."""
    chance = random.Random(seed)
    for n in range(count):
        grants = n % 4 == 3
        acted_ms = NOON_MS + n
        fact = Fact(
            chance.randbytes(16),
            Action.GRANTED if grants else Action.REFUSED,
            Basis.UNKNOWN if grants else Basis.OBJECTION,
            "acme", None, None, Purpose.MARKETING, Channel.ALL,
            acted_ms, SetBy.SOURCE, Precision.INSTANT, "Asia/Shanghai", False, 5000,
            acted_ms + 700, None, None, HoldKind.UNKNOWN, "desk", Method.APP,
            f"agent-{n % 50}", ActorType.AGENT, "", True,
        )  # fmt: skip
        subject = f"+86138{chance.randrange(keys):08d}"
        evidence = Evidence(verbatim="不要再打了", source_ref=f"call-{n}")
        yield ConsentEvent(subject, fact, acted_ms + 500, "", encode_evidence(evidence))


def row(name: str, values: Sequence[float], unit: str) -> str:
    """Format median, least and greatest of a figure."""
    low, high = min(values), max(values)
    return f"{name:34} {statistics.median(values):9.2f} {unit}   ({low:.2f} to {high:.2f})"
