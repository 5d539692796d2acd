"""The history table in ClickHouse: one insert is one block of one partition."""

from __future__ import annotations

import time

from consentlog.clickhouse.client import ClickHouseClient
from consentlog.clickhouse.history_table import HISTORY, HISTORY_COLUMNS, HOLE_COLUMNS, HOLES
from consentlog.errors import FatalError
from sinks.batch import Batch
from sinks.intent import Cover, Intent
from sinks.tokens import TRIES, token_of

_INSIDE = """
SELECT count(), uniqExact(kafka_offset) FROM {database:Identifier}.consent_history
WHERE kafka_partition = {partition:UInt16}
  AND kafka_offset BETWEEN {first:UInt64} AND {last:UInt64}
"""
# In the order of the primary key, so that it reads one granule however long the history is.
_NEWEST = """
SELECT kafka_offset, leaf FROM {database:Identifier}.consent_history
WHERE kafka_partition = {partition:UInt16} ORDER BY kafka_partition DESC, kafka_offset DESC LIMIT 1
"""
_HOLE_END = """
SELECT max(last_offset), count() FROM {database:Identifier}.log_holes
WHERE kafka_partition = {partition:UInt16}
"""
_HOLES_INSIDE = """
SELECT sum(last_offset - first_offset + 1) FROM {database:Identifier}.log_holes
WHERE kafka_partition = {partition:UInt16}
  AND first_offset >= {first:UInt64} AND last_offset <= {last:UInt64}
"""


class ClickHouseHistory:
    """Reads and extends the history of one topic.

    Args:
        client: As a user with INSERT, and SELECT on coordinates and leaf.
        topic: The topic's name with prefix.
    """

    def __init__(self, client: ClickHouseClient, topic: str) -> None:
        self._client = client
        self._topic = topic

    def cover(self, partition: int, intent: Intent | None) -> Cover:
        """See `History.cover`."""
        rows, distinct = (0, 0) if intent is None else self._inside(partition, intent)
        newest = self.newest(partition)
        hole_end, holes = self._client.rows(_HOLE_END, partition=partition)[0]
        return Cover(rows, distinct, newest[0] if newest else None, hole_end if holes else None)

    def newest(self, partition: int) -> tuple[int, bytes] | None:
        """See `History.newest`."""
        found = self._client.rows(_NEWEST, as_bytes=True, partition=partition)
        return (found[0][0], found[0][1]) if found else None

    def insert(self, batch: Batch) -> None:
        """See `History.insert`."""
        self._client.insert(HISTORY, HISTORY_COLUMNS, batch.rows, batch.token)

    def record_hole(self, partition: int, first: int, last: int) -> None:
        """See `History.record_hole`."""
        what = f"hole/{self._topic}/{partition}/{first}-{last}"
        row = (self._topic, partition, first, last, int(time.time() * 1000))
        for attempt in range(TRIES):
            self._client.insert(HOLES, HOLE_COLUMNS, [row], token_of(what, attempt))
            if self._holes_inside(partition, first, last):
                return
        raise FatalError("CL-4112", partition=partition, first=first, last=last, tries=TRIES)

    def exactness(self, partition: int, first: int, last: int) -> tuple[int, int, int]:
        """See `History.exactness`."""
        rows, distinct = self._inside(partition, Intent(first, last, ""))
        return rows, distinct, self._holes_inside(partition, first, last)

    def _holes_inside(self, partition: int, first: int, last: int) -> int:
        found = self._client.rows(_HOLES_INSIDE, partition=partition, first=first, last=last)
        return int(found[0][0])

    def _inside(self, partition: int, intent: Intent) -> tuple[int, int]:
        found = self._client.rows(
            _INSIDE, partition=partition, first=intent.first, last=intent.last
        )
        rows, distinct = found[0]
        return int(rows), int(distinct)
