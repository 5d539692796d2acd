"""Corrections, approvals, endings and releases: who may, what they may name, in any order."""

from __future__ import annotations

from itertools import permutations
from typing import Any

import pytest

from consentlog.domain.decision import ReasonCode, Verdict, decide
from consentlog.domain.derive import derive
from consentlog.domain.effects import Effect
from consentlog.domain.explain import account
from consentlog.domain.facts import Fact
from consentlog.domain.policy import Policy
from consentlog.domain.scope import Contact
from consentlog.domain.state import fold
from consentlog.domain.vocabulary import Action, Channel, HoldKind, Method, Purpose
from tests.support.histories import (
    DAY_MS,
    NOON_MS,
    approved,
    corrected,
    ended,
    event_id,
    granted,
    held,
    refused,
    released,
)

VOICE = Contact("acme", Purpose.MARKETING, Channel.VOICE)
SMS = Contact("acme", Purpose.MARKETING, Channel.SMS)
LATER_MS = NOON_MS + 20 * DAY_MS
EARLY, LATE = NOON_MS - DAY_MS, NOON_MS + DAY_MS
AGREED = granted(2, EARLY)
SPOKEN = granted(1, method=Method.SPOKEN)
IMPORT: dict[str, Any] = {"method": Method.IMPORT}


def effects(*history: Fact, contact: Contact = VOICE) -> dict[int, Effect]:
    """What each event does, by its small id; the order of arrival is tried in full."""
    answers = [account(fold(order), contact, LATER_MS, Policy()) for order in permutations(history)]
    assert all(one == answers[0] for one in answers)
    return {int.from_bytes(one.fact.event_id): one.effect for one in answers[0].entries}


def is_allowed(*history: Fact, contact: Contact = VOICE) -> bool:
    return decide(fold(history), contact, LATER_MS, Policy()).verdict is Verdict.ALLOW


@pytest.mark.parametrize(
    ("correction", "approval", "said", "of_approval"),
    [
        (corrected(1), approved(6), Effect.CORRECTS, Effect.APPROVES),
        (corrected(1), None, Effect.NOT_APPROVED, None),
        (corrected(1), approved(6, actor_id="staff-1"), Effect.NOT_APPROVED, Effect.SAME_PERSON),
        (corrected(1), approved(6, actor_id=""), Effect.NOT_APPROVED, Effect.SAME_PERSON),
        (corrected(1, actor_id=""), approved(6), Effect.NOT_APPROVED, Effect.SAME_PERSON),
        (corrected(1), approved(6, actor_role=""), Effect.NOT_APPROVED, Effect.ROLE_MISSING),
        (corrected(1), approved(6, **IMPORT), Effect.NOT_APPROVED, Effect.IMPORT_CANNOT_ALLOW),
        (corrected(1, **IMPORT), approved(6), Effect.IMPORT_CANNOT_ALLOW, Effect.APPROVES),
        (corrected(1), approved(1), Effect.NOT_APPROVED, Effect.TARGET_NOT_FIT),
        (corrected(9), approved(6), Effect.WAITS_FOR_TARGET, Effect.APPROVES),
        (corrected(1), approved(9), Effect.NOT_APPROVED, Effect.WAITS_FOR_TARGET),
    ],
)
def test_a_correction_of_a_refusal_counts_only_when_another_principal_approved_it(
    correction: Fact, approval: Fact | None, said: Effect, of_approval: Effect | None
) -> None:
    history = [AGREED, refused(1), correction, *([approval] if approval else [])]
    found = effects(*history)
    assert (found[6], found.get(7)) == (said, of_approval)
    assert is_allowed(*history) is (said is Effect.CORRECTS)
    assert found[1] is (Effect.CORRECTED_BY if said is Effect.CORRECTS else Effect.BLOCKS)


@pytest.mark.parametrize("by", [corrected(2), corrected(2, **IMPORT)])
def test_one_person_corrects_a_grant(by: Fact) -> None:
    assert not is_allowed(AGREED, by)
    assert effects(AGREED, by) == {2: Effect.CORRECTED_BY, 6: Effect.CORRECTS}


@pytest.mark.parametrize(
    "named", [corrected(2, 1), held(1), released(3, 1), ended(1), approved(2, 1)]
)
def test_a_correction_names_refusals_and_grants_only(named: Fact) -> None:
    history = named, corrected(1), approved(6)
    assert effects(*history)[6] is Effect.TARGET_NOT_FIT
    assert derive(fold(history).facts).refusals == derive(fold([named]).facts).refusals


@pytest.mark.parametrize(
    ("approval", "counts"),
    [
        (approved(1), True),
        (approved(1, actor_id="agent-7"), False),
        (approved(1, actor_role="agent"), False),
        (approved(1, **IMPORT), False),
        (approved(9), False),
    ],
)
def test_a_spoken_grant_counts_when_a_second_person_approved_it(
    approval: Fact, counts: bool
) -> None:
    assert is_allowed(SPOKEN, approval) is counts
    assert effects(SPOKEN, approval)[1] is (Effect.CARRIES if counts else Effect.NOT_APPROVED)


def test_nothing_names_a_conflict_but_a_release() -> None:
    clash = refused(1), granted(1, LATE)
    history = AGREED, *clash, corrected(1), approved(6), approved(1, 8)
    assert effects(*history)[6] is effects(*history)[8] is Effect.TARGET_IN_CONFLICT
    assert not is_allowed(*history, released(1, 9))
    codes = {one.code for one in decide(fold(history), VOICE, LATER_MS, Policy()).reasons}
    assert codes == {ReasonCode.REFUSED, ReasonCode.HELD}


@pytest.mark.parametrize(
    "other", [corrected(2, 6), approved(6), ended(6), released(6, 6, actor_id="x")]
)
def test_what_is_in_conflict_itself_does_not_count(other: Fact) -> None:
    history = AGREED, refused(1), corrected(1), approved(6), other._replace(event_id=event_id(6))
    found = derive(fold(history).facts)
    assert [refusal.fact.event_id for refusal in found.refusals] == [event_id(1)]
    assert [hold.kind for hold in found.holds] == [HoldKind.CONFLICT]
    by_id = account(fold(history), VOICE, LATER_MS, Policy()).entries
    assert {one.effect for one in by_id if one.fact.event_id == event_id(6)} == {Effect.IN_CONFLICT}


def test_a_conflict_of_approvals_or_endings_takes_their_effect() -> None:
    two = approved(1), approved(1, actor_id="staff-3")
    assert not is_allowed(SPOKEN, *two, released(7, 9))
    assert is_allowed(AGREED, ended(5, LATE), ended(5, LATE + 1), released(5, 9))
    assert not is_allowed(AGREED, ended(5, LATE), ended(5, LATE + 1))


@pytest.mark.parametrize(
    ("ending", "effect"),
    [
        (ended(at_ms=LATE), Effect.ENDED_BY),
        (ended(at_ms=EARLY), Effect.ENDED_BY),
        (ended(at_ms=EARLY - 1), Effect.CARRIES),
        (ended(occurred_at_ms=None), Effect.ENDED_BY),
        (ended(occurred_at_ms=EARLY - 1), Effect.CARRIES),
        (ended(occurred_at_ms=EARLY - 1, clock_wrong=True), Effect.ENDED_BY),
        (ended(at_ms=LATE, **IMPORT), Effect.ENDED_BY),
        (ended(at_ms=LATE, entity="*"), Effect.ENDED_BY),
        (ended(at_ms=LATE, entity="beta"), Effect.CARRIES),
        (ended(at_ms=LATE, channel=Channel.SMS), Effect.CARRIES),
        (ended(at_ms=LATE, purpose=Purpose.SERVICE), Effect.CARRIES),
        (ended(at_ms=LATE, brand="life"), Effect.ENDED_BY),
    ],
)
def test_an_ending_takes_earlier_grants_of_the_contacts_that_it_overlaps(
    ending: Fact, effect: Effect
) -> None:
    assert effects(AGREED, ending)[2] is effect
    assert is_allowed(AGREED, ending) is (effect is Effect.CARRIES)


def test_an_ending_never_touches_a_refusal_nor_a_later_grant() -> None:
    assert not is_allowed(refused(1, EARLY), ended(at_ms=NOON_MS))
    history = refused(1, EARLY), AGREED, ended(at_ms=NOON_MS), granted(8, LATE)
    assert effects(*history) == {
        1: Effect.LIFTED_BY, 2: Effect.ENDED_BY, 5: Effect.ENDS, 8: Effect.CARRIES,
    }  # fmt: skip


def test_an_ending_of_one_channel_leaves_the_other() -> None:
    history = AGREED, ended(at_ms=LATE, channel=Channel.SMS)
    assert is_allowed(*history)
    assert not is_allowed(*history, contact=SMS)
    assert effects(*history)[5] is Effect.OUT_OF_SCOPE
    assert derive(fold(history).facts).grants == ()


def test_an_ending_of_a_scope_that_no_contact_of_the_grant_has() -> None:
    grant = granted(2, EARLY, channel=Channel.VOICE, brand="life", campaign="spring")
    for other in ({"channel": Channel.SMS}, {"brand": "auto"}, {"campaign": "claims"}):
        found = derive(fold([grant, ended(at_ms=LATE, **other)]).facts)
        assert (len(found.grants), found.ended) == (1, ())


@pytest.mark.parametrize(
    ("release", "effect"),
    [
        (released(3), Effect.RELEASES),
        (released(3, **IMPORT), Effect.IMPORT_CANNOT_ALLOW),
        (released(3, actor_role="agent"), Effect.ROLE_MISSING),
        (released(9), Effect.WAITS_FOR_TARGET),
        (released(2), Effect.TARGET_NOT_FIT),
    ],
)
def test_a_release_by_compliance_ends_the_hold_that_it_names(release: Fact, effect: Effect) -> None:
    history = AGREED, held(3), release
    assert effects(*history)[4] is effect
    assert effects(*history)[3] is (
        Effect.RELEASED_BY if effect is Effect.RELEASES else Effect.RUNS
    )
    assert is_allowed(*history) is (effect is Effect.RELEASES)


@pytest.mark.parametrize(
    ("fact", "review"),
    [
        (refused(**IMPORT), False),
        (held(**IMPORT), False),
        (ended(**IMPORT), False),
        (granted(**IMPORT), True),
        (released(3, **IMPORT), True),
        (corrected(3, **IMPORT), True),
        (approved(3, **IMPORT), True),
        (refused(clock_wrong=True), False),
        (granted(clock_wrong=True), True),
        (SPOKEN, False),
    ],
)
def test_what_a_person_should_look_at(fact: Fact, review: bool) -> None:
    assert derive(fold([fact]).facts).review is review


def test_what_was_corrected_is_not_looked_at() -> None:
    wrong = granted(1, clock_wrong=True)
    assert not derive(fold([wrong, corrected(1)]).facts).review
    late = refused(1, EARLY, accepted_at_ms=LATE + 9)
    assert derive(fold([late, granted(2, NOON_MS)]).facts).review
    struck = late, granted(2, NOON_MS), corrected(1), approved(6)
    assert not derive(fold(struck).facts).review


def test_an_event_that_only_names_takes_no_part_of_its_own() -> None:
    names = released(9), corrected(9), approved(9)
    assert derive(fold(names).facts)[:3] == ((), (), ())
    assert Action.APPROVED not in {one.fact.action for one in derive(fold(names).facts).refusals}


def test_two_grants_under_one_id_are_a_conflict_and_stay_void() -> None:
    two = granted(1), granted(1, NOON_MS + 1)
    assert [hold.kind for hold in derive(fold(two).facts).holds] == [HoldKind.CONFLICT]
    assert not is_allowed(*two, released(1, 9))


def test_a_grant_after_an_ending_is_one_that_nothing_ended() -> None:
    found = derive(fold([granted(2, LATE), ended(at_ms=NOON_MS)]).facts)
    assert (len(found.grants), found.ended) == (1, ())


def test_a_not_now_ends_after_30_days_and_only_by_a_later_grant() -> None:
    until_ms = NOON_MS + 365 * DAY_MS
    not_now = held(hold_kind=HoldKind.NOT_NOW, until_ms=until_ms)
    assert derive(fold([not_now]).facts).holds[0].until_ms == NOON_MS + 30 * DAY_MS
    assert not is_allowed(not_now, granted(2, NOON_MS))
    assert is_allowed(not_now, granted(2, NOON_MS + 1))


def test_a_grant_does_not_run_before_it_was_given() -> None:
    state = fold([granted(2, NOON_MS)])
    assert decide(state, VOICE, NOON_MS - 1, Policy()).verdict is Verdict.DENY
    assert decide(state, VOICE, NOON_MS, Policy()).verdict is Verdict.ALLOW


def test_an_ending_before_the_grant_ended_nothing() -> None:
    history = ended(4, EARLY), granted(2, NOON_MS), ended(5, LATE)
    assert effects(*history) == {4: Effect.ENDS_NOTHING, 2: Effect.ENDED_BY, 5: Effect.ENDS}


@pytest.mark.parametrize("entity", ["beta", "*"])
def test_nobody_loosens_what_another_entity_was_told(entity: str) -> None:
    """The door knows only the entity that is stated; the fold sees whose refusal is named."""
    of_other: dict[str, Any] = {"entity": entity}
    said = effects(refused(1), AGREED, corrected(1, **of_other), approved(6, **of_other))
    assert said[6] is Effect.OTHER_ENTITY
    assert is_allowed(refused(1), AGREED, corrected(1), approved(6))
    assert not is_allowed(refused(1), AGREED, corrected(1, **of_other), approved(6, **of_other))
    assert not is_allowed(refused(1), AGREED, corrected(1), approved(6, **of_other))
    assert not is_allowed(SPOKEN, approved(1, **of_other))
    assert not is_allowed(held(3), AGREED, released(3, **of_other))
    assert effects(held(3), AGREED, released(3, **of_other))[4] is Effect.OTHER_ENTITY


def test_whoever_may_release_ends_a_hold_that_is_about_every_entity() -> None:
    assert is_allowed(held(3, entity="*", hold_kind=HoldKind.DISPUTE), AGREED, released(3))
