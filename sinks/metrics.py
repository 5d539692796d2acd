"""What the sink counts; labels are partitions, never numbers."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Final

from prometheus_client import Counter, Gauge, Histogram

from consentlog.clickhouse.history_table import HISTORY_COLUMNS
from consentlog.observability.logging import get_logger
from consentlog.ports import Record
from sinks.batch import Batch

_log = get_logger(__name__)
_OCCURRED_AT: Final = list(HISTORY_COLUMNS).index("occurred_at")
_DECODED: Final = list(HISTORY_COLUMNS).index("decoded")

_SECONDS: Final = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 30, 60, 300, 3600)

ROWS: Final = Counter("consentlog_sink_rows_total", "Rows inserted", ["partition"])
UNDECODABLE: Final = Counter(
    "consentlog_sink_undecodable_total", "Records stored as they are", ["partition"]
)
HOLES: Final = Counter("consentlog_sink_holes_total", "Holes of the log noted", ["partition"])
NEXT_OFFSET: Final = Gauge(
    "consentlog_sink_next_offset", "Next offset of the log to be inserted", ["partition"]
)
INSERT_SECONDS: Final = Histogram(
    "consentlog_sink_insert_seconds", "Intent, fence and insert of one batch", buckets=_SECONDS
)
HISTORY_LATENCY_SECONDS: Final = Histogram(
    "consentlog_history_latency_seconds",
    "From the log's append time to the row, oldest record of each batch",
    buckets=_SECONDS,
)
ACT_LATENCY_SECONDS: Final = Histogram(
    "consentlog_occurred_to_history_seconds",
    "From the person's act to the row, oldest record of each batch",
    buckets=_SECONDS,
)
RETRIES: Final = Counter("consentlog_sink_retries_total", "Attempts put off", ["reason"])
WAITING: Final = Gauge(
    "consentlog_sink_waiting", "1 while Kafka or ClickHouse does not answer and inserts stand still"
)
SETTLED: Final = Gauge("consentlog_sink_settled_partitions", "Owned partitions past their checks")
OWNED: Final = Gauge("consentlog_sink_owned_partitions", "Partitions owned")


def note_batch(partition: int, batch: Batch, records: Sequence[Record], seconds: float) -> None:
    """Count one insert that succeeded and log it.

    Args:
        partition: Its partition.
        batch: What was inserted.
        records: The records it was made of.
        seconds: How long intent, fence and insert took.
    """
    now_ms = time.time() * 1000
    acts = [at for row in batch.rows if (at := row[_OCCURRED_AT]) is not None]
    broken = sum(not row[_DECODED] for row in batch.rows)
    ROWS.labels(partition).inc(len(batch.rows))
    UNDECODABLE.labels(partition).inc(broken)
    NEXT_OFFSET.labels(partition).set(batch.intent.last + 1)
    INSERT_SECONDS.observe(seconds)
    HISTORY_LATENCY_SECONDS.observe(max(0.0, (now_ms - records[0].append_ms) / 1000))
    if acts:
        ACT_LATENCY_SECONDS.observe(max(0.0, (now_ms - min(acts)) / 1000))
    _log.info(
        "batch_written",
        partition=partition,
        first=batch.intent.first,
        last=batch.intent.last,
        undecodable=broken,
        seconds=round(seconds, 4),
    )
