"""Settings of the sink."""

from __future__ import annotations

from pydantic import Field

from consentlog.settings import (
    ClickHouseSettings,
    Group,
    KafkaSettings,
    ProbeSettings,
    ServiceSettings,
)


class TuningSettings(Group):
    """How the sink cuts the log into inserts, and how long it waits."""

    batch_rows: int = Field(
        5000, ge=1, le=50_000, description="most rows of an insert; far below max_insert_block_size"
    )
    batch_bytes: int = Field(
        8 * 1024 * 1024, ge=1024, description="most value bytes of an insert: memory, one block"
    )
    linger_ms: int = Field(
        500,
        ge=0,
        le=60_000,
        description="longest wait of a record for others, ms",
    )
    check_interval_seconds: float = Field(
        60, gt=0, description="time between two exactness checks of a partition"
    )
    backoff_max_seconds: float = Field(
        10, gt=0, description="longest wait between two attempts while ClickHouse is away"
    )


class SinkSettings(ServiceSettings):
    """Everything the sink is told."""

    kafka: KafkaSettings
    clickhouse: ClickHouseSettings
    probe: ProbeSettings = ProbeSettings(port=0)
    sink: TuningSettings = TuningSettings()
