"""The gate asks the policy where the number lives and what its clocks say."""

from __future__ import annotations

import pytest

from consentlog.domain.decision import Reason, ReasonCode, Verdict
from consentlog.domain.hours import ZONE_NOT_KNOWN, Hours
from consentlog.domain.policy import Policy, PolicyRow, What
from consentlog.domain.vocabulary import Channel
from tests.support.gates import Bench, ManualClock
from tests.support.histories import DAY_MS, NOON_MS, granted, refused

HOUR_MS = 3_600_000
DAY_START_MS = NOON_MS - NOON_MS % DAY_MS
ROW = PolicyRow("cn-hours", "CN", What.CALLING_HOURS, Hours(540, 1260), 0, None, "law", "secondary")
POLICY = Policy((ROW,))


def at(utc_hour: float, policy: Policy = POLICY) -> Bench:
    """Put a gate a day after a grant, at an hour of UTC."""
    now_ms = DAY_START_MS + DAY_MS + int(utc_hour * HOUR_MS)
    bench = Bench(clock=ManualClock(now_ms), policy=policy)
    bench.know(granted())
    return bench


@pytest.mark.parametrize(
    ("utc_hour", "verdict"), [(0.99, "deny"), (1, "allow"), (12.99, "allow"), (13, "deny")]
)
def test_a_person_is_called_by_the_clock_of_the_number(utc_hour: float, verdict: str) -> None:
    answer = at(utc_hour).ask()
    assert answer.decision.verdict == verdict
    assert answer.decision.policy_rows == ("cn-hours",)
    assert answer.is_final


def test_an_hour_that_is_not_one_for_calls_is_a_reason_of_its_own() -> None:
    bench = at(14)
    bench.know(granted(), refused(3, NOON_MS + 1))
    reasons = bench.ask().decision.reasons
    assert {r.code for r in reasons} == {ReasonCode.REFUSED, ReasonCode.OUTSIDE_CALLING_HOURS}
    closed = next(r for r in reasons if r.code is ReasonCode.OUTSIDE_CALLING_HOURS)
    assert closed == Reason(
        ReasonCode.OUTSIDE_CALLING_HOURS, None, "cn-hours", None, "22:00 in Asia/Shanghai"
    )


def test_a_message_may_be_sent_at_night_and_a_foreigner_has_hours_of_his_own() -> None:
    assert at(14).ask(channel=Channel.SMS).decision.verdict is Verdict.ALLOW
    bench = at(14)
    bench.know(granted(), number="+16502530000")
    assert bench.ask(number="+16502530000").decision.verdict is Verdict.ALLOW


def test_a_number_of_nowhere_is_called_at_no_hour() -> None:
    bench = at(4)
    bench.know(granted(), number="+80012345678")
    (reason,) = bench.ask(number="+80012345678").decision.reasons
    assert (reason.policy, reason.detail) == ("cn-hours", ZONE_NOT_KNOWN)


def test_a_stale_view_does_not_hide_the_hour_and_does_not_call_a_grant_old() -> None:
    age = PolicyRow("age", "CN", What.GRANT_MAX_AGE, 1, 0, None, "own", "deployment")
    bench = at(48 + 14, Policy((ROW, age)))
    codes = {reason.code for reason in bench.ask().decision.reasons}
    assert codes == {ReasonCode.GRANT_TOO_OLD, ReasonCode.OUTSIDE_CALLING_HOURS}
    bench.clock.at_ms += DAY_MS
    codes = {reason.code for reason in bench.ask().decision.reasons}
    assert codes == {ReasonCode.STALE, ReasonCode.OUTSIDE_CALLING_HOURS}
