"""Decide whether a contact may be made (rules of refusal 4)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from consentlog.domain.derive import Derived, Grant, Hold, derive
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


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason, with the event or the policy row behind it.

    `event_id` is 16 bytes; `at_ms` is the barrier of a refusal or the end of a hold, ms UTC;
    `detail` is the kind of a hold, or what exactly is unknown or stale.
    """

    code: ReasonCode
    event_id: bytes | None = None
    policy: str | None = None
    at_ms: int | None = None
    detail: str | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """The verdict, all reasons, the grant that carries an allow.

    And the policy rows that were used.
    """

    verdict: Verdict
    reasons: tuple[Reason, ...]
    granted_by: bytes | None = None
    policy_rows: tuple[str, ...] = ()


def deny(*reasons: Reason) -> Decision:
    """Deny for reasons that lie outside the subject's state: unknown words, a stale view."""
    return Decision(Verdict.DENY, reasons)


def decide(state: SubjectState | None, contact: Contact, at_ms: int, policy: Policy) -> Decision:
    """Decide whether one contact may be made at `at_ms`.

    Args:
        state: Folded state, or None when the subject was never seen.
        contact: What somebody wants to do; entity, brand and campaign are known to the registry.
        at_ms: Instant of the intended contact, ms UTC.
        policy: Rows of the deployment.

    Returns:
        Allowed, or denied with every reason, each naming its event id or policy row.

    Source: rules of refusal 4; docs/adr/0002-fact-map.md.
    """
    if state is None:
        return _decide(_NOTHING, contact, at_ms, policy)
    if state.overflow:
        return deny(Reason(ReasonCode.OVERFLOW, detail="more facts than can be kept"))
    return _decide(derive(state.facts), contact, at_ms, policy)


_NOTHING = Derived((), (), (), review=False)


def _decide(derived: Derived, contact: Contact, at_ms: int, policy: Policy) -> Decision:
    grants = [
        grant for grant in derived.grants if _runs(grant, at_ms) and contains(grant.fact, contact)
    ]
    latest = max(grants, key=lambda grant: (grant.granted_at_ms, grant.fact.event_id), default=None)
    refusals = [refusal for refusal in derived.refusals if overlaps(refusal.fact, contact)]
    reasons = [
        Reason(ReasonCode.HELD, hold.event_id, at_ms=hold.until_ms, detail=hold.kind)
        for hold in derived.holds
        if overlaps(hold.scope, contact) and not _ended(hold, latest, at_ms)
    ]
    reasons += [
        Reason(ReasonCode.REFUSED, refusal.fact.event_id, at_ms=refusal.barrier_ms)
        for refusal in refusals
        if latest is None or latest.granted_at_ms <= refusal.barrier_ms
    ]
    rows: tuple[str, ...] = ()
    if not refusals and latest is None:
        needed, row = policy.basis_required(contact.entity, contact.purpose, at_ms)
        rows = (row,)
        if needed:
            reasons.append(Reason(ReasonCode.NO_BASIS, policy=row))
    verdict = Verdict.DENY if reasons else Verdict.ALLOW
    return Decision(verdict, tuple(reasons), latest.fact.event_id if latest else None, rows)


def _runs(grant: Grant, at_ms: int) -> bool:
    return grant.granted_at_ms <= at_ms and (grant.until_ms is None or at_ms < grant.until_ms)


def _ended(hold: Hold, latest: Grant | None, at_ms: int) -> bool:
    if hold.until_ms is None or hold.lifted_after_ms is None:
        return False
    return at_ms >= hold.until_ms or (
        latest is not None and latest.granted_at_ms > hold.lifted_after_ms
    )
