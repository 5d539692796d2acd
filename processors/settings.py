"""Settings of the fold worker; the only file of this room that reads the environment."""

from __future__ import annotations

import tempfile
from pathlib import Path

from pydantic import Field

from consentlog.kafka.topics import STATE
from consentlog.settings import Group, KafkaSettings, ProbeSettings, ServiceSettings
from processors.transport import TransportSettings

GROUP_ID = "consent.fold.v1"


class FoldTuning(Group):
    """Limits of the fold; the defaults were measured (docs/adr/0004-faust-transport.md)."""

    session_timeout_ms: int = Field(10_000, ge=6_000, description="group session")
    heartbeat_interval_ms: int = Field(3_000, ge=100, description="at most a third of it")
    delivery_timeout_ms: int = Field(
        8_000,
        ge=1_000,
        description="above a failover, below session - heartbeat: a stopped worker's records must "
        "not be written after its replacement's",
    )
    linger_ms: float = Field(0, ge=0, le=5, description="wait for more state records, ms")
    progress_seconds: float = Field(1, gt=0, description="time between two progress records")
    stall_seconds: float = Field(20, gt=0, description="loading a view without any progress")
    rebuild_after_ms: int = Field(
        int(STATE.config["min.compaction.lag.ms"]) // 2,
        gt=0,
        description="a view whose newest progress record is older is made again from the events",
    )
    data_dir: Path = Field(
        Path(tempfile.gettempdir()) / "consentlog-fold", description="folder Faust keeps empty"
    )


class FoldSettings(ServiceSettings):
    """What the worker is told."""

    kafka: KafkaSettings
    probe: ProbeSettings = ProbeSettings(port=0)
    fold: FoldTuning = FoldTuning()

    def transport(self) -> TransportSettings:
        """Return the transport's part."""
        return TransportSettings(
            bootstrap_servers=self.kafka.bootstrap_servers,
            group_id=self.kafka.topic_prefix + GROUP_ID,
            client_id="consentlog.fold",
            session_timeout_ms=self.fold.session_timeout_ms,
            heartbeat_interval_ms=self.fold.heartbeat_interval_ms,
        )
