"""The gate on the worked cases of rules of refusal 8, through wire and view; then its doubts."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from consentlog.domain.decision import Decision, ReasonCode, Verdict, decide
from consentlog.domain.facts import Fact
from consentlog.domain.policy import Policy
from consentlog.domain.scope import Contact
from consentlog.domain.state import OVERFLOWN, fold
from consentlog.domain.vocabulary import Channel, HoldKind, Method, Precision, Purpose
from consentlog.wire.instants import write_utc
from dialers.answers import body_of
from dialers.gate import Answer
from tests.support.gates import LATER_MS, Bench, ManualClock
from tests.support.histories import (
    DAY_MS,
    MINUTE_MS,
    NOON_MS,
    NUMBER,
    event_id,
    facts,
    granted,
    held,
    refused,
    released,
)

ALLOW, DENY = Verdict.ALLOW, Verdict.DENY


def asked(
    *history: Fact,
    brand: str | None = None,
    campaign: str | None = None,
    channel: Channel = Channel.VOICE,
    entity: str = "acme",
    at_ms: int = LATER_MS,
) -> Decision:
    bench = Bench(ManualClock(at_ms))
    bench.know(*history)
    answer = bench.ask(entity, brand, campaign, channel)
    assert answer.is_final
    return answer.decision


def codes(answer: Answer) -> list[ReasonCode]:
    return [reason.code for reason in answer.decision.reasons]


def test_phone_refusal_monday_sms_td_tuesday() -> None:
    tuesday = refused(2, NOON_MS + DAY_MS, method=Method.KEYWORD)
    answer = asked(refused(1), tuesday, granted(3, NOON_MS + DAY_MS // 2))
    assert [reason.event_id for reason in answer.reasons] == [event_id(2)]


@pytest.mark.parametrize(("channel", "verdict"), [(Channel.SMS, ALLOW), (Channel.VOICE, DENY)])
def test_phone_refusal_later_start_by_sms(channel: Channel, verdict: Verdict) -> None:
    start = granted(2, NOON_MS + DAY_MS, channel=Channel.SMS, method=Method.KEYWORD)
    assert asked(refused(), start, channel=channel).verdict is verdict


def test_refusal_for_a_campaign_later_grant_for_the_entity() -> None:
    answer = asked(refused(campaign="x"), granted(at_ms=NOON_MS + 1), campaign="x")
    assert (answer.verdict, answer.granted_by) == (ALLOW, event_id(2))


@pytest.mark.parametrize(("brand", "verdict"), [("a", DENY), ("b", ALLOW), (None, DENY)])
def test_grant_for_the_entity_later_refusal_for_brand_a(
    brand: str | None, verdict: Verdict
) -> None:
    history = granted(), refused(at_ms=NOON_MS + 1, brand="a")
    assert asked(*history, brand=brand).verdict is verdict


def test_date_only_refusal_imported_that_morning_start_that_afternoon() -> None:
    morning = refused(
        occurred_at_ms=NOON_MS - 12 * 60 * MINUTE_MS,
        precision=Precision.DAY,
        zone="Asia/Shanghai",
        accepted_at_ms=NOON_MS - 120 * MINUTE_MS,
        method=Method.IMPORT,
    )
    start = granted(2, NOON_MS, channel=Channel.SMS, method=Method.KEYWORD)
    assert asked(morning, start, channel=Channel.SMS).verdict is ALLOW


def test_undated_rows_of_the_same_list_imported_again_are_one_act() -> None:
    row = refused(occurred_at_ms=None, accepted_at_ms=NOON_MS, method=Method.IMPORT)
    again = row._replace(accepted_at_ms=NOON_MS + 7 * DAY_MS)
    assert asked(row, granted(2, NOON_MS + DAY_MS), again).verdict is ALLOW


def test_a_row_that_was_gone_and_returns_is_a_new_act() -> None:
    row = refused(occurred_at_ms=None, accepted_at_ms=NOON_MS, method=Method.IMPORT)
    new = row._replace(event_id=event_id(9), accepted_at_ms=NOON_MS + 7 * DAY_MS)
    assert asked(row, granted(2, NOON_MS + DAY_MS), new).verdict is DENY


def test_a_refusal_spooled_for_an_hour_counts_by_its_own_time() -> None:
    spooled = refused(accepted_at_ms=NOON_MS + 60 * MINUTE_MS)
    assert asked(granted(2, NOON_MS + 30 * MINUTE_MS), spooled).verdict is ALLOW
    assert asked(granted(2, NOON_MS - 30 * MINUTE_MS), spooled).verdict is DENY


def test_refusal_and_grant_at_the_same_instant() -> None:
    assert asked(refused(), granted()).verdict is DENY


def test_a_grant_dated_in_the_future_is_as_if_absent() -> None:
    ahead = granted(occurred_at_ms=NOON_MS + DAY_MS, accepted_at_ms=NOON_MS)
    assert [reason.code for reason in asked(ahead).reasons] == [ReasonCode.NO_BASIS]


def test_a_dispute_outlives_a_grant_until_it_is_released() -> None:
    assert asked(held(), granted(2, NOON_MS + 1)).verdict is DENY
    assert asked(held(), granted(2, NOON_MS + 1), released(3)).verdict is ALLOW


def test_not_now_ends_with_a_later_grant() -> None:
    not_now = held(hold_kind=HoldKind.NOT_NOW, until_ms=NOON_MS + 14 * DAY_MS)
    day_3 = NOON_MS + 3 * DAY_MS
    assert asked(not_now, granted(1, NOON_MS - 1), at_ms=day_3).verdict is DENY
    assert asked(not_now, granted(2, day_3), at_ms=day_3 + 1).verdict is ALLOW


def test_a_refusal_to_another_entity_touches_nothing() -> None:
    assert asked(refused(), granted(entity="beta"), entity="beta", campaign="loan").verdict is ALLOW


def test_a_refusal_to_an_entity_binds_its_successor_and_a_grant_does_not_pass_on() -> None:
    assert asked(refused(entity="old"), granted(at_ms=NOON_MS - 1)).verdict is DENY
    assert asked(granted(entity="old")).verdict is DENY


def test_purpose_is_the_campaigns() -> None:
    assert asked(refused(), campaign="claims").verdict is ALLOW
    assert asked(refused(purpose=Purpose.ALL), campaign="claims").verdict is DENY


def test_without_a_basis_marketing_is_denied_and_service_allowed() -> None:
    answer = Bench().ask()
    assert (answer.decision.verdict, codes(answer)) == (DENY, [ReasonCode.NO_BASIS])
    assert Bench().ask(campaign="claims").decision.verdict is ALLOW


def test_overflow_denies_everything() -> None:
    bench = Bench()
    bench.know_state(OVERFLOWN)
    assert codes(bench.ask(campaign="claims")) == [ReasonCode.OVERFLOW]


@settings(max_examples=60)
@given(st.lists(facts(), max_size=8))
def test_the_gate_decides_what_the_pure_fold_decides(history: list[Fact]) -> None:
    contact = Contact("acme", Purpose.MARKETING, Channel.VOICE, predecessors=frozenset({"old"}))
    assert asked(*history) == decide(fold(history), contact, LATER_MS, Policy())


@pytest.mark.parametrize("number", ["62345678", "138****8000", "", "+861380013800x"])
def test_a_number_that_is_none_is_denied_for_that(number: str) -> None:
    answer = Bench().ask(number=number)
    assert codes(answer) == [ReasonCode.NUMBER_NOT_VALID]
    assert answer.is_final
    assert answer.place is None


@pytest.mark.parametrize("number", ["13800138000", "0086 138 0013 8000", "１３８００１３８０００"])
def test_however_a_number_is_written_it_is_one_subject(number: str) -> None:
    bench = Bench()
    bench.know(refused())
    assert codes(bench.ask(number=number)) == [ReasonCode.REFUSED]


def test_everything_unknown_is_named_at_once() -> None:
    answer = Bench().ask("acme", "no", "such", number="110")
    expected = ReasonCode.NUMBER_NOT_VALID, ReasonCode.UNKNOWN_BRAND, ReasonCode.UNKNOWN_CAMPAIGN
    assert tuple(codes(answer)) == expected


def test_an_unknown_name_is_final_even_while_stale() -> None:
    bench = Bench(bootstrapped=False)
    answer = bench.ask("nobody")
    assert codes(answer) == [ReasonCode.UNKNOWN_ENTITY, ReasonCode.STALE]
    assert answer.is_final


def test_not_bootstrapped_denies_what_would_be_allowed() -> None:
    bench = Bench(bootstrapped=False)
    bench.know(granted())
    answer = bench.ask()
    assert (answer.decision.verdict, answer.is_final) == (DENY, False)
    assert answer.decision.granted_by is None
    assert [reason.detail for reason in answer.decision.reasons] == ["not-bootstrapped"]
    assert not bench.gate.is_ready()


@pytest.mark.parametrize(
    ("moved_ms", "detail"),
    [(15_001, "stale"), (-2_001, "clock-skew"), (15_000, None), (-2_000, None)],
)
def test_a_view_that_is_not_fresh_denies(moved_ms: int, detail: str | None) -> None:
    bench = Bench()
    bench.know(granted())
    bench.clock.at_ms += moved_ms
    answer = bench.ask()
    assert answer.decision.verdict is (ALLOW if detail is None else DENY)
    assert [reason.detail for reason in answer.decision.reasons] == ([detail] if detail else [])
    assert bench.gate.is_ready() == (detail is None)


def test_while_stale_a_known_refusal_is_named_too() -> None:
    bench = Bench()
    bench.know(refused())
    bench.clock.at_ms += 60_000
    assert codes(bench.ask()) == [ReasonCode.STALE, ReasonCode.REFUSED]


def test_a_partition_that_never_reported_denies() -> None:
    bench = Bench()
    bench.level(at_ms=0)
    bench.view.readers[bench.view.partition_of(NUMBER)].level_at_ms = 0
    answer = bench.ask()
    assert answer.place is not None
    assert answer.place.staleness_ms is None
    assert not answer.is_final


def test_a_zombies_grant_does_not_open_a_refused_number() -> None:
    bench = Bench()
    bench.know(granted(), refused(at_ms=NOON_MS + 1), as_of=9)
    bench.know(granted(), as_of=8)
    assert bench.ask().decision.verdict is DENY


def test_an_undecodable_state_holds_its_number_and_readiness_stays() -> None:
    bench = Bench()
    bench.know(granted())
    bench.view.apply(bench.view.partition_of(NUMBER), NUMBER.encode(), b"nonsense")
    answer = bench.ask()
    assert codes(answer) == [ReasonCode.HELD]
    assert answer.decision.reasons[0].detail == "undecodable"
    assert bench.gate.is_ready()


def test_a_number_in_two_partitions_is_held() -> None:
    bench = Bench()
    bench.know(granted())
    home = bench.view.partition_of(NUMBER)
    bench.view.apply((home + 1) % 12, NUMBER.encode(), b"nonsense")
    assert [reason.detail for reason in bench.ask().decision.reasons] == ["two-partitions"]


def test_an_answer_leaves_out_what_does_not_apply() -> None:
    bench = Bench()
    bench.know(refused())
    body = body_of(bench.ask())
    assert body["reasons"] == [
        {"code": "refused", "event_id": event_id(1).hex(), "at": "2025-11-22T04:00:00.000Z"}
    ]
    assert body["position"] == {
        "partition": bench.view.partition_of(NUMBER),
        "as_of": 1,
        "folded_through": 0,
        "log_epoch": 0,
    }
    assert "granted_by" not in body


def test_far_instants_are_written_within_the_calendar() -> None:
    assert write_utc(2**62) == "9999-12-31T23:59:59.000Z"
    assert write_utc(-1) == datetime.fromtimestamp(0, UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def test_while_stale_nobody_is_said_to_have_never_agreed() -> None:
    bench = Bench()
    bench.clock.at_ms += 60_000
    assert codes(bench.ask()) == [ReasonCode.STALE]
