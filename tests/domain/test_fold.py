"""The property that everything leans on: order, repetition, delay and split cannot matter.

`make test`: 120 histories a property, of up to 12 events of every action; `make test-faults`:
3,000.
A delay is another place in the order: `accepted_at` is in the event and does not change with it.
"""

from __future__ import annotations

from random import Random

from hypothesis import strategies as st

from consentlog.domain.derive import derive
from consentlog.domain.facts import Fact, earlier, fingerprint
from consentlog.domain.state import EMPTY, MAX_FACTS, OVERFLOWN, SubjectState, evolve, fold, unite
from consentlog.domain.vocabulary import Method, SetBy
from tests.support.histories import NOON_MS, facts, refused
from tests.support.two_sizes import in_two_sizes

histories = st.lists(facts(), max_size=12)


def _any_order_and_repetition_gives_the_same_state(history: list[Fact], random: Random) -> None:
    shuffled = [*history, *history[: len(history) // 2]]
    random.shuffle(shuffled)
    assert fold(shuffled) == fold(history)
    assert derive(fold(shuffled).facts) == derive(fold(history).facts)


test_any_order, test_any_order_long = in_two_sizes(
    history=histories, random=st.randoms(use_true_random=False)
)(_any_order_and_repetition_gives_the_same_state)


def _any_delay_gives_the_same_state(history: list[Fact], late: int, by: int) -> None:
    if history:
        place = late % len(history)
        held_up = [*history[:place], *history[place + 1 :]]
        held_up.insert(place + by, history[place])
        assert fold(held_up) == fold(history)


test_any_delay, test_any_delay_long = in_two_sizes(
    history=histories, late=st.integers(0, 11), by=st.integers(0, 12)
)(_any_delay_gives_the_same_state)


def _any_split_unites_to_the_same_state(history: list[Fact], cut: int) -> None:
    left, right = fold(history[:cut]), fold(history[cut:])
    assert unite(left, right) == unite(right, left) == fold(history)


test_any_split, test_any_split_long = in_two_sizes(history=histories, cut=st.integers(0, 12))(
    _any_split_unites_to_the_same_state
)


def _a_known_fact_changes_nothing_and_keeps_the_object(history: list[Fact]) -> None:
    state = fold(history)
    for fact in history:
        assert evolve(state, fact) is state
    assert unite(state, fold(history[:3])) is state


test_a_known_fact, test_a_known_fact_long = in_two_sizes(history=histories)(
    _a_known_fact_changes_nothing_and_keeps_the_object
)


def _the_choice_between_two_receptions_is_symmetric(left: Fact, right: Fact) -> None:
    assert earlier(left, right) == earlier(right, left)


test_two_receptions, test_two_receptions_long = in_two_sizes(left=facts(), right=facts())(
    _the_choice_between_two_receptions_is_symmetric
)


def test_one_act_received_twice_keeps_the_earlier_reception() -> None:
    first, second = refused(at_ms=NOON_MS), refused(at_ms=NOON_MS, accepted_at_ms=NOON_MS + 9)
    assert list(fold([second, first]).facts.values()) == [first]


def test_a_retry_without_a_time_of_its_own_is_one_fact() -> None:
    stamped = [
        refused(at_ms=NOON_MS + delay, occurred_at_set_by=SetBy.GATEWAY) for delay in (0, 1000)
    ]
    assert len(fold(stamped).facts) == 1


def test_another_stated_time_under_the_same_id_is_another_fact() -> None:
    assert len(fold([refused(at_ms=NOON_MS), refused(at_ms=NOON_MS + 1)]).facts) == 2


def test_an_import_repeated_by_another_clerk_is_one_act() -> None:
    by = [refused(method=Method.IMPORT, actor_id=clerk) for clerk in ("ann", "bo")]
    assert fingerprint(by[0]) == fingerprint(by[1])
    assert fingerprint(refused(actor_id="ann")) != fingerprint(refused(actor_id="bo"))


def test_a_missing_name_and_an_empty_one_differ() -> None:
    assert fingerprint(refused(brand=None)) != fingerprint(refused(brand=""))


def test_more_facts_than_can_be_kept_deny_for_ever() -> None:
    full = fold(refused(n) for n in range(1, MAX_FACTS + 1))
    assert len(full.facts) == MAX_FACTS
    assert evolve(full, refused(MAX_FACTS)) is full
    over = evolve(full, refused(MAX_FACTS + 1))
    assert over == OVERFLOWN
    assert evolve(over, refused(1)) is over
    assert unite(full, OVERFLOWN) == unite(OVERFLOWN, full) == OVERFLOWN
    assert unite(full, fold([refused(MAX_FACTS + 1)])) == OVERFLOWN
    assert SubjectState() == EMPTY


def test_what_follows_is_worked_out_once_for_each_state() -> None:
    state = fold([refused()])
    assert state.derived is state.derived
    assert state.derived == derive(state.facts)
    assert evolve(state, refused(2)).derived != state.derived
