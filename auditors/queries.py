"""Named queries of the auditors, each as SQL that any ClickHouse client can run."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from consentlog.domain.subject import is_subject
from consentlog.errors import InvalidEvent

_PLACE: Final = re.compile(r"\{(\w+):(Identifier|String|UInt16|UInt64)\}")

_ENTITY: Final = re.compile(r"[ -~]{1,32}")
"""Printable ASCII, as ids of the registry are (rules of refusal 1)."""

_HISTORY: Final = """\
SELECT
    kafka_topic AS topic, kafka_partition AS partition, kafka_offset AS offset,
    subject, action, basis, hold_kind, entity, brand, campaign, purpose, channel,
    source, method, actor_type, actor_id, actor_role,
    evidence_source_ref AS source_ref, has_evidence,
    occurred_at, occurred_at_set_by, precision, zone, margin_ms, clock_wrong,
    recorded_at, accepted_at, ingested_at, until,
    lower(hex(event_id)) AS event_id, lower(hex(target)) AS target, lower(hex(leaf)) AS leaf,
    decoded, defect
FROM {database:Identifier}.consent_history
WHERE subject = {subject:String}%s
ORDER BY kafka_partition, kafka_offset"""

_OF_ENTITY: Final = """
  -- '*' is every entity; '' is a record that does not decode and may be about any
  AND entity IN ({entity:String}, '*', '')"""


@dataclass(frozen=True, slots=True)
class Query:
    """SQL with `{name:Type}` places, and the values that belong there."""

    sql: str
    values: Mapping[str, str | int]

    def inlined(self) -> str:
        """Return the SQL with every value in its place, quoted.

        So a number travels in the request's body and never in a URL, which servers and proxies
        write to their logs.
        """
        return _PLACE.sub(lambda place: _quoted(self.values[place[1]], place[2]), self.sql)


def history_of(database: str, subject: str, entity: str | None = None) -> Query:
    """Ask for everything the log holds about one number, in log order.

    Args:
        database: Database of the history.
        subject: E.164.
        entity: Only what concerns this entity; None = all.

    Raises:
        InvalidEvent: `CL-4110` if `subject` is no number; `CL-4111` if `entity` is no id.
    """
    if not is_subject(subject):
        raise InvalidEvent("CL-4110")
    values: dict[str, str | int] = {"database": database, "subject": subject}
    if entity is None:
        return Query(_HISTORY % "", values)
    if not _ENTITY.fullmatch(entity):
        raise InvalidEvent("CL-4111")
    return Query(_HISTORY % _OF_ENTITY, values | {"entity": entity})


def _quoted(value: str | int, kind: str) -> str:
    if kind.startswith("UInt"):
        return str(int(value))
    quote = "`" if kind == "Identifier" else "'"
    escaped = str(value).replace("\\", "\\\\").replace(quote, "\\" + quote)
    return f"{quote}{escaped}{quote}"
