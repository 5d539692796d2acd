"""Reads `policy.toml`: no row looser than the law, no two that contradict each other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from consentlog.domain.hours import Hours
from consentlog.domain.policy import (
    ANYWHERE,
    BUILT_IN_DAYS,
    DEFAULT_ROW,
    DRAFT,
    Policy,
    PolicyRow,
    What,
    is_looser,
)
from consentlog.domain.registry import Registry
from consentlog.domain.vocabulary import Channel, Purpose
from consentlog.errors import FatalError
from consentlog.reference.document import Document, read_document
from consentlog.reference.policy_rows import DeploymentRow, LegalRow, prescribed_by
from consentlog.reference.rows import ms_of

_DEPLOYMENT: Final = "deployment"
_TWICE: Final = f"this id stands twice, or is `{DEFAULT_ROW}`, which stands for no row"


@dataclass(frozen=True, slots=True)
class _Written:
    """A row, and where it stands in the file."""

    table: str
    number: int
    row: PolicyRow


def load_policy(path: Path, registry: Registry | None = None) -> Policy:
    """Read the policy rows: legal ones with citation, and the deployment's own.

    Args:
        path: `policy.toml` (docs/reference-data.md).
        registry: Knows the entities that rows may name; without it their names are not checked.

    Returns:
        All rows; the stricter of several that hold at once wins when they are asked. Drafts are
        kept to be shown, and bind nobody.

    Raises:
        FatalError: `CL-6060` if the file cannot be read; `CL-6061` for an unknown or wrong field, a
            value that its `what` does not have, an id given twice, an entity that nobody knows, or
            two rows that cannot both be meant; `CL-6062` if a row of the deployment is looser than
            a legal row that may hold at the same time for the same contact, or than the rules of
            refusal. Each with file, line and reason.
    """
    doc = read_document(path)
    doc.only("version", "legal", _DEPLOYMENT)
    doc.check_version()
    law = [
        _Written("legal", number, _row(row, row.citation, row.confidence))
        for number, row in enumerate(doc.rows("legal", LegalRow))
    ]
    own = [
        _Written(_DEPLOYMENT, number, _row(row, row.reason, _DEPLOYMENT))
        for number, row in enumerate(doc.rows(_DEPLOYMENT, DeploymentRow))
    ]
    written = [*law, *own]
    _check_names(doc, written, registry)
    _check_law(doc, own, law)
    _check_each_other(doc, written)
    return Policy(tuple(each.row for each in written))


def _row(row: LegalRow | DeploymentRow, citation: str, confidence: str) -> PolicyRow:
    return PolicyRow(
        row.id,
        row.jurisdiction,
        What(row.what),
        prescribed_by(row.what, row.value),
        ms_of(row.from_) or 0,
        ms_of(row.to),
        citation,
        confidence,
        row.entity,
        Purpose(row.purpose) if row.purpose else None,
        Channel(row.channel) if row.channel else None,
    )


def _check_names(doc: Document, written: Sequence[_Written], registry: Registry | None) -> None:
    seen: set[str] = set()
    for each in written:
        entity = each.row.entity
        if each.row.id in seen or each.row.id == DEFAULT_ROW:
            doc.refuse(each.table, each.number, _TWICE, each.row.id)
        if registry is not None and entity is not None and entity not in registry.entities:
            reason = f"the registry does not know the entity {entity}"
            doc.refuse(each.table, each.number, reason, each.row.id)
        seen.add(each.row.id)


def _check_law(doc: Document, own: Sequence[_Written], law: Sequence[_Written]) -> None:
    for mine in own:
        row = mine.row
        least = BUILT_IN_DAYS.get(row.what)
        if least is not None and is_looser(row.what, row.value, least):
            _refuse_looser(doc, mine, DEFAULT_ROW, f"rules of refusal 9: {least} days")
        for other in law:
            if _may_meet(row, other.row) and is_looser(row.what, row.value, other.row.value):
                _refuse_looser(doc, mine, other.row.id, other.row.citation)


def _refuse_looser(doc: Document, mine: _Written, legal: str, citation: str) -> None:
    line = doc.line_of(mine.table, mine.number)
    raise FatalError(
        "CL-6062", file=doc.file, line=line, row=mine.row.id, legal=legal, citation=citation
    )


def _check_each_other(doc: Document, written: Sequence[_Written]) -> None:
    for at, one in enumerate(written):
        for other in written[:at]:
            if not _may_meet(one.row, other.row):
                continue
            where = f"row {other.row.id} (line {doc.line_of(other.table, other.number)})"
            if _share_no_minute(one.row, other.row):
                reason = f"no minute of the day lies in its hours and in those of {where}"
                doc.refuse(one.table, one.number, reason, one.row.id)
            if _contradict(one, other):
                reason = f"{where} says otherwise for the same contacts at the same time"
                doc.refuse(one.table, one.number, reason, one.row.id)


def _contradict(one: _Written, other: _Written) -> bool:
    """Two laws may differ, and the stricter wins; one deployment that says two things errs."""
    return (
        one.table == other.table == _DEPLOYMENT
        and one.row.value != other.row.value
        and _scope(one.row) == _scope(other.row)
    )


def _scope(row: PolicyRow) -> tuple[object, ...]:
    return row.jurisdiction, row.entity, row.purpose, row.channels


def _share_no_minute(one: PolicyRow, other: PolicyRow) -> bool:
    mine, yours = one.value, other.value
    if not isinstance(mine, Hours) or not isinstance(yours, Hours):
        return False
    return mine.opens_minute >= yours.closes_minute or yours.opens_minute >= mine.closes_minute


def _may_meet(one: PolicyRow, other: PolicyRow) -> bool:
    """Tell whether both rows can bind one contact at one instant; drafts bind none.

    Regions that differ do not meet: of a number whose region is not known, the stricter holds.
    """
    return (
        one.what is other.what
        and DRAFT not in (one.confidence, other.confidence)
        and (one.to_ms is None or other.from_ms < one.to_ms)
        and (other.to_ms is None or one.from_ms < other.to_ms)
        and _alike(one.jurisdiction, other.jurisdiction, ANYWHERE)
        and _alike(one.entity, other.entity, None)
        and _alike(one.purpose, other.purpose, None)
        and not set(one.channels).isdisjoint(other.channels)
    )


def _alike(one: str | None, other: str | None, any_: str | None) -> bool:
    return one == other or any_ in (one, other)
