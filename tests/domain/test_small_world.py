"""Every set and every order of few events, the domain against the reference of the rules.

The sets are of `tests.support.small_world`: each of its events stands for one sentence of the
rules. The counts are printed in the summary of the run.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import permutations, product
from typing import TypeAlias

import pytest

from consentlog.domain.facts import Fact, fingerprint, key_of
from consentlog.domain.state import EMPTY, SubjectState, fold, unite
from tests.support.against_reference import check
from tests.support.histories import refused
from tests.support.reference_rules_facts import kept, meaning
from tests.support.small_world import EVENTS, MORE_EVENTS, QUESTIONS, day, sets

Record: TypeAlias = Callable[[str, object], None]
EVERY_EVENT = EVENTS + MORE_EVENTS


def compare_every_set(events: tuple[Fact, ...], most: int) -> str:
    tried, decisions = 0, 0
    for some in sets(events, most):
        tried += 1
        decisions += check(some, QUESTIONS)
    return f"{tried:,} sets of up to {most} of {len(events)} events, {decisions:,} decisions"


def compare_every_order(events: tuple[Fact, ...], most: int) -> str:
    tried = 0
    for some in sets(events, most):
        want = fold(some)
        assert set(want.facts.values()) == set(kept(some)), some
        for order in permutations(some):
            for cut in range(len(order)):
                tried += 1
                assert set(kept(order)) == set(want.facts.values()), order
                halves = unite(fold(order[:cut]), fold(order[cut:]))
                assert fold(order) == halves == want, (order, cut)
    return f"{tried:,} orders and splits of up to {most} of {len(events)} events"


def test_every_set_of_up_to_four_events_is_decided_as_the_rules_say(
    record_property: Record,
) -> None:
    record_property("cases", compare_every_set(EVENTS, 4))


def test_every_order_of_up_to_three_events_gives_one_state(record_property: Record) -> None:
    record_property("cases", compare_every_order(EVENTS, 3))


def test_every_repetition_in_up_to_three_receptions_gives_one_state(
    record_property: Record,
) -> None:
    tried = 0
    for receptions in product(EVENTS, repeat=3):
        tried += 1
        state = fold(receptions)
        assert set(state.facts.values()) == set(kept(receptions))
        assert state == fold(set(receptions)) == fold(receptions, state)
    record_property("cases", f"{tried:,} sequences of three receptions of {len(EVENTS)} events")


def test_every_set_of_up_to_two_of_all_events_is_decided_as_the_rules_say(
    record_property: Record,
) -> None:
    record_property("cases", compare_every_set(EVERY_EVENT, 2))


def test_two_events_have_one_fingerprint_if_and_only_if_they_mean_the_same(
    record_property: Record,
) -> None:
    for left, right in product(EVERY_EVENT, repeat=2):
        assert (fingerprint(left) == fingerprint(right)) == (meaning(left) == meaning(right))
    record_property("cases", f"{len(EVERY_EVENT) ** 2:,} pairs of events")


@pytest.mark.parametrize("count", [255, 256, 257])
def test_the_map_overflows_beyond_256_entries_and_stays_so(count: int) -> None:
    events = [refused(n, day(1)) for n in range(1, count + 1)]
    check(events, QUESTIONS)
    state = fold(events)
    assert state.overflow == (count > 256)
    assert fold(reversed(events)) == unite(fold(events[:200]), fold(events[100:])) == state
    if state.overflow:
        assert state == SubjectState({}, True)
        assert unite(EMPTY, state) == unite(state, fold(events[:3])) == fold(events[:3], state)


def test_the_keys_of_a_state_are_its_facts_own() -> None:
    for some in sets(EVERY_EVENT, 2):
        assert all(key == key_of(fact) for key, fact in fold(some).facts.items())


@pytest.mark.faults
@pytest.mark.timeout(1800)
def test_every_set_of_up_to_four_of_all_events_is_decided_as_the_rules_say(
    record_property: Record,
) -> None:
    record_property("cases", compare_every_set(EVERY_EVENT, 4))


@pytest.mark.faults
def test_every_order_of_up_to_three_of_all_events_gives_one_state(
    record_property: Record,
) -> None:
    record_property("cases", compare_every_order(EVERY_EVENT, 3))
