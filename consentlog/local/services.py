"""The services of the stack: what each runs, what it is told, when it counts as ready.

The order is the start order; stopping goes the other way round. Stages are started one after
another, each once the one before is ready: fold and sink check the log for truncation before the
gateway accepts.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pydantic import SecretStr

from consentlog.local.clickhouse_node import ClickHouseNode, answers, what_it_says
from consentlog.local.kafka_config import NodePorts
from consentlog.local.kafka_node import KafkaNode, KafkaRuntime
from consentlog.local.kafka_reach import brokers_listed
from consentlog.local.layout import Layout, load_passwords
from consentlog.local.ports import LOOPBACK
from consentlog.settings import ClickHouseSettings

STORES: Final = 0
CHORES: Final = 1
FOLLOWERS: Final = 2
DOORS: Final = 3


@dataclass(frozen=True, slots=True)
class Service:
    """One service.

    Attributes:
        name: Its name everywhere.
        argv: Program and arguments.
        env: What it is told beyond the common environment.
        is_ready: Asked until it says yes; may take some seconds.
        stage: Started together with the others of its stage.
        log: Where its output goes.
        reasons: Where its last words stand, if not in `log`.
        unready: Says what it lacks while it is not ready; None = its log has to.
        stop_seconds: How long a clean stop may take.
        ready_seconds: How long a start may take.
    """

    name: str
    argv: tuple[str, ...]
    env: Mapping[str, str]
    is_ready: Callable[[], bool]
    stage: int
    log: Path
    reasons: Path | None = None
    unready: Callable[[], str] | None = None
    stop_seconds: float = 10.0
    ready_seconds: float = 60.0


@dataclass(frozen=True, slots=True)
class Chore:
    """Something done once between two stages; returns what it did, one line each."""

    name: str
    needs: str
    run: Callable[[], list[str]]


NAMES: Final = ("kafka", "clickhouse", "fold", "sink", "gateway", "gate")


def plan_services(
    layout: Layout, ports: Mapping[str, int], runtime: KafkaRuntime
) -> tuple[Service, ...]:
    """Return every service of the stack.

    Args:
        layout: Of the data directory.
        ports: By name, as `openings.choose_ports` gives them.
        runtime: Kafka's jars and java.
    """
    probe = {"CONSENTLOG_HTTP__HOST": LOOPBACK}
    fold, sink = ({"CONSENTLOG_PROBE__PORT": str(ports[name])} for name in ("fold", "sink"))
    fold["CONSENTLOG_FOLD__DATA_DIR"] = str(layout.root / "faust")
    gateway, gate = (
        probe | {"CONSENTLOG_HTTP__PORT": str(ports[name])} for name in ("gateway", "gate")
    )
    gateway |= _gate_access(layout, ports) | {"CONSENTLOG_CODES__OUTBOX": str(layout.codes)}
    gateway["CONSENTLOG_SPOOL__DIRECTORY"] = str(layout.spool)
    gateway["CONSENTLOG_DESK__UPLOADS"] = str(layout.uploads)
    common = _common_environment(layout, ports)
    return (
        _kafka(layout, ports, runtime),
        _clickhouse(layout, ports),
        _python(layout, ("fold", "processors", FOLLOWERS), ports, common | fold),
        _python(layout, ("sink", "sinks", FOLLOWERS), ports, common | sink),
        _python(layout, ("gateway", "producers", DOORS), ports, common | gateway),
        _python(layout, ("gate", "dialers", DOORS), ports, common | gate),
    )


def plan_chores(layout: Layout, ports: Mapping[str, int]) -> tuple[Chore, ...]:
    """Return what is done between the stores and the services that use them."""
    from consentlog.kafka.topics import create_topics

    bootstrap = f"{LOOPBACK}:{ports['kafka']}"
    return (
        Chore("topics", "kafka", lambda: create_topics(bootstrap, local=True)),
        Chore("migrations", "clickhouse", lambda: _migrate(layout, ports)),
        Chore("reference files", "fold", lambda: _render(layout)),
        Chore("reference files", "gateway", lambda: _render(layout)),
        Chore("reference files", "gate", lambda: _render(layout)),
    )


def _migrate(layout: Layout, ports: Mapping[str, int]) -> list[str]:
    from consentlog.local.migrations import migrate_at

    password = SecretStr(load_passwords(layout).writer)
    url = f"http://{LOOPBACK}:{ports['clickhouse']}"
    return migrate_at(
        ClickHouseSettings(url=url, user="writer", password=password, database="consentlog")
    )


def _render(layout: Layout) -> list[str]:
    from consentlog.reference.demo import render

    render(layout.root)  # only what is missing: keys and edits of an earlier start stay
    return []


def kafka_node(layout: Layout, ports: Mapping[str, int], runtime: KafkaRuntime) -> KafkaNode:
    """Return the stack's node; its storage is not formatted yet."""
    node_ports = [NodePorts(ports["kafka"], ports["controller"])]
    log = layout.log_of("kafka")
    return KafkaNode(1, layout.kafka, node_ports, runtime, log=log)


def _kafka(layout: Layout, ports: Mapping[str, int], runtime: KafkaRuntime) -> Service:
    node = kafka_node(layout, ports, runtime)
    return Service(
        "kafka",
        tuple(node.argv),
        {},
        lambda: brokers_listed(node.address, 1),
        STORES,
        layout.log_of("kafka-output"),
        reasons=node.log,
        stop_seconds=15.0,
    )


def _clickhouse(layout: Layout, ports: Mapping[str, int]) -> Service:
    passwords = load_passwords(layout)
    node = ClickHouseNode(
        layout.clickhouse, ports["clickhouse"], passwords.writer, passwords.auditor
    )
    return Service(
        "clickhouse",
        tuple(node.argv),
        node.env,
        lambda: answers(f"{node.access.url}/ping"),
        STORES,
        layout.log_of("clickhouse"),
        stop_seconds=12.0,
    )


def _python(
    layout: Layout,
    what: tuple[str, str, int],
    ports: Mapping[str, int],
    env: Mapping[str, str],
) -> Service:
    name, package, stage = what
    ready = f"http://{LOOPBACK}:{ports[name]}/readyz"
    return Service(
        name,
        (sys.executable, "-P", "-m", package),
        env,
        lambda: answers(ready, 2.0),
        stage,
        layout.log_of(name),
        unready=lambda: what_it_says(ready),
    )


def _gate_access(layout: Layout, ports: Mapping[str, int]) -> dict[str, str]:
    """Tell the gateway where to ask what its preference page shows.

    A directory that was made before there was such a key has none; its page says that nothing is
    known.
    """
    _render(layout)
    key = json.loads(layout.keys.read_text("utf-8")).get("web")
    if key is None:
        return {}
    url = f"http://{LOOPBACK}:{ports['gate']}"
    return {"CONSENTLOG_GATE__URL": url, "CONSENTLOG_GATE__KEY": key}


def _common_environment(layout: Layout, ports: Mapping[str, int]) -> dict[str, str]:
    return {
        "CONSENTLOG_KAFKA__BOOTSTRAP_SERVERS": f"{LOOPBACK}:{ports['kafka']}",
        "CONSENTLOG_CLICKHOUSE__URL": f"http://{LOOPBACK}:{ports['clickhouse']}",
        "CONSENTLOG_CLICKHOUSE__USER": "writer",
        "CONSENTLOG_CLICKHOUSE__PASSWORD": load_passwords(layout).writer,
        "CONSENTLOG_REGISTRY_FILE": str(layout.registry),
        "CONSENTLOG_POLICY_FILE": str(layout.policy),
        "CONSENTLOG_SECRETS_FILE": str(layout.secrets),
        "CONSENTLOG_LOG__FORMAT": "json",
    }
