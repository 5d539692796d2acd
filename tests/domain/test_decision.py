"""Every row of rules of refusal 8 that this version folds is a named test.

Then the edges of rules 3 and 4.
"""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from consentlog.domain.clocks import barrier_of
from consentlog.domain.decision import Decision, Reason, ReasonCode, Verdict, decide, deny
from consentlog.domain.derive import derive
from consentlog.domain.facts import Fact
from consentlog.domain.grants import flaw_of
from consentlog.domain.policy import Policy, PolicyRow, What
from consentlog.domain.scope import Contact, Scope, contains, overlaps
from consentlog.domain.state import OVERFLOWN, fold
from consentlog.domain.vocabulary import (
    Action,
    Channel,
    HoldKind,
    Method,
    Precision,
    Purpose,
    SetBy,
)
from tests.support.histories import (
    DAY_MS,
    MINUTE_MS,
    NOON_MS,
    event_id,
    facts,
    granted,
    held,
    refused,
    released,
)

VOICE = Contact("acme", Purpose.MARKETING, Channel.VOICE)
SMS = Contact("acme", Purpose.MARKETING, Channel.SMS)
SERVICE = Contact("acme", Purpose.SERVICE, Channel.VOICE)
LATER_MS = NOON_MS + 20 * DAY_MS


def ask(*history: Fact, contact: Contact = VOICE, at_ms: int = LATER_MS) -> Decision:
    return decide(fold(history), contact, at_ms, Policy())


def codes(decision: Decision) -> set[ReasonCode]:
    return {reason.code for reason in decision.reasons}


def test_phone_refusal_monday_sms_td_tuesday() -> None:
    monday, tuesday = refused(1), refused(2, NOON_MS + DAY_MS, method=Method.KEYWORD)
    between = granted(3, NOON_MS + DAY_MS // 2)
    answer = ask(monday, tuesday, between)
    assert [reason.event_id for reason in answer.reasons] == [event_id(2)]


def test_phone_refusal_later_start_by_sms() -> None:
    start = granted(2, NOON_MS + DAY_MS, channel=Channel.SMS, method=Method.KEYWORD)
    assert ask(refused(), start, contact=SMS).verdict is Verdict.ALLOW
    assert ask(refused(), start, contact=VOICE).verdict is Verdict.DENY


def test_refusal_for_campaign_later_grant_for_the_whole_entity() -> None:
    campaign = Contact("acme", Purpose.MARKETING, Channel.VOICE, campaign="x")
    answer = ask(refused(campaign="x"), granted(at_ms=NOON_MS + 1), contact=campaign)
    assert answer.verdict is Verdict.ALLOW
    assert answer.granted_by == event_id(2)


@pytest.mark.parametrize(
    ("brand", "verdict"), [("a", Verdict.DENY), ("b", Verdict.ALLOW), (None, Verdict.DENY)]
)
def test_grant_for_the_entity_later_refusal_for_brand_a(
    brand: str | None, verdict: Verdict
) -> None:
    contact = Contact("acme", Purpose.MARKETING, Channel.VOICE, brand)
    history = granted(), refused(at_ms=NOON_MS + 1, brand="a")
    assert ask(*history, contact=contact).verdict is verdict


def test_date_only_refusal_imported_that_morning_start_that_afternoon() -> None:
    midnight_ms = NOON_MS - DAY_MS // 2
    listed = refused(
        occurred_at_ms=midnight_ms,
        precision=Precision.DAY,
        zone="Asia/Shanghai",
        accepted_at_ms=NOON_MS - 3 * 3_600_000,
    )
    start = granted(at_ms=NOON_MS + 3_600_000, channel=Channel.SMS)
    assert ask(listed, start, contact=SMS).verdict is Verdict.ALLOW


def test_the_same_list_with_undated_rows_imported_weekly_grant_in_between() -> None:
    weekly = [
        refused(
            occurred_at_ms=None, accepted_at_ms=NOON_MS + week * 7 * DAY_MS, method=Method.IMPORT
        )
        for week in range(3)
    ]
    assert ask(*weekly, granted(at_ms=NOON_MS + 3 * DAY_MS)).verdict is Verdict.ALLOW
    returned = refused(9, occurred_at_ms=None, accepted_at_ms=NOON_MS + 14 * DAY_MS)
    assert ask(*weekly, granted(at_ms=NOON_MS + 3 * DAY_MS), returned).verdict is Verdict.DENY


def test_refusal_spooled_for_an_hour_grant_accepted_meanwhile() -> None:
    spooled = refused(at_ms=NOON_MS, accepted_at_ms=NOON_MS + 60 * MINUTE_MS)
    meanwhile = granted(at_ms=NOON_MS + MINUTE_MS)
    assert ask(spooled, meanwhile).verdict is Verdict.ALLOW
    assert ask(spooled, granted(at_ms=NOON_MS - MINUTE_MS)).verdict is Verdict.DENY


def test_refusal_and_grant_at_the_same_instant() -> None:
    assert ask(refused(), granted()).verdict is Verdict.DENY
    assert ask(refused(), granted(at_ms=NOON_MS + 1)).verdict is Verdict.ALLOW


def test_grant_dated_in_the_future() -> None:
    future = granted(occurred_at_ms=NOON_MS + DAY_MS)
    assert ask(refused(), future).verdict is Verdict.DENY
    assert derive(fold([future]).facts).review


def test_dispute_hold_later_grant() -> None:
    history = held(), granted(at_ms=NOON_MS + DAY_MS)
    assert codes(ask(*history)) == {ReasonCode.HELD}
    assert ask(*history, released(3, at_ms=NOON_MS + DAY_MS)).verdict is Verdict.ALLOW


def test_not_now_for_14_days_grant_on_day_3() -> None:
    not_now = held(hold_kind=HoldKind.NOT_NOW, until_ms=NOON_MS + 14 * DAY_MS)
    before = granted(1, NOON_MS - DAY_MS)
    on_day_3 = granted(2, NOON_MS + 3 * DAY_MS)
    assert ask(before, not_now, at_ms=NOON_MS + 2 * DAY_MS).verdict is Verdict.DENY
    assert ask(before, not_now, on_day_3, at_ms=NOON_MS + 3 * DAY_MS).verdict is Verdict.ALLOW
    assert ask(before, not_now, at_ms=NOON_MS + 14 * DAY_MS).verdict is Verdict.ALLOW


def test_refusal_to_entity_a_leaves_entity_b_untouched() -> None:
    beta = Contact("beta", Purpose.MARKETING, Channel.VOICE)
    assert ask(refused(), granted(entity="beta"), contact=beta).verdict is Verdict.ALLOW


def test_nothing_known_is_denied_for_want_of_a_basis() -> None:
    assert codes(decide(None, VOICE, NOON_MS, Policy())) == {ReasonCode.NO_BASIS}
    assert decide(None, SERVICE, NOON_MS, Policy()).verdict is Verdict.ALLOW


def test_a_refusal_overlaps_the_contacts_of_a_successor_but_a_grant_does_not_pass_on() -> None:
    successor = Contact("newco", Purpose.MARKETING, Channel.VOICE, predecessors=frozenset({"acme"}))
    assert codes(ask(refused(), granted(entity="newco", at_ms=NOON_MS - 1), contact=successor)) == {
        ReasonCode.REFUSED
    }
    assert codes(ask(granted(), contact=successor)) == {ReasonCode.NO_BASIS}


@pytest.mark.parametrize(
    "void",
    [
        granted(has_evidence=False),
        granted(method=Method.SPOKEN),
        granted(method=Method.IMPORT),
        granted(method=Method.UNKNOWN),
        granted(occurred_at_ms=None),
        granted(clock_wrong=True),
        granted(entity="*"),
        granted(occurred_at_ms=NOON_MS + 1),
    ],
)
def test_a_void_grant_opens_nothing(void: Fact) -> None:
    assert flaw_of(void, approved=False) is not None
    assert ask(void).verdict is Verdict.DENY


def test_a_grant_ends_with_its_until() -> None:
    short = granted(until_ms=NOON_MS + DAY_MS)
    assert ask(short, at_ms=NOON_MS + DAY_MS - 1).verdict is Verdict.ALLOW
    assert ask(short, at_ms=NOON_MS + DAY_MS).verdict is Verdict.DENY


def test_refusals_that_share_an_id_all_count_and_raise_the_review_flag() -> None:
    variants = refused(1), refused(1, NOON_MS + 5)
    derived = derive(fold(variants).facts)
    assert len(derived.refusals) == 2
    assert derived.review
    assert not derived.holds


def test_a_refusal_and_a_grant_that_share_an_id_are_a_conflict() -> None:
    clash = refused(1), granted(1, NOON_MS + DAY_MS)
    answer = ask(*clash)
    assert codes(answer) == {ReasonCode.REFUSED, ReasonCode.HELD}
    elsewhere = Contact("beta", Purpose.SERVICE, Channel.SMS)
    assert codes(ask(*clash, contact=elsewhere)) == {ReasonCode.HELD}
    later = granted(2, NOON_MS + 2 * DAY_MS)
    assert ask(*clash, later, released(1, at_ms=LATER_MS)).verdict is Verdict.ALLOW
    assert ask(*clash, released(1, at_ms=LATER_MS)).verdict is Verdict.DENY


def test_a_release_counts_only_with_role_compliance() -> None:
    assert ask(held(), granted(), released(3, actor_role="agent")).verdict is Verdict.DENY


def test_a_fact_that_only_a_newer_fold_understands_denies() -> None:
    newer = refused(2, action=Action.UNKNOWN)
    assert codes(ask(granted(1), newer)) == {ReasonCode.HELD}
    assert codes(ask(granted(1), newer, released(2))) == set()


def test_a_grant_with_an_unknown_precision_opens_nothing() -> None:
    assert codes(ask(granted(1, precision=Precision.UNKNOWN))) == {ReasonCode.NO_BASIS}


def test_what_lies_outside_of_the_state_denies_too() -> None:
    reason = Reason(ReasonCode.STALE, detail="lost")
    assert deny(reason) == Decision(Verdict.DENY, (reason,))


def test_overflow_denies_everything() -> None:
    assert codes(decide(OVERFLOWN, SERVICE, NOON_MS, Policy())) == {ReasonCode.OVERFLOW}


def test_every_reason_that_applies_is_given() -> None:
    answer = ask(refused(1), refused(2, NOON_MS + 1), held())
    assert [(r.code, r.event_id) for r in answer.reasons] == [
        (ReasonCode.HELD, event_id(3)),
        (ReasonCode.REFUSED, event_id(1)),
        (ReasonCode.REFUSED, event_id(2)),
    ]


def test_policy_rows_are_dated_and_the_stricter_holds() -> None:
    def row(name: str, value: bool, from_ms: int, to_ms: int | None) -> PolicyRow:
        return PolicyRow(name, "CN", What.BASIS_REQUIRED, value, from_ms, to_ms, "", "high")

    policy = Policy((row("off", False, 0, NOON_MS), row("on", True, NOON_MS - 5, None)))
    assert policy.basis_required("acme", Purpose.MARKETING, 1) == (False, "off")
    assert policy.basis_required("acme", Purpose.MARKETING, NOON_MS - 1) == (True, "on")
    assert decide(None, VOICE, 1, policy).policy_rows == ("off",)
    assert decide(None, VOICE, 1, policy).verdict is Verdict.ALLOW


@pytest.mark.parametrize(
    ("fact", "barrier_ms"),
    [
        (refused(margin_ms=7), NOON_MS + 7),
        (refused(occurred_at_ms=None), NOON_MS),
        (refused(occurred_at_ms=NOON_MS + DAY_MS, margin_ms=1), NOON_MS + 1),
        (refused(occurred_at_ms=NOON_MS - 9, clock_wrong=True), NOON_MS),
        (refused(occurred_at_ms=NOON_MS - 90_001, precision=Precision.MINUTE), NOON_MS - MINUTE_MS),
        (
            refused(
                occurred_at_ms=NOON_MS,
                precision=Precision.DAY,
                zone="Asia/Shanghai",
                accepted_at_ms=LATER_MS,
            ),
            NOON_MS + DAY_MS // 2,
        ),
        (
            refused(occurred_at_ms=NOON_MS, precision=Precision.DAY, accepted_at_ms=LATER_MS),
            NOON_MS + 25 * 3_600_000,
        ),
        (
            refused(
                occurred_at_ms=NOON_MS,
                precision=Precision.DAY,
                zone="No/Such",
                accepted_at_ms=LATER_MS,
            ),
            NOON_MS + 25 * 3_600_000,
        ),
    ],
)
def test_barriers(fact: Fact, barrier_ms: int) -> None:
    assert barrier_of(fact) == barrier_ms


def test_a_late_refusal_does_not_block_but_is_looked_at() -> None:
    late = refused(at_ms=NOON_MS, accepted_at_ms=NOON_MS + DAY_MS)
    history = granted(at_ms=NOON_MS + MINUTE_MS), late
    assert ask(*history).verdict is Verdict.ALLOW
    assert derive(fold(history).facts).review


contacts = st.builds(
    Contact,
    st.sampled_from(["acme", "beta"]),
    st.sampled_from([Purpose.MARKETING, Purpose.SERVICE]),
    st.sampled_from([Channel.VOICE, Channel.SMS]),
    st.sampled_from([None, "life"]),
    st.sampled_from([None, "spring"]),
)
scopes = st.builds(
    Scope,
    st.sampled_from(["acme", "beta", "*"]),
    st.sampled_from([None, "life", "auto"]),
    st.sampled_from([None, "spring"]),
    st.sampled_from(list(Purpose)),
    st.sampled_from(list(Channel)),
)


@given(scopes, contacts)
def test_whatever_contains_also_overlaps(scope: Scope, contact: Contact) -> None:
    assert overlaps(scope, contact) or not contains(scope, contact)


@settings(max_examples=400)
@given(st.lists(facts(), max_size=8), facts(ids=60), contacts)
def test_adding_a_refusal_or_hold_never_opens(
    history: list[Fact], more: Fact, contact: Contact
) -> None:
    tightening = more._replace(
        event_id=event_id(99),
        action=Action.REFUSED if more.action is Action.GRANTED else Action.HELD,
    )
    before = ask(*history, contact=contact)
    after = ask(*history, tightening, contact=contact)
    assert before.verdict is Verdict.ALLOW or after.verdict is Verdict.DENY


@settings(max_examples=400)
@given(st.lists(facts(), max_size=8), contacts)
def test_allowed_means_a_later_valid_grant_or_no_overlapping_refusal(
    history: list[Fact], contact: Contact
) -> None:
    answer = ask(*history, contact=contact)
    blocking = [f for f in history if f.action is Action.REFUSED and overlaps(f, contact)]
    if answer.verdict is Verdict.ALLOW and blocking:
        lifting = [f for f in history if f.event_id == answer.granted_by]
        assert lifting
        assert all(barrier_of(f) < max(g.acted_at_ms for g in lifting) for f in blocking)


def test_a_gateway_time_is_never_a_wrong_clock() -> None:
    fact = refused(occurred_at_ms=NOON_MS + 5, occurred_at_set_by=SetBy.GATEWAY)
    assert not derive(fold([fact]).facts).review


@pytest.mark.parametrize("bad", [{"purpose": Purpose.ALL}, {"channel": Channel.ALL}])
def test_a_contact_is_for_one_purpose_by_one_channel(bad: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="a contact is"):
        Contact(**{"entity": "acme", "purpose": Purpose.MARKETING, "channel": Channel.SMS, **bad})  # type: ignore[arg-type]  # wrong on purpose
