"""The consent event: one act, never edited, and what makes it foldable."""

from __future__ import annotations

from typing import Final, NamedTuple

from consentlog.domain.facts import Fact, are_names
from consentlog.domain.subject import is_subject
from consentlog.domain.vocabulary import Action, Channel, HoldKind, Precision, Purpose

FOLDED_ACTIONS: Final = frozenset(Action) - {Action.UNKNOWN}
"""Actions that this version of the fold understands; any other on the log is held and reviewed."""

MAX_ZONE_BYTES: Final = 64
"""The longest name in the IANA database has half of that."""
MAX_MARGIN_MS: Final = 86_400_000
LAST_MS: Final = 253_402_300_799_999
"""End of the year 9999, ms UTC: the last instant that a stated time can name."""


class ConsentEvent(NamedTuple):
    """One act towards being contacted; field order is the wire's.

    `evidence` is a framed Evidence record, or its sealed form when `evidence_key_id` is not empty;
    `recorded_at_ms` is the source system's own clock. Neither decides anything.
    """

    subject: str
    fact: Fact
    recorded_at_ms: int | None = None
    evidence_key_id: str = ""
    evidence: bytes = b""


def defect_of(subject: str, fact: Fact) -> str | None:
    """Say why an event cannot be folded.

    Args:
        subject: Subject named in the event.
        fact: Its fact.

    Returns:
        One sentence without any number, or None if the event is sound. A defective event on the
        log is held and reviewed, at the door it is refused.
    """
    if not is_subject(subject):
        return "the subject is not an E.164 number"
    return fact_defect(fact)


def fact_defect(fact: Fact) -> str | None:
    """Say why a fact cannot be folded, as `defect_of`, of a subject that is known to be sound."""
    if fact.action not in FOLDED_ACTIONS:
        return f"the action {fact.action} is not folded by this version"
    if not are_names(
        fact.entity, fact.brand, fact.campaign, fact.source, fact.actor_id, fact.actor_role
    ):
        return "a name or role is longer than 32 bytes or not printable ASCII"
    return _bounds_defect(fact) or _scope_defect(fact) or _action_defect(fact)


def _bounds_defect(fact: Fact) -> str | None:
    # Without bounds one event could make a state record that is too large to be written or cannot
    # be read back, and stop its partition; a negative margin would take a refusal's force.
    zone, occurred, until = fact.zone, fact.occurred_at_ms, fact.until_ms
    if zone is not None and not (len(zone) <= MAX_ZONE_BYTES and zone.isascii()):
        return "the zone is longer than 64 bytes or not ASCII"
    if (
        not -LAST_MS <= fact.accepted_at_ms <= LAST_MS
        or (occurred is not None and not -LAST_MS <= occurred <= LAST_MS)
        or (until is not None and not -LAST_MS <= until <= LAST_MS)
    ):
        return "a time lies beyond the calendar"
    if not 0 <= fact.margin_ms <= MAX_MARGIN_MS:
        return "the margin is negative or longer than a day"
    return None


def _scope_defect(fact: Fact) -> str | None:
    if not fact.entity:
        return "the scope names no entity"
    if fact.purpose is Purpose.UNKNOWN or fact.channel is Channel.UNKNOWN:
        return "the scope has an unknown purpose or channel"
    return None


def _action_defect(fact: Fact) -> str | None:
    if fact.occurred_at_ms is not None and fact.precision is Precision.UNKNOWN:
        return "occurred_at has an unknown precision"
    if fact.action is Action.HELD and fact.hold_kind is HoldKind.UNKNOWN:
        return "the hold has an unknown kind"
    if fact.target is None and fact.action in _NAMING:
        return f"an event {fact.action} has to name another one, and this names no target"
    return None


_NAMING: Final = frozenset({Action.HOLD_RELEASED, Action.CORRECTED, Action.APPROVED})
"""Actions that are about another event, by its id."""
