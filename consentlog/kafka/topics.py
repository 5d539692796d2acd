"""Every topic there is, with its settings and the reason for each; the only creator of topics."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import (  # type: ignore[attr-defined]  # re-exported without __all__
    AdminClient,
    ConfigResource,
    NewTopic,
    ResourceType,
)

from consentlog.errors import FatalError

PARTITIONS: Final = 12
"""Partitions of every per-number topic.

For the life of the topic (docs/adr/0001-key-and-partitions.md).
"""

_DAY_MS: Final = 86_400_000


@dataclass(frozen=True, slots=True)
class TopicSpec:
    """One topic: its name without prefix, what its key is.

    And the settings that carry a guarantee.
    """

    name: str
    key: str
    partitions: int
    config: Mapping[str, str] = field(default_factory=dict)

    def named(self, prefix: str) -> str:
        """Return the topic's name on a cluster that uses `prefix`."""
        return prefix + self.name


_LOG = {"cleanup.policy": "delete", "retention.ms": "-1", "message.timestamp.type": "LogAppendTime"}

EVENTS: Final = TopicSpec("consent.events.v1", "E.164", PARTITIONS, _LOG)
STATE: Final = TopicSpec(
    "consent.state.v1",
    "E.164",
    PARTITIONS,
    {
        "cleanup.policy": "compact",
        "message.timestamp.type": "LogAppendTime",
        # Ten minutes of uncompacted tail let an owner put a zombie's record right before the good
        # one is compacted away; a week of deletes lets a dialer that was down miss nothing.
        "min.compaction.lag.ms": "600000",
        "max.compaction.lag.ms": str(_DAY_MS),
        "delete.retention.ms": str(7 * _DAY_MS),
        "segment.ms": "3600000",
        "segment.bytes": str(64 * 1024 * 1024),
        "min.cleanable.dirty.ratio": "0.1",
    },
)
REVIEWS: Final = TopicSpec("review.events.v1", "review id", 1, _LOG)
# Five years and a leap day more: that reports came, and when they did not, is part of the proof.
WATERMARKS: Final = TopicSpec(
    "dialer.watermarks.v1", "reporter", 1, _LOG | {"retention.ms": str(1827 * _DAY_MS)}
)

TOPICS: Final = (EVENTS, STATE, REVIEWS, WATERMARKS)


def create_topics(
    bootstrap: str, prefix: str = "", *, replication: int = 1, local: bool = False
) -> list[str]:
    """Create what is missing.

    Args:
        bootstrap: Broker addresses.
        prefix: Put before each name.
        replication: Replication factor; 3 in production, then `min.insync.replicas=2`.
        local: One node without replicas: fsync each record of the events topic instead.

    Returns:
        Names of the topics created now; empty if all were there.

    Raises:
        FatalError: `CL-7002` if the cluster refuses a topic.
    """
    admin = AdminClient({"bootstrap.servers": bootstrap, "log_level": 3})
    wanted = []
    for spec in TOPICS:
        config = dict(spec.config)
        if replication >= 3:
            config |= {"min.insync.replicas": "2", "unclean.leader.election.enable": "false"}
        if local and spec is EVENTS:
            config["flush.messages"] = "1"
        wanted.append(NewTopic(spec.named(prefix), spec.partitions, replication, config=config))
    created = []
    for name, future in admin.create_topics(wanted, operation_timeout=15).items():
        try:
            future.result(30)
        except KafkaException as exc:
            if exc.args[0].code() != KafkaError.TOPIC_ALREADY_EXISTS:
                raise FatalError("CL-7002", topic=name, reason=exc.args[0].str()) from exc
        else:
            created.append(name)
    return created


def check_topics(bootstrap: str, prefix: str = "") -> list[str]:
    """Compare the cluster with the table.

    Args:
        bootstrap: Broker addresses.
        prefix: Put before each name.

    Returns:
        One sentence per difference: missing topic, other partition count, other setting. Empty =
        all well.
    """
    admin = AdminClient({"bootstrap.servers": bootstrap, "log_level": 3})
    there = admin.list_topics(timeout=10).topics
    differences = []
    for spec in TOPICS:
        name = spec.named(prefix)
        if name not in there:
            differences.append(f"{name}: missing")
            continue
        if (count := len(there[name].partitions)) != spec.partitions:
            differences.append(f"{name}: {count} partitions, must be {spec.partitions}")
        resource = ConfigResource(ResourceType.TOPIC, name)
        actual = admin.describe_configs([resource])[resource].result(15)
        differences += [
            f"{name}: {key}={actual[key].value}, must be {value}"
            for key, value in spec.config.items()
            if actual[key].value != value
        ]
    return differences
