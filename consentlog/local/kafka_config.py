"""What one KRaft node is told: its properties file and its logging.

Measured on Apache Kafka 4.3.1; the reason stands beside each setting.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from consentlog.local.ports import LOOPBACK


@dataclass(frozen=True, slots=True)
class NodePorts:
    """Loopback ports of one node: its clients' and its controller's."""

    broker: int
    controller: int


def node_properties(
    node_id: int, ports: Sequence[NodePorts], data: Path, overrides: Mapping[str, str]
) -> dict[str, str]:
    """Return the properties of one combined broker and controller.

    Args:
        node_id: From 1.
        ports: Of every node of the cluster, node 1 first.
        data: Its log directory.
        overrides: Settings that win over these.
    """
    own = ports[node_id - 1]
    listeners = f"PLAINTEXT://{LOOPBACK}:{own.broker},CONTROLLER://{LOOPBACK}:{own.controller}"
    voters = ",".join(
        f"{number}@{LOOPBACK}:{node.controller}" for number, node in enumerate(ports, 1)
    )
    return {
        "process.roles": "broker,controller",
        "node.id": str(node_id),
        "listeners": listeners,
        "advertised.listeners": listeners,
        "controller.listener.names": "CONTROLLER",
        "listener.security.protocol.map": "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT",
        "inter.broker.listener.name": "PLAINTEXT",
        "controller.quorum.voters": voters,
        "log.dirs": str(data),
        **_replication(len(ports)),
        **_TUNING,
        **overrides,
    }


def _replication(size: int) -> dict[str, str]:
    """Without these a single node waits for ever for the second replica of its own topics."""
    factor, in_sync = str(min(3, size)), "2" if size >= 3 else "1"
    return {
        "default.replication.factor": factor,
        "min.insync.replicas": in_sync,
        "offsets.topic.replication.factor": factor,
        "transaction.state.log.replication.factor": factor,
        "transaction.state.log.min.isr": in_sync,
        "share.coordinator.state.topic.replication.factor": factor,
        "share.coordinator.state.topic.min.isr": in_sync,
    }


_TUNING = {
    "auto.create.topics.enable": "false",
    "offsets.topic.num.partitions": "4",
    "transaction.state.log.num.partitions": "4",
    "group.initial.rebalance.delay.ms": "0",
    # A failover must end before a producer's delivery timeout (8 s): 9 s by default, 2.9-6.6 s so.
    "broker.session.timeout.ms": "3000",
    "broker.heartbeat.interval.ms": "500",
    "log.cleaner.dedupe.buffer.size": str(16 * 1024 * 1024),
    "num.network.threads": "2",
    "num.io.threads": "4",
    "background.threads": "4",
}


def render_properties(properties: Mapping[str, str]) -> str:
    """Render a properties file; backslashes are escaped, as java.util.Properties wants it."""
    rows = (f"{key}={value}".replace("\\", "\\\\") for key, value in properties.items())
    return "\n".join(rows) + "\n"


def log4j_config(log: Path) -> str:
    """Return log4j2's YAML: one file of at most 10 MB and one older beside it."""
    return f"""\
Configuration:
  status: error
  Appenders:
    RollingFile:
      name: FILE
      fileName: "{log}"
      filePattern: "{log}.%i"
      PatternLayout: {{pattern: "[%d] %p %m (%c)%n"}}
      Policies: {{SizeBasedTriggeringPolicy: {{size: 10MB}}}}
      DefaultRolloverStrategy: {{max: 1}}
  Loggers:
    Root: {{level: INFO, AppenderRef: [{{ref: FILE}}]}}
"""
