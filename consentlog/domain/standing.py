"""What facts do to each other: conflicts of one id, releases, corrections, approvals.

Each works on the whole map, so a correction may be there before what it names, and its approval
before both: until then it waits, and has no effect.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Final, NamedTuple

from consentlog.domain.facts import Fact
from consentlog.domain.scope import ANY_ENTITY
from consentlog.domain.vocabulary import Action, Method

COMPLIANCE: Final = "compliance"
"""The only role whose releases and approvals count (rules of refusal 2)."""


class Standing(NamedTuple):
    """What stands in a map, by event id, each with the id of the event that did it.

    `differing` are ids with several meanings, `conflicts` those of them that contradict each other;
    `released` may name anything; `approved` names spoken grants and corrections; `corrected` names
    refusals and grants that no longer count.
    """

    differing: AbstractSet[bytes] = frozenset()
    conflicts: AbstractSet[bytes] = frozenset()
    released: Mapping[bytes, bytes] = {}
    approved: Mapping[bytes, bytes] = {}
    corrected: Mapping[bytes, bytes] = {}


PLAIN: Final = Standing()
"""No fact names another and no id has two meanings: nearly every map."""


def standing_of(ordered: Sequence[Fact]) -> Standing:
    """Work out which facts another one released, approved or corrected.

    Args:
        ordered: The facts of one map in key order, so that variants of one id stand side by side.

    Returns:
        Where several events did the same, the one with the smallest id is named.
    """
    before = None
    for fact in ordered:
        if fact.target is not None or fact.event_id == before:
            return _standing_of(ordered)
        before = fact.event_id
    return PLAIN


def is_by_another(approval: Fact, named: Fact) -> bool:
    """Tell whether an approval is another principal's than the event it names.

    Who is not named cannot be told from anybody else, so a missing id on either side is not another
    one's.
    """
    return bool(approval.actor_id and named.actor_id) and approval.actor_id != named.actor_id


def speaks_for(fact: Fact, named: Fact) -> bool:
    """Tell whether a fact is stated for the entity of what it names.

    The door sees only the entity that is stated, and lets a key speak for its own entities; what is
    named is seen here for the first time. Without this one company could have another's refusals
    struck out. What is about every entity is anybody's who may name it at all.
    """
    return named.entity in (fact.entity, ANY_ENTITY)


def may_loosen(fact: Fact) -> bool:
    """Tell whether a release or an approval is by somebody whose word may lift a block.

    Role `compliance`, and not a row of an import: an import can only tighten (rules of refusal 6).
    """
    return fact.actor_role == COMPLIANCE and fact.method is not Method.IMPORT


def may_name(named: Iterable[Fact]) -> bool:
    """Tell whether a correction may name these facts of one id: refusals and grants only."""
    return all(one.action in _CORRIGIBLE for one in named)


def needs_approval(named: Iterable[Fact]) -> bool:
    """Tell whether a correction of these facts of one id has to be approved before it counts.

    True where it would take a refusal away; a grant can be struck out by one person.
    """
    return any(one.action is Action.REFUSED for one in named)


def _standing_of(ordered: Sequence[Fact]) -> Standing:
    by_id: dict[bytes, list[Fact]] = {}
    for fact in ordered:
        by_id.setdefault(fact.event_id, []).append(fact)
    differing = {one for one, variants in by_id.items() if len(variants) > 1}
    conflicts = {one for one in differing if not _is_harmless(by_id[one])}
    naming = [one for one in ordered if one.target is not None and one.event_id not in conflicts]
    pairs = [
        (fact, by_id[fact.target])
        for fact in naming
        if fact.target in by_id and fact.target not in conflicts
    ]
    approved = _approved(pairs)
    return Standing(
        differing, conflicts, _released(naming, by_id), approved, _corrected(pairs, approved)
    )


def _released(
    naming: Iterable[Fact], by_id: Mapping[bytes, Sequence[Fact]]
) -> Mapping[bytes, bytes]:
    released: dict[bytes, bytes] = {}
    for fact in naming:
        if fact.action is not Action.HOLD_RELEASED or fact.target is None or not may_loosen(fact):
            continue
        # One of several meanings is enough: a conflict that nobody could end would be no help.
        if any(speaks_for(fact, one) for one in by_id.get(fact.target, ())):
            released.setdefault(fact.target, fact.event_id)
    return released


def _approved(pairs: Iterable[tuple[Fact, Sequence[Fact]]]) -> Mapping[bytes, bytes]:
    approved: dict[bytes, bytes] = {}
    for fact, named in pairs:
        by_another = all(is_by_another(fact, one) and speaks_for(fact, one) for one in named)
        if fact.action is Action.APPROVED and by_another and may_loosen(fact):
            approved.setdefault(named[0].event_id, fact.event_id)
    return approved


def _corrected(
    pairs: Iterable[tuple[Fact, Sequence[Fact]]], approved: Mapping[bytes, bytes]
) -> Mapping[bytes, bytes]:
    corrected: dict[bytes, bytes] = {}
    for fact, named in pairs:
        if fact.action is not Action.CORRECTED or not may_name(named):
            continue
        if all(speaks_for(fact, one) for one in named):
            confirmed = fact.event_id in approved and fact.method is not Method.IMPORT
            if confirmed or not needs_approval(named):
                corrected.setdefault(named[0].event_id, fact.event_id)
    return corrected


def _is_harmless(variants: Iterable[Fact]) -> bool:
    actions = {fact.action for fact in variants}
    return actions in ({Action.REFUSED}, {Action.HELD})


_CORRIGIBLE: Final = frozenset({Action.REFUSED, Action.GRANTED})
