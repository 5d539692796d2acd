"""The property that everything leans on: order, repetition, delay and split cannot matter."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from consentlog.domain.facts import Fact, earlier, fingerprint
from consentlog.domain.state import EMPTY, MAX_FACTS, OVERFLOWN, SubjectState, evolve, fold, unite
from consentlog.domain.vocabulary import Method, SetBy
from tests.support.histories import NOON_MS, facts, refused

histories = st.lists(facts(), max_size=12)


@settings(max_examples=400)
@given(histories, st.randoms(use_true_random=False))
def test_any_order_and_repetition_gives_the_same_state(history: list[Fact], random: object) -> None:
    shuffled = [*history, *history[: len(history) // 2]]
    random.shuffle(shuffled)  # type: ignore[attr-defined]  # hypothesis gives a random.Random
    assert fold(shuffled) == fold(history)


@settings(max_examples=400)
@given(histories, st.integers(0, 12))
def test_any_split_unites_to_the_same_state(history: list[Fact], cut: int) -> None:
    left, right = fold(history[:cut]), fold(history[cut:])
    assert unite(left, right) == unite(right, left) == fold(history)


@given(histories)
def test_a_fact_already_known_changes_nothing_and_keeps_the_object(history: list[Fact]) -> None:
    state = fold(history)
    for fact in history:
        assert evolve(state, fact) is state
    assert unite(state, fold(history[:3])) is state


@given(facts(), facts())
def test_the_choice_between_two_receptions_is_symmetric(left: Fact, right: Fact) -> None:
    assert earlier(left, right) == earlier(right, left)


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
