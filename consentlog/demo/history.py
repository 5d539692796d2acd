"""Reads the day's history back from ClickHouse, as an auditor can."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from consentlog.clickhouse.client import ClickHouseClient
from consentlog.observability.masking import mask

_SQL: Final = """
SELECT kafka_partition, kafka_offset, subject, decoded, action, source, method, actor_id,
       lower(hex(event_id)) AS event_id, event_id IS NULL AS no_id,
       occurred_at, recorded_at, accepted_at, ingested_at
FROM {database:Identifier}.consent_history
ORDER BY kafka_partition, kafka_offset
"""
_POLL_S: Final = 0.2


@dataclass(frozen=True, slots=True)
class HistoryRow:
    """One record of the log as the history has it; `number` is masked, `event_id` is hex.

    The four clocks are aware UTC.
    """

    partition: int
    offset: int
    number: str
    what: str
    event_id: str | None
    method: str
    actor: str
    occurred_at: datetime | None
    recorded_at: datetime | None
    accepted_at: datetime | None
    ingested_at: datetime

    @property
    def token(self) -> str:
        """Its place in the log, `<partition>:<offset>`."""
        return f"{self.partition}:{self.offset}"


def read_history(
    client: ClickHouseClient, ends: Mapping[int, int], patience_s: float = 20.0
) -> list[HistoryRow]:
    """Read the whole history once it reaches the end of the log.

    Args:
        client: Connected, as a user who may read.
        ends: Next offset of each partition of the log.
        patience_s: Seconds to wait for the sink; then whatever is there is returned, for the
            judge to find what is missing.

    Returns:
        Rows by partition, in log order.
    """
    return _until(lambda: _read(client), sum(ends.values()), time.monotonic() + patience_s)


def _until(read: Callable[[], list[HistoryRow]], count: int, deadline: float) -> list[HistoryRow]:
    while True:
        rows = read()
        if len(rows) >= count or time.monotonic() > deadline:
            return rows
        time.sleep(_POLL_S)


def _read(client: ClickHouseClient) -> list[HistoryRow]:
    return [_row(document) for document in client.documents(_SQL)]


def _row(found: Mapping[str, Any]) -> HistoryRow:
    what = f"{found['action']}@{found['source']}" if found["decoded"] else "undecodable"
    return HistoryRow(
        partition=found["kafka_partition"],
        offset=found["kafka_offset"],
        number=mask(found["subject"]),
        what=what,
        event_id=None if found["no_id"] else found["event_id"],
        method=found["method"],
        actor=found["actor_id"],
        occurred_at=found["occurred_at"],
        recorded_at=found["recorded_at"],
        accepted_at=found["accepted_at"],
        ingested_at=found["ingested_at"],
    )
