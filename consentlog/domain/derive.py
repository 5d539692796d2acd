"""What follows from a fact map: barriers, valid grants, running holds, the review flag.

Everything here is a pure function of the map, computed afresh; it is written beside the map in the
state record for readers, and never read back.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from consentlog.domain.facts import Fact, FactKey
from consentlog.domain.scope import ANY_ENTITY, Scope
from consentlog.domain.vocabulary import (
    Action,
    Channel,
    HoldKind,
    Method,
    Precision,
    Purpose,
    SetBy,
)

_MINUTE_MS: Final = 60_000
_DAY_MS: Final = 86_400_000
# A local day lasts up to 25 hours; without its zone the later end keeps the barrier on the
# person's side.
_LONGEST_DAY_MS: Final = _DAY_MS + 3_600_000
NOT_NOW_MAX_MS: Final = 30 * _DAY_MS
"""A `not_now` hold ends at most 30 days after the act (rules of refusal 2)."""

_GRANT_METHODS: Final = frozenset({Method.KEYWORD, Method.WEB, Method.APP, Method.FORM})
"""Methods that make a grant by themselves.

`SPOKEN` needs a second person's approval (rules of refusal 5).
"""


class Refusal(NamedTuple):
    """A refusal that counts; a grant must be strictly later than `barrier_ms`."""

    fact: Fact
    barrier_ms: int


class Grant(NamedTuple):
    """A valid grant, in force from `granted_at_ms` up to (not including) `until_ms`."""

    fact: Fact
    granted_at_ms: int
    until_ms: int | None


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
    """All that decides, drawn from one fact map."""

    refusals: tuple[Refusal, ...]
    grants: tuple[Grant, ...]
    holds: tuple[Hold, ...]
    review: bool


def derive(facts: Mapping[FactKey, Fact]) -> Derived:
    """Draw everything that decides from a fact map.

    Args:
        facts: The map of one subject, not overflown.

    Returns:
        Refusals, valid grants and running holds in key order, and whether a person should look.
    """
    ordered = [facts[key] for key in sorted(facts)] if len(facts) > 1 else list(facts.values())
    differing = _ids_with_variants(ordered) if len(ordered) > 1 else _NONE_DIFFER
    conflicts = {i for i, variants in differing.items() if not _is_harmless(variants)}
    refusals, grants, held, releases = _by_effect(ordered, conflicts)
    holds = [_hold_of(fact) for fact in held if fact.event_id not in releases]
    for event_id in sorted(conflicts.difference(releases)):
        holds.append(_hold_everywhere(event_id, HoldKind.CONFLICT))
    review = bool(differing) or _needs_a_look(ordered, refusals, grants)
    return Derived(tuple(refusals), tuple(grants), tuple(holds), review)


def _by_effect(
    ordered: list[Fact], conflicts: set[bytes]
) -> tuple[list[Refusal], list[Grant], list[Fact], list[bytes | None]]:
    refusals, grants, held, releases = [], [], [], []
    for fact in ordered:
        action = fact.action
        if action is Action.REFUSED:
            refusals.append(Refusal(fact, barrier_of(fact)))
        elif action is Action.GRANTED:
            if fact.event_id not in conflicts and is_valid_grant(fact):
                grants.append(Grant(fact, fact.acted_at_ms, fact.until_ms))
        elif action is Action.HOLD_RELEASED:
            if fact.event_id not in conflicts and fact.actor_role == "compliance":
                releases.append(fact.target)
        else:
            # An action that is not understood here was folded by a newer version, perhaps to end a
            # grant: it holds.
            held.append(fact)
    return refusals, grants, held, releases


def _needs_a_look(ordered: list[Fact], refusals: list[Refusal], grants: list[Grant]) -> bool:
    for fact in ordered:
        if has_wrong_clock(fact):
            return True
    return bool(refusals and grants) and any(
        _is_late(refusal, grant) for grant in grants for refusal in refusals
    )


_NONE_DIFFER: Final[Mapping[bytes, list[Fact]]] = {}


def barrier_of(fact: Fact) -> int:
    """Compute the instant, ms UTC, that a grant must be later than to lift this refusal.

    min(end of the interval that `occurred_at` and its precision name, or `accepted_at` if none;
    `accepted_at`) + `margin_ms`. A clock proven wrong leaves the refusal undated.
    """
    if fact.occurred_at_ms is None or fact.clock_wrong:
        return fact.accepted_at_ms + fact.margin_ms
    return min(_interval_end(fact, fact.occurred_at_ms), fact.accepted_at_ms) + fact.margin_ms


def is_valid_grant(fact: Fact) -> bool:
    """Tell whether a fact is a grant that can lift anything (rules of refusal 3 and 5).

    Evidence present, method allowed, entity named, `occurred_at` present with a known precision,
    not ahead of the gateway's clock by more than the margin, source's clock not proven wrong.
    """
    return (
        fact.action is Action.GRANTED
        and fact.has_evidence
        and fact.method in _GRANT_METHODS
        and fact.entity != ANY_ENTITY
        and not fact.clock_wrong
        and fact.occurred_at_ms is not None
        and fact.precision is not Precision.UNKNOWN
        and fact.occurred_at_ms <= fact.accepted_at_ms + fact.margin_ms
    )


def _interval_end(fact: Fact, occurred_at_ms: int) -> int:
    if fact.precision is Precision.INSTANT:
        return occurred_at_ms
    if fact.precision is Precision.MINUTE:
        return occurred_at_ms - occurred_at_ms % _MINUTE_MS + _MINUTE_MS
    return _end_of_day(occurred_at_ms, fact.zone)


def _end_of_day(occurred_at_ms: int, zone: str | None) -> int:
    if zone is None:
        return occurred_at_ms + _LONGEST_DAY_MS
    try:
        local = datetime.fromtimestamp(occurred_at_ms / 1000, ZoneInfo(zone))
        next_day = local.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
        return int(next_day.astimezone(UTC).timestamp() * 1000)
    except (ZoneInfoNotFoundError, ValueError, OverflowError, OSError):
        return occurred_at_ms + _LONGEST_DAY_MS


def _ids_with_variants(ordered: list[Fact]) -> Mapping[bytes, list[Fact]]:
    """Group the facts that share an event id; they stand side by side, because keys are sorted."""
    by_id: dict[bytes, list[Fact]] = {}
    before = ordered[0]
    for fact in ordered[1:]:
        if fact.event_id == before.event_id:
            by_id.setdefault(fact.event_id, [before]).append(fact)
        before = fact
    return by_id


def _is_harmless(variants: Iterable[Fact]) -> bool:
    actions = {fact.action for fact in variants}
    return actions in ({Action.REFUSED}, {Action.HELD})


def _hold_of(fact: Fact) -> Hold:
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


def has_wrong_clock(fact: Fact) -> bool:
    """Tell whether a fact shows that its source's clock is wrong.

    Proven by a measured offset, or by a stated time ahead of the gateway's by more than the margin.
    """
    if fact.occurred_at_ms is None:
        return fact.clock_wrong
    return fact.clock_wrong or (
        fact.occurred_at_ms > fact.accepted_at_ms + fact.margin_ms
        and fact.occurred_at_set_by is SetBy.SOURCE
    )


def _is_late(refusal: Refusal, grant: Grant) -> bool:
    """Tell whether a refusal came in after a grant that is later by the acts' own times."""
    return (
        refusal.fact.accepted_at_ms > grant.fact.accepted_at_ms
        and refusal.barrier_ms < grant.granted_at_ms
        and refusal.fact.entity in (grant.fact.entity, ANY_ENTITY)
    )
