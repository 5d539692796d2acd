"""Decide whether a contact may be made (rules of refusal 4)."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import Final, NamedTuple

from consentlog.domain.derive import NOTHING, Derived, Ending, Grant, Hold
from consentlog.domain.place import NOWHERE, Place
from consentlog.domain.policy import Policy
from consentlog.domain.scope import Contact, contains, overlaps
from consentlog.domain.state import SubjectState


class Verdict(StrEnum):
    """The answer."""

    ALLOW = "allow"
    DENY = "deny"


class ReasonCode(StrEnum):
    """Why a contact is denied; every one that applies is given."""

    NUMBER_NOT_VALID = "number_not_valid"
    UNKNOWN_ENTITY = "unknown_entity"
    UNKNOWN_BRAND = "unknown_brand"
    UNKNOWN_CAMPAIGN = "unknown_campaign"
    STALE = "stale"
    HELD = "held"
    OVERFLOW = "overflow"
    REFUSED = "refused"
    NO_BASIS = "no_basis"
    GRANT_TOO_OLD = "grant_too_old"
    OUTSIDE_CALLING_HOURS = "outside_calling_hours"


class Reason(NamedTuple):
    """One reason, with the event or the policy row behind it.

    `event_id` is 16 bytes; `at_ms`, ms UTC, is the barrier of a refusal, the end of a hold, or when
    a grant became too old; `detail` is the kind of a hold, or what exactly is unknown or stale, or
    the local time that is outside.
    """

    code: ReasonCode
    event_id: bytes | None = None
    policy: str | None = None
    at_ms: int | None = None
    detail: str | None = None


class Decision(NamedTuple):
    """The verdict and all reasons, the latest grant that runs for the contact, the rows used."""

    verdict: Verdict
    reasons: tuple[Reason, ...]
    granted_by: bytes | None = None
    policy_rows: tuple[str, ...] = ()


def deny(*reasons: Reason) -> Decision:
    """Deny for reasons that lie outside the subject's state: unknown words, a stale view."""
    return Decision(Verdict.DENY, reasons)


def decide(
    state: SubjectState | None,
    contact: Contact,
    at_ms: int,
    policy: Policy,
    place: Place = NOWHERE,
) -> Decision:
    """Decide whether one contact may be made at `at_ms`.

    Args:
        state: Folded state, or None when the subject was never seen.
        contact: What somebody wants to do; entity, brand and campaign are known to the registry.
        at_ms: Instant of the intended contact, ms UTC.
        policy: Rows of the deployment.
        place: Where the number lives. What is not known of it makes the rows of every place apply.

    Returns:
        Allowed, or denied with every reason, each naming its event id or policy row.

    Source: rules of refusal 4; docs/adr/0002-fact-map.md.
    """
    asked = _Asked(contact, at_ms, policy, place)
    reasons: list[Reason] = []
    rows: tuple[str, ...] = ()
    latest = None
    if state is not None and state.overflow:
        reasons.append(Reason(ReasonCode.OVERFLOW, detail="more facts than can be kept"))
    else:
        derived = NOTHING if state is None else state.derived
        latest = latest_grant(derived, contact, at_ms)
        _add_holds(reasons, derived, latest, asked)
        is_refused = _add_refusals(reasons, derived, latest, contact)
        rows = _add_basis(reasons, latest, asked, is_refused=is_refused)
    rows += _add_hours(reasons, asked)
    verdict = _DENY if reasons else _ALLOW
    return Decision(verdict, tuple(reasons), latest.fact.event_id if latest else None, rows)


def latest_grant(derived: Derived, contact: Contact, at_ms: int) -> Grant | None:
    """Return the latest grant that runs at `at_ms` and contains the contact; ties by event id."""
    running = [
        grant
        for grant in derived.grants
        if is_running(grant, at_ms) and contains(grant.fact, contact)
    ]
    if derived.ended:
        running += [
            grant
            for grant in derived.ended
            if is_running(grant, at_ms)
            and contains(grant.fact, contact)
            and ending_of(grant, derived.endings, contact) is None
        ]
    return max(running, key=_rank) if running else None


def is_running(grant: Grant, at_ms: int) -> bool:
    """Tell whether a grant has begun and its own end has not come."""
    return grant.granted_at_ms <= at_ms and (grant.until_ms is None or at_ms < grant.until_ms)


def ending_of(grant: Grant, endings: Iterable[Ending], contact: Contact) -> Ending | None:
    """Return what ended a grant for this contact, if anything did."""
    for ending in endings:
        if ending.ended_at_ms >= grant.granted_at_ms and overlaps(ending.fact, contact):
            return ending
    return None


def is_over(hold: Hold, latest: Grant | None, at_ms: int) -> bool:
    """Tell whether a hold has ended by itself or by the latest grant; only a `not_now` can."""
    if hold.until_ms is None or hold.lifted_after_ms is None:
        return False
    return at_ms >= hold.until_ms or (
        latest is not None and latest.granted_at_ms > hold.lifted_after_ms
    )


# Looking a member up on its enum costs as much as making the reason (Python 3.11).
_HELD: Final = ReasonCode.HELD
_REFUSED: Final = ReasonCode.REFUSED
_ALLOW: Final = Verdict.ALLOW
_DENY: Final = Verdict.DENY


class _Asked(NamedTuple):
    contact: Contact
    at_ms: int
    policy: Policy
    place: Place


def _rank(grant: Grant) -> tuple[int, bytes]:
    return grant.granted_at_ms, grant.fact.event_id


def _add_holds(
    reasons: list[Reason], derived: Derived, latest: Grant | None, asked: _Asked
) -> None:
    for hold in derived.holds:
        if overlaps(hold.scope, asked.contact) and not is_over(hold, latest, asked.at_ms):
            reasons.append(Reason(_HELD, hold.event_id, None, hold.until_ms, hold.kind))


def _add_refusals(
    reasons: list[Reason], derived: Derived, latest: Grant | None, contact: Contact
) -> bool:
    is_refused = False
    for fact, barrier_ms in derived.refusals:
        if overlaps(fact, contact):
            is_refused = True
            if latest is None or latest.granted_at_ms <= barrier_ms:
                reasons.append(Reason(_REFUSED, fact.event_id, None, barrier_ms))
    return is_refused


def _add_basis(
    reasons: list[Reason], latest: Grant | None, asked: _Asked, *, is_refused: bool
) -> tuple[str, ...]:
    """Ask the rows on consent; a row is named only where the answer hung on it."""
    contact, at_ms, policy, place = asked
    if latest is None:
        if is_refused:
            return ()
        needed, row = policy.basis_required(contact.entity, contact.purpose, at_ms, place.region)
        if needed:
            reasons.append(Reason(ReasonCode.NO_BASIS, None, row))
        return (row,)
    age_ms, age_row = policy.grant_max_age_ms(contact, at_ms, place.region)
    if age_ms is None or age_row is None:
        return ()
    rows: tuple[str, ...] = (age_row,)
    end_ms = latest.granted_at_ms + age_ms
    if at_ms < end_ms:
        return rows
    if not is_refused:
        needed, row = policy.basis_required(contact.entity, contact.purpose, at_ms, place.region)
        rows += (row,)
        if not needed:
            return rows
    reasons.append(Reason(ReasonCode.GRANT_TOO_OLD, latest.fact.event_id, age_row, end_ms))
    return rows


def _add_hours(reasons: list[Reason], asked: _Asked) -> tuple[str, ...]:
    rows, closed_by, detail = asked.policy.calling_hours(asked.contact, asked.at_ms, asked.place)
    for row in closed_by:
        reasons.append(Reason(ReasonCode.OUTSIDE_CALLING_HOURS, None, row, None, detail))
    return rows
