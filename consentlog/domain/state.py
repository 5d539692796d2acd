"""State of a subject: a map of facts that merges by union; order and repetition cannot matter.

evolve(evolve(s, a), b) == evolve(evolve(s, b), a)         any order
evolve(evolve(s, a), a) == evolve(s, a)                    any repetition
unite(fold(left), fold(right)) == fold(left + right)       any split
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property
from types import MappingProxyType
from typing import Final, NamedTuple

from consentlog.domain.derive import Derived, derive
from consentlog.domain.facts import Fact, FactKey, earlier, key_of

MAX_FACTS: Final = 256
"""More facts than this are overflow.

An honest history has a handful, and a state record stays ≤ 64 KiB.
"""


class _Fields(NamedTuple):
    facts: Mapping[FactKey, Fact] = MappingProxyType({})
    overflow: bool = False


class SubjectState(_Fields):
    """The fact map, or the overflow flag alone.

    Absorbing, the flag denies everything until a person decides. A state never changes, nor does
    the map that it was made of: whoever made it has let go of it.
    """

    @cached_property
    def derived(self) -> Derived:
        """What follows from the map, worked out once for each state that is asked about."""
        return derive(self.facts)


EMPTY: Final = SubjectState()
OVERFLOWN: Final = SubjectState(overflow=True)


def evolve(state: SubjectState, fact: Fact) -> SubjectState:
    """Fold one fact into a state.

    Args:
        state: Any state.
        fact: A fact of a sound event (`events.defect_of` is None).

    Returns:
        The new state; the same object if nothing changed.
    """
    if state.overflow:
        return state
    key = key_of(fact)
    known = state.facts.get(key)
    if known is not None:
        if known == fact or (fact := earlier(known, fact)) == known:
            return state
    elif len(state.facts) >= MAX_FACTS:
        return OVERFLOWN
    return SubjectState({**state.facts, key: fact})


def unite(left: SubjectState, right: SubjectState) -> SubjectState:
    """Merge two states of one subject.

    Returns:
        Their union; `left` itself if it has all of `right`.
    """
    if left.overflow or left is right:
        return left
    if right.overflow:
        return OVERFLOWN
    facts = dict(left.facts)
    changed = False
    for key, fact in right.facts.items():
        known = facts.get(key)
        kept = fact if known is None else earlier(known, fact)
        if kept != known:
            facts[key] = kept
            changed = True
    if len(facts) > MAX_FACTS:
        return OVERFLOWN
    return SubjectState(facts) if changed else left


def fold(facts: Iterable[Fact], state: SubjectState = EMPTY) -> SubjectState:
    """Fold facts one after another.

    Args:
        facts: In any order, with any repetition.
        state: Where to start.
    """
    for fact in facts:
        state = evolve(state, fact)
    return state
