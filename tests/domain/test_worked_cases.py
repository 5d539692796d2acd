"""The worked cases of the rules of refusal 8: one test a row, in the row's own words.

Each is asked of the real domain and of the reference; the two must agree on every reason.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import permutations

import pytest

from consentlog.domain.decision import Verdict, decide
from consentlog.domain.facts import Fact
from consentlog.domain.scope import Contact
from consentlog.domain.state import fold
from consentlog.domain.vocabulary import (
    Channel,
    HoldKind,
    Method,
    Precision,
    Purpose,
    SetBy,
)
from consentlog.kafka.partition import partition_of
from consentlog.ports import Record
from consentlog.wire.events import encode_event
from processors.held import Unsound, hold_of, judge
from tests.support.against_reference import POLICY, check, is_to_be_reviewed, reasons_of
from tests.support.histories import (
    MINUTE_MS,
    NOON_MS,
    NUMBER,
    event,
    event_id,
    granted,
    held,
    refused,
    released,
)
from tests.support.reference_rules import Why, needs_review, read
from tests.support.small_world import HOUR_MS, Question, approved, corrected, day, ended

VOICE = Contact("acme", Purpose.MARKETING, Channel.VOICE, "life", "spring")
SMS = Contact("acme", Purpose.MARKETING, Channel.SMS, "life", "spring")
ANY = (VOICE, SMS, Contact("acme", Purpose.MARKETING, Channel.VOICE))
LATER_MS = day(20)


def verdict_of(history: Sequence[Fact], contact: Contact, at_ms: int = LATER_MS) -> Verdict:
    """Ask the domain; fails unless the reference gives the same verdict and reasons."""
    check(history, [Question(contact, at_ms)])
    return decide(fold(history), contact, at_ms, POLICY).verdict


def is_allowed(history: Sequence[Fact], *contacts: Contact, at_ms: int = LATER_MS) -> bool:
    """Tell whether every one of these contacts is allowed."""
    return all(verdict_of(history, one, at_ms) is Verdict.ALLOW for one in contacts)


def is_denied(history: Sequence[Fact], *contacts: Contact, at_ms: int = LATER_MS) -> bool:
    """Tell whether every one of these contacts is denied."""
    return all(verdict_of(history, one, at_ms) is Verdict.DENY for one in contacts)


def reasons(history: Sequence[Fact], contact: Contact, at_ms: int = LATER_MS) -> frozenset[Why]:
    """Return the reasons that the domain and the reference agree on."""
    check(history, [Question(contact, at_ms)])
    return reasons_of(decide(fold(history), contact, at_ms, POLICY))


def is_reviewed(history: Sequence[Fact]) -> bool:
    """Return the review flag that the domain and the reference agree on."""
    flag = is_to_be_reviewed(fold(history))
    assert flag == needs_review(read(history))
    return flag


def test_phone_refusal_then_td() -> None:
    """周一电话拒绝，周二短信回TD。"""
    monday = refused(1, day(0))
    tuesday = refused(2, day(1), method=Method.KEYWORD, actor_id="", source="sms")
    assert is_denied([monday, tuesday], *ANY)
    assert reasons([monday, tuesday], VOICE) == {
        ("refused", event_id(1)),
        ("refused", event_id(2)),
    }
    # The later barrier stands: what lifts the first only leaves the second.
    between = granted(3, day(0.5))
    assert reasons([monday, tuesday, between], VOICE) == {("refused", event_id(2))}


def test_phone_refusal_then_start_by_sms() -> None:
    """电话拒绝后回START。"""
    start = granted(2, day(1), method=Method.KEYWORD, channel=Channel.SMS)
    history = [refused(1, day(0)), start]
    assert is_allowed(history, SMS)
    assert is_denied(history, VOICE)


def test_refusal_for_a_campaign_then_grant_for_the_entity() -> None:
    """拒绝某活动后同意整个机构。"""
    assert is_allowed([refused(1, day(0), campaign="spring"), granted(2, day(1))], VOICE, SMS)


def test_grant_for_the_entity_then_refusal_for_brand_a() -> None:
    """同意机构后拒绝品牌A。"""
    history = [granted(1, day(0)), refused(2, day(1), brand="a")]
    assert is_denied(history, Contact("acme", Purpose.MARKETING, Channel.VOICE, "a"))
    assert is_allowed(history, Contact("acme", Purpose.MARKETING, Channel.VOICE, "b"))
    assert is_denied(history, Contact("acme", Purpose.MARKETING, Channel.VOICE))


@pytest.mark.parametrize("stated_hour", [0, 12, 23])
def test_date_only_refusal_then_start_that_afternoon(
    stated_hour: int,
) -> None:
    """只有日期的拒绝，当天下午START。"""
    midnight = NOON_MS - 12 * HOUR_MS
    morning, afternoon = midnight + 9 * HOUR_MS, midnight + 15 * HOUR_MS
    listed = refused(
        1,
        midnight + stated_hour * HOUR_MS,
        accepted_at_ms=morning,
        precision=Precision.DAY,
        zone="Asia/Shanghai",
        method=Method.IMPORT,
        margin_ms=5 * MINUTE_MS,
    )
    start = granted(2, afternoon, method=Method.KEYWORD, channel=Channel.SMS)
    assert is_allowed([listed, start], SMS)


def test_undated_list_imported_weekly_with_a_grant_between() -> None:
    """每周导入同一份无日期名单。"""

    def row(n: int, accepted_at_ms: int) -> Fact:
        fact = refused(n, occurred_at_ms=None, method=Method.IMPORT, actor_id=f"clerk-{n}")
        return fact._replace(accepted_at_ms=accepted_at_ms)

    history = [row(1, day(0)), granted(2, day(3)), row(1, day(7)), row(1, day(14))]
    assert is_allowed(history, VOICE, SMS)
    returned = row(4, day(14))
    assert is_denied([*history, returned], *ANY)


def test_refusal_spooled_for_an_hour_while_a_grant_is_accepted() -> None:
    """拒绝晚到一小时。"""
    hour = HOUR_MS
    spooled = refused(1, day(0), accepted_at_ms=day(0) + hour)
    after_it = granted(2, day(0) + hour // 2)
    assert is_allowed([spooled, after_it], VOICE, SMS)
    assert is_reviewed([spooled, after_it])
    before_it = granted(2, day(0) - hour // 2)
    assert is_denied([spooled, before_it], *ANY)
    assert not is_reviewed([spooled, before_it])


def test_refusal_and_grant_at_the_same_instant() -> None:
    """同一时刻拒绝与同意。"""
    assert is_denied([refused(1, day(0)), granted(2, day(0))], *ANY)
    assert is_allowed([refused(1, day(0)), granted(2, day(0) + 1)], VOICE, SMS)


def test_grant_dated_in_the_future() -> None:
    """日期在将来的同意。"""
    future = granted(1, day(9), accepted_at_ms=day(1), margin_ms=5_000)
    assert is_denied([future], *ANY)
    assert reasons([future], VOICE) == reasons([], VOICE)
    assert is_reviewed([future])


def test_correction_arrives_first_then_the_refusal() -> None:
    """更正先到且已批准。"""
    history = [corrected(2, 1, day(1)), approved(3, 2, day(2)), refused(1, day(0))]
    for order in permutations([*history, granted(4, day(-1))]):
        assert is_allowed(order, VOICE, SMS)
    assert reasons(history, VOICE) == {("no_basis", "default")}


def test_correction_of_a_refusal_without_approval() -> None:
    """未批准的更正。"""
    history = [granted(4, day(-1)), refused(1, day(0)), corrected(2, 1, day(1))]
    assert is_denied(history, *ANY)
    by_oneself = approved(3, 2, day(2), actor_id="staff-1")
    assert is_denied([*history, by_oneself], *ANY)


def test_dispute_hold_then_grant() -> None:
    """争议保留后同意。"""
    history = [held(1, day(0)), granted(2, day(1))]
    assert is_denied(history, *ANY)
    assert is_allowed([*history, released(1, 3, day(2))], VOICE, SMS)


def test_not_now_for_14_days_and_grant_on_day_3() -> None:
    """十四天内勿扰，第三天同意。"""
    later = held(1, day(0), hold_kind=HoldKind.NOT_NOW, until_ms=day(14))
    before = granted(2, day(-1))
    history = [before, later, granted(3, day(3))]
    assert is_denied(history, *ANY, at_ms=day(3) - 1)
    assert is_allowed(history, VOICE, SMS, at_ms=day(3))
    assert is_denied([before, later], VOICE, SMS, at_ms=day(14) - 1)
    assert is_allowed([before, later], VOICE, SMS, at_ms=day(14))


def test_refusal_to_entity_a_and_a_campaign_of_entity_b() -> None:
    """拒绝甲机构与乙机构无关。"""
    campaign_of_b = Contact("beta", Purpose.MARKETING, Channel.VOICE, None, "autumn")
    history = [granted(1, day(0), entity="beta"), refused(2, day(1), entity="acme")]
    assert is_allowed(history, campaign_of_b)
    successor_of_a = Contact(
        "beta", Purpose.MARKETING, Channel.VOICE, predecessors=frozenset({"acme"})
    )
    assert is_denied(history, successor_of_a)


def test_number_reassigned_without_and_with_a_refusal() -> None:
    """号码换主。"""
    reassigned = ended(3, day(2), purpose=Purpose.ALL)
    assert reasons([granted(1, day(0)), reassigned], VOICE) == {("no_basis", "default")}
    history = [refused(2, day(-1)), granted(1, day(0)), reassigned]
    assert reasons(history, VOICE) == {("refused", event_id(2))}
    assert is_denied(history, *ANY)


def test_the_same_webhook_twice_without_a_time_of_its_own() -> None:
    """同一回调送达两次。"""
    first = refused(1, day(0), occurred_at_set_by=SetBy.GATEWAY)
    again = refused(1, day(0) + 1_000, occurred_at_set_by=SetBy.GATEWAY)
    state = fold([again, first])
    assert list(state.facts.values()) == [first]
    assert list(fold([first, again]).facts.values()) == [first]
    assert not is_reviewed([first, again])
    assert is_denied([first, again], *ANY)


@pytest.mark.parametrize(
    "value",
    [
        encode_event(event(refused(1, purpose=Purpose.UNKNOWN))),
        b"\xc3\x01" + b"\x09" * 8 + encode_event(event(refused(1)))[10:],
    ],
    ids=["未知枚举值 unknown enum value", "未知版本 unknown schema version"],
)
def test_unknown_on_the_log(value: bytes) -> None:
    """日志上有看不懂的内容。"""
    key = NUMBER.encode()
    record = Record("consent.events.v1", partition_of(key, 12), 7, day(0), key, value)
    assert isinstance(judge(record.partition, key, value), Unsound)
    hold = hold_of(record)
    assert hold.hold_kind is HoldKind.UNDECODABLE
    assert is_denied([granted(1, day(-1)), granted(2, day(1)), hold], *ANY)
    assert reasons([granted(2, day(1)), hold], VOICE) == {("held", hold.event_id)}
