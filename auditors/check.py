"""Compares history and log: every offset once, as a row with the log's own bytes or as a hole."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Final

from consentlog.clickhouse.client import ClickHouseClient
from consentlog.domain.leaf import leaf_hash
from consentlog.ports import Record

_CHUNK: Final = 5000
_SHOWN: Final = 5

_COUNTS: Final = """
SELECT count(), uniqExact(kafka_offset), max(kafka_offset)
FROM {database:Identifier}.consent_history WHERE kafka_partition = {partition:UInt16}
"""
_HOLES: Final = """
SELECT sum(last_offset - first_offset + 1) FROM
(SELECT DISTINCT first_offset, last_offset FROM {database:Identifier}.log_holes
 WHERE kafka_partition = {partition:UInt16})
"""
_STORED: Final = """
SELECT kafka_offset, kafka_topic, toUnixTimestamp64Milli(ingested_at), kafka_key, kafka_headers,
       kafka_value, leaf
FROM {database:Identifier}.consent_history
WHERE kafka_partition = {partition:UInt16}
  AND kafka_offset BETWEEN {first:UInt64} AND {last:UInt64} ORDER BY kafka_offset
"""


@dataclass(frozen=True, slots=True)
class PartitionReport:
    """One partition at rest: counts, and one sentence per finding (none = exact).

    `log_end` is the next offset of the log, `behind` how many of its offsets the history has not
    reached yet.
    """

    partition: int
    rows: int
    distinct: int
    holes: int
    log_end: int
    behind: int
    compared: int = 0
    findings: list[str] = field(default_factory=list)

    @property
    def is_exact(self) -> bool:
        """Whether `rows == distinct` and rows and holes together make up the whole log."""
        return not self.findings


def check_counts(client: ClickHouseClient, partition: int, log_end: int) -> PartitionReport:
    """Check `count == uniqExact(offset) == log end`, holes counted beside.

    Args:
        client: As a user that may read the history.
        partition: Partition to check.
        log_end: The log's next offset.

    Raises:
        TransientError: If ClickHouse does not answer.
        FatalError: If it refuses.
    """
    rows, distinct, newest = client.rows(_COUNTS, partition=partition)[0]
    holes = int(client.rows(_HOLES, partition=partition)[0][0])
    reached = newest + 1 if rows else 0
    report = PartitionReport(
        partition, rows, distinct, holes, log_end, max(0, log_end - rows - holes)
    )
    if rows != distinct:
        report.findings.append(f"{rows - distinct} rows stand twice")
    if reached > log_end:
        report.findings.append(f"the history reaches {reached}, the log ends at {log_end}")
    elif distinct + holes != log_end:
        missing = log_end - distinct - holes
        report.findings.append(f"{missing} of the log's offsets are not in the history")
    return report


def compare_bytes(
    client: ClickHouseClient, records: Iterable[Record], report: PartitionReport
) -> PartitionReport:
    """Compare each record of the log with its row, and each row's bytes with its leaf.

    Args:
        client: As a user that may read the history.
        records: The partition's records in log order.
        report: What `check_counts` found; its findings are kept.
    """
    compared = 0
    findings = list(report.findings)
    for chunk in _chunks(records):
        stored = _stored(client, report.partition, chunk[0].offset, chunk[-1].offset)
        wrong = [one.offset for one in chunk if stored.get(one.offset) != _leaf(one)]
        compared += len(chunk)
        if wrong:
            shown = ", ".join(map(str, wrong[:_SHOWN])) + ("…" if len(wrong) > _SHOWN else "")
            findings.append(f"{len(wrong)} rows differ from the log, at offsets {shown}")
    return PartitionReport(
        report.partition,
        report.rows,
        report.distinct,
        report.holes,
        report.log_end,
        report.behind,
        compared,
        findings,
    )


def _chunks(records: Iterable[Record]) -> Iterator[list[Record]]:
    source = iter(records)
    while chunk := list(islice(source, _CHUNK)):
        yield chunk


def _stored(
    client: ClickHouseClient, partition: int, first: int, last: int
) -> dict[int, bytes | None]:
    """Return the leaf of each row, or None where the row's own bytes do not hash to it."""
    found = client.rows(_STORED, as_bytes=True, partition=partition, first=first, last=last)
    leaves: dict[int, bytes | None] = {}
    for offset, topic, append_ms, key, headers, value, leaf in found:
        pairs = [(one["name"].decode(), one["value"]) for one in headers]
        again = leaf_hash(_text(topic), partition, offset, append_ms, key, pairs, value)
        leaves[offset] = leaf if again == leaf else None
    return leaves


def _text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


def _leaf(record: Record) -> bytes:
    return leaf_hash(*record[:5], record.headers, record.value)
