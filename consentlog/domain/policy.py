"""Policy rows: dated data.

Not code (rules of refusal 9). A decision names the rows that it used.
"""

from __future__ import annotations

from dataclasses import dataclass

from consentlog.domain.vocabulary import Purpose


@dataclass(frozen=True, slots=True)
class PolicyRow:
    """One dated row; valid from `from_ms` (included) up to `to_ms` (excluded), ms UTC.

    `entity` and `purpose` narrow the row; None means every one. `value` is what `what` prescribes,
    for
    `basis_required` a boolean.
    """

    id: str
    jurisdiction: str
    what: str
    value: bool
    from_ms: int
    to_ms: int | None
    citation: str
    confidence: str
    entity: str | None = None
    purpose: Purpose | None = None


@dataclass(frozen=True, slots=True)
class Policy:
    """The rows of a deployment, already checked against looser values when they were read."""

    rows: tuple[PolicyRow, ...] = ()

    def basis_required(self, entity: str, purpose: Purpose, at_ms: int) -> tuple[bool, str]:
        """Tell whether a contact without any refusal needs a grant.

        Several rows may hold at once; the stricter value wins.

        Args:
            entity: Entity of the contact.
            purpose: Purpose of the contact.
            at_ms: Instant of the contact, ms UTC.

        Returns:
            Whether a grant is needed, and the id of the row that says so (`default` if none does:
            on for marketing, off for service).
        """
        found = [row for row in self.rows if _holds(row, entity, purpose, at_ms)]
        if not found:
            return purpose is Purpose.MARKETING, "default"
        strictest = max(found, key=lambda row: row.value)
        return strictest.value, strictest.id


def _holds(row: PolicyRow, entity: str, purpose: Purpose, at_ms: int) -> bool:
    return (
        row.what == "basis_required"
        and row.from_ms <= at_ms
        and (row.to_ms is None or at_ms < row.to_ms)
        and row.entity in (None, entity)
        and row.purpose in (None, purpose)
    )
