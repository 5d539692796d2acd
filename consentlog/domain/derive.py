"""What follows from a fact map: barriers, valid grants, endings, running holds, the review flag.

Everything here is a pure function of the map, computed afresh; it is written beside the map in the
state record for readers, and never read back.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from consentlog.domain.clocks import barrier_of, has_wrong_clock
from consentlog.domain.facts import Fact, FactKey
from consentlog.domain.grants import flaw_of
from consentlog.domain.scope import ANY_ENTITY, Scope, may_meet
from consentlog.domain.standing import Standing, standing_of
from consentlog.domain.vocabulary import Action, Channel, HoldKind, Method, Purpose

NOT_NOW_MAX_MS: Final = 30 * 86_400_000
"""A `not_now` hold ends at most 30 days after the act (rules of refusal 2)."""


class Refusal(NamedTuple):
    """A refusal that counts; a grant must be strictly later than `barrier_ms`."""

    fact: Fact
    barrier_ms: int


class Grant(NamedTuple):
    """A valid grant, in force from `granted_at_ms` up to (not including) `until_ms`."""

    fact: Fact
    granted_at_ms: int
    until_ms: int | None


class Ending(NamedTuple):
    """A `consent_ended` that counts.

    For a contact that its scope overlaps, grants up to and including `ended_at_ms` are over.
    """

    fact: Fact
    ended_at_ms: int


class Hold(NamedTuple):
    """A hold that was not released.

    `until_ms` and `lifted_after_ms` are set for `not_now` only: it ends at the one, or with a
    containing grant later than the other.
    """

    event_id: bytes
    kind: HoldKind
    scope: Scope
    until_ms: int | None
    lifted_after_ms: int | None


class Derived(NamedTuple):
    """All that decides, drawn from one fact map.

    `grants` are those that no ending can touch, whatever the contact; `ended` are the valid grants
    that one of `endings` takes from some contacts or from all.
    """

    refusals: tuple[Refusal, ...] = ()
    grants: tuple[Grant, ...] = ()
    holds: tuple[Hold, ...] = ()
    review: bool = False
    ended: tuple[Grant, ...] = ()
    endings: tuple[Ending, ...] = ()


NOTHING: Final = Derived()
"""What follows from an empty map."""


def derive(facts: Mapping[FactKey, Fact]) -> Derived:
    """Draw everything that decides from a fact map.

    Args:
        facts: The map of one subject, not overflown.

    Returns:
        Refusals, valid grants, endings and running holds in key order, and whether a person should
        look.
    """
    ordered = [facts[key] for key in sorted(facts)] if len(facts) > 1 else list(facts.values())
    standing = standing_of(ordered)
    refusals, grants, holds = _by_effect(ordered, standing)
    for event_id in sorted(standing.conflicts) if standing.conflicts else ():
        if event_id not in standing.released:
            holds.append(_hold_everywhere(event_id, HoldKind.CONFLICT))
    review = bool(standing.differing) or _needs_a_look(ordered, refusals, grants, standing)
    endings = [
        Ending(fact, fact.acted_at_ms)
        for fact in ordered
        if fact.action is _ENDED and fact.event_id not in standing.conflicts
    ]
    if not endings:
        return Derived(tuple(refusals), tuple(grants), tuple(holds), review)
    whole = tuple(grant for grant in grants if not _is_touched(grant, endings))
    ended = tuple(grant for grant in grants if grant not in whole)
    return Derived(tuple(refusals), whole, tuple(holds), review, ended, tuple(endings))


def _by_effect(
    ordered: Sequence[Fact], standing: Standing
) -> tuple[list[Refusal], list[Grant], list[Hold]]:
    refusals, grants, holds = [], [], []
    corrected = standing.corrected
    for fact in ordered:
        action = fact.action
        if action is _REFUSED:
            if fact.event_id not in corrected:
                refusals.append(Refusal(fact, barrier_of(fact)))
        elif action is _GRANTED:
            if stands(fact, standing):
                grants.append(Grant(fact, fact.acted_at_ms, fact.until_ms))
        elif action in _HOLDING and fact.event_id not in standing.released:
            holds.append(hold_of(fact))
    return refusals, grants, holds


def stands(fact: Fact, standing: Standing) -> bool:
    """Tell whether a grant is valid, uncontested and not corrected."""
    return (
        fact.event_id not in standing.conflicts
        and fact.event_id not in standing.corrected
        and flaw_of(fact, approved=fact.event_id in standing.approved) is None
    )


# Looking a member up on its enum costs more than comparing with it (Python 3.11), and the fold
# does nothing else.
_REFUSED: Final = Action.REFUSED
_GRANTED: Final = Action.GRANTED
_ENDED: Final = Action.CONSENT_ENDED
_IMPORT: Final = Method.IMPORT

_HOLDING: Final = frozenset({Action.HELD, Action.UNKNOWN})
"""An action that is not understood here was folded by a newer version, perhaps to end a grant."""

_LOOSENING: Final = frozenset(
    {Action.GRANTED, Action.HOLD_RELEASED, Action.CORRECTED, Action.APPROVED}
)


def _needs_a_look(
    ordered: Sequence[Fact],
    refusals: Sequence[Refusal],
    grants: Sequence[Grant],
    standing: Standing,
) -> bool:
    for fact in ordered:
        # A wrong clock's refusals count as undated; its grants go to review (rules of refusal 2).
        if (
            fact.action is _GRANTED
            and has_wrong_clock(fact)
            and fact.event_id not in standing.corrected
        ):
            return True
        # A row of an import that would allow changes nothing and goes to review (6).
        if fact.method is _IMPORT and fact.action in _LOOSENING:
            return True
    if refusals and grants:
        return any(_is_late(refusal, grant) for grant in grants for refusal in refusals)
    return False


def hold_of(fact: Fact) -> Hold:
    """Return what a fact holds that is a hold, or that this version does not understand."""
    if fact.action is not Action.HELD:
        return _hold_everywhere(fact.event_id, HoldKind.UNDECODABLE)
    if fact.hold_kind is not HoldKind.NOT_NOW:
        return Hold(fact.event_id, fact.hold_kind, fact.scope, None, None)
    latest = fact.acted_at_ms + NOT_NOW_MAX_MS
    until = latest if fact.until_ms is None else min(fact.until_ms, latest)
    return Hold(fact.event_id, fact.hold_kind, fact.scope, until, fact.acted_at_ms)


def _hold_everywhere(event_id: bytes, kind: HoldKind) -> Hold:
    everywhere = Scope(ANY_ENTITY, None, None, Purpose.ALL, Channel.ALL)
    return Hold(event_id, kind, everywhere, None, None)


def _is_touched(grant: Grant, endings: Sequence[Ending]) -> bool:
    return any(
        ending.ended_at_ms >= grant.granted_at_ms and may_meet(ending.fact, grant.fact)
        for ending in endings
    )


def _is_late(refusal: Refusal, grant: Grant) -> bool:
    """Tell whether a refusal came in after a grant that is later by the acts' own times."""
    return (
        refusal.fact.accepted_at_ms > grant.fact.accepted_at_ms
        and refusal.barrier_ms < grant.granted_at_ms
    )
