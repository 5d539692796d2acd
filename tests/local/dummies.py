"""A table of two stand-in services, one after the other, for the supervisor's tests."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence

from consentlog.local.clickhouse_node import answers
from consentlog.local.kafka_node import KafkaRuntime
from consentlog.local.layout import Layout
from consentlog.local.services import DOORS, FOLLOWERS, Chore, Service


def dummy(layout: Layout, name: str, port: int, stage: int) -> Service:
    """Return a service that serves /readyz."""
    return Service(
        name,
        (sys.executable, "-m", "tests.support.dummy_service", str(port)),
        {},
        lambda: answers(f"http://127.0.0.1:{port}/readyz"),
        stage,
        layout.log_of(name),
        stop_seconds=3.0,
        ready_seconds=20.0,
    )


def two_dummies(
    layout: Layout, ports: Mapping[str, int], _runtime: KafkaRuntime
) -> Sequence[Service]:
    """`first` in an earlier stage than `second`."""
    return (
        dummy(layout, "first", ports["fold"], FOLLOWERS),
        dummy(layout, "second", ports["gate"], DOORS),
    )


def no_chores(_layout: Layout, _ports: Mapping[str, int]) -> Sequence[Chore]:
    """Nothing between the stages."""
    return ()
