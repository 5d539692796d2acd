"""Account for a decision: every fact of the map and the effect that it has on one contact.

Nothing is decided here. The same functions that decide are asked again, fact by fact, so that an
account cannot say anything else than the decision.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from consentlog.domain.clocks import barrier_of
from consentlog.domain.decision import (
    Decision,
    ReasonCode,
    decide,
    ending_of,
    is_over,
    is_running,
    latest_grant,
)
from consentlog.domain.derive import Derived, Grant, hold_of
from consentlog.domain.effects import Effect
from consentlog.domain.facts import Fact
from consentlog.domain.grants import flaw_of
from consentlog.domain.place import NOWHERE, Place
from consentlog.domain.policy import Policy
from consentlog.domain.scope import Contact, contains, overlaps
from consentlog.domain.standing import (
    COMPLIANCE,
    Standing,
    is_by_another,
    may_name,
    needs_approval,
    speaks_for,
    standing_of,
)
from consentlog.domain.state import EMPTY, SubjectState
from consentlog.domain.vocabulary import Action, Method


class Entry(NamedTuple):
    """One fact, the effect that it has on the contact, and the id of the event behind that."""

    fact: Fact
    effect: Effect
    by: bytes | None = None


class Account(NamedTuple):
    """A decision and every fact that was there when it was taken, by the acts' own times."""

    decision: Decision
    entries: tuple[Entry, ...]


def account(
    state: SubjectState | None,
    contact: Contact,
    at_ms: int,
    policy: Policy,
    place: Place = NOWHERE,
) -> Account:
    """Decide, and say of every fact what it does to this contact.

    Args:
        state: Folded state, or None when the subject was never seen.
        contact: What somebody wants to do.
        at_ms: Instant of the intended contact, ms UTC.
        policy: Rows of the deployment.
        place: Where the number lives.

    Returns:
        The decision of `decide`, and one entry for each fact. An overflown state has none, nor has
        a hold for a conflict: it is a reason of the decision, under the id that is in conflict.
    """
    known = EMPTY if state is None else state
    decision = decide(state, contact, at_ms, policy, place)
    ordered = [known.facts[key] for key in sorted(known.facts)]
    by_id: dict[bytes, list[Fact]] = {}
    for fact in ordered:
        by_id.setdefault(fact.event_id, []).append(fact)
    latest = latest_grant(known.derived, contact, at_ms)
    ground = _Ground(contact, at_ms, decision, known.derived, standing_of(ordered), by_id, latest)
    entries = [Entry(fact, *_effect(fact, ground)) for fact in ordered]
    return Account(decision, tuple(sorted(entries, key=_in_time)))


class _Ground(NamedTuple):
    contact: Contact
    at_ms: int
    decision: Decision
    derived: Derived
    standing: Standing
    by_id: Mapping[bytes, Sequence[Fact]]
    latest: Grant | None


_Found = tuple[Effect, bytes | None]


def _in_time(entry: Entry) -> tuple[int, bytes]:
    return entry.fact.acted_at_ms, entry.fact.event_id


def _effect(fact: Fact, ground: _Ground) -> _Found:
    if fact.action is Action.REFUSED:
        return _of_refusal(fact, ground)
    if fact.action in (Action.HELD, Action.UNKNOWN):
        return _of_hold(fact, ground)
    if fact.event_id in ground.standing.conflicts:
        return Effect.IN_CONFLICT, fact.event_id
    if fact.action is Action.GRANTED:
        return _of_grant(fact, ground)
    if fact.action is Action.CONSENT_ENDED:
        return _of_ending(fact, ground)
    return _of_naming(fact, fact.target or b"", ground)


def _of_refusal(fact: Fact, ground: _Ground) -> _Found:
    if fact.event_id in ground.standing.corrected:
        return Effect.CORRECTED_BY, ground.standing.corrected[fact.event_id]
    if not overlaps(fact, ground.contact):
        return Effect.OUT_OF_SCOPE, None
    if ground.latest is not None and ground.latest.granted_at_ms > barrier_of(fact):
        return Effect.LIFTED_BY, ground.latest.fact.event_id
    return Effect.BLOCKS, None


def _of_hold(fact: Fact, ground: _Ground) -> _Found:
    if fact.event_id in ground.standing.released:
        return Effect.RELEASED_BY, ground.standing.released[fact.event_id]
    hold = hold_of(fact)
    if not overlaps(hold.scope, ground.contact):
        return Effect.OUT_OF_SCOPE, None
    if not is_over(hold, ground.latest, ground.at_ms):
        return Effect.RUNS, None
    if is_over(hold, None, ground.at_ms) or ground.latest is None:
        return Effect.EXPIRED, None
    return Effect.LIFTED_BY, ground.latest.fact.event_id


def _of_grant(fact: Fact, ground: _Ground) -> _Found:
    if fact.event_id in ground.standing.corrected:
        return Effect.CORRECTED_BY, ground.standing.corrected[fact.event_id]
    flaw = flaw_of(fact, approved=fact.event_id in ground.standing.approved)
    if flaw is not None:
        return Effect(flaw.value), None
    if not contains(fact, ground.contact):
        return Effect.OUT_OF_SCOPE, None
    grant = Grant(fact, fact.acted_at_ms, fact.until_ms)
    if not is_running(grant, ground.at_ms):
        later = grant.granted_at_ms > ground.at_ms
        return (Effect.NOT_YET if later else Effect.EXPIRED), None
    ending = ending_of(grant, ground.derived.endings, ground.contact)
    if ending is not None:
        return Effect.ENDED_BY, ending.fact.event_id
    return _of_running_grant(grant, ground)


def _of_running_grant(grant: Grant, ground: _Ground) -> _Found:
    barriers = [
        (refusal.barrier_ms, refusal.fact.event_id)
        for refusal in ground.derived.refusals
        if overlaps(refusal.fact, ground.contact) and refusal.barrier_ms >= grant.granted_at_ms
    ]
    if barriers:
        return Effect.TOO_EARLY, max(barriers)[1]
    if ground.latest is not None and ground.latest.fact.event_id != grant.fact.event_id:
        return Effect.SURPASSED_BY, ground.latest.fact.event_id
    if any(reason.code is ReasonCode.GRANT_TOO_OLD for reason in ground.decision.reasons):
        return Effect.TOO_OLD, None
    return Effect.CARRIES, None


def _of_ending(fact: Fact, ground: _Ground) -> _Found:
    if not overlaps(fact, ground.contact):
        return Effect.OUT_OF_SCOPE, None
    ended = [
        (grant.granted_at_ms, grant.fact.event_id)
        for grant in ground.derived.ended
        if contains(grant.fact, ground.contact) and grant.granted_at_ms <= fact.acted_at_ms
    ]
    return (Effect.ENDS, max(ended)[1]) if ended else (Effect.ENDS_NOTHING, None)


def _of_naming(fact: Fact, target: bytes, ground: _Ground) -> _Found:
    named = ground.by_id.get(target, ())
    if not named:
        return Effect.WAITS_FOR_TARGET, target
    if fact.action is Action.HOLD_RELEASED:
        is_hold = target in ground.standing.conflicts or any(
            one.action in (Action.HELD, Action.UNKNOWN) for one in named
        )
        fault = None if is_hold else Effect.TARGET_NOT_FIT
        if not any(speaks_for(fact, one) for one in named):
            fault = Effect.OTHER_ENTITY
        return _fault_of_allowing(fact) or fault or Effect.RELEASES, target
    if target in ground.standing.conflicts:
        return Effect.TARGET_IN_CONFLICT, target
    if not all(speaks_for(fact, one) for one in named):
        return Effect.OTHER_ENTITY, target
    if fact.action is Action.APPROVED:
        return _of_approval(fact, named), target
    return _of_correction(fact, named, ground), target


def _of_approval(fact: Fact, named: Sequence[Fact]) -> Effect:
    if not all(_asks_for_approval(one) for one in named):
        return Effect.TARGET_NOT_FIT
    if not all(is_by_another(fact, one) for one in named):
        return Effect.SAME_PERSON
    return _fault_of_allowing(fact) or Effect.APPROVES


def _of_correction(fact: Fact, named: Sequence[Fact], ground: _Ground) -> Effect:
    if not may_name(named):
        return Effect.TARGET_NOT_FIT
    if needs_approval(named) and fact.method is Method.IMPORT:
        return Effect.IMPORT_CANNOT_ALLOW
    if needs_approval(named) and fact.event_id not in ground.standing.approved:
        return Effect.NOT_APPROVED
    return Effect.CORRECTS


def _asks_for_approval(fact: Fact) -> bool:
    is_spoken = fact.action is Action.GRANTED and fact.method is Method.SPOKEN
    return is_spoken or fact.action is Action.CORRECTED


def _fault_of_allowing(fact: Fact) -> Effect | None:
    if fact.method is Method.IMPORT:
        return Effect.IMPORT_CANNOT_ALLOW
    return None if fact.actor_role == COMPLIANCE else Effect.ROLE_MISSING
