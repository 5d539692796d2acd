"""Every way in which a day can come out wrong is told as a difference."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from consentlog.demo.history import HistoryRow
from consentlog.demo.judge import (
    Difference,
    judge_answer,
    judge_history,
    judge_reviews,
    judge_tokens,
    judge_verdicts,
)
from consentlog.demo.latency import Latency, latency_of
from consentlog.demo.player import Played
from consentlog.demo.script import Contact, Expect, ExpectedRow, Outcome, Step

NUMBER = "+86138****8001"
CONTACT = Contact(NUMBER, "acme", None, "voice")
ALLOW, REFUSED = Outcome("allow"), Outcome("deny", ("refused",))
ROW = ExpectedRow(CONTACT, ALLOW, REFUSED, ("granted@app", "refused@desk"))
ACCEPTED = {"status": "accepted", "event_id": "aa", "token": "0:1"}
REJECTED = {"status": 422, "code": "CL-1203", "review_id": "bb"}
AT = datetime(2026, 11, 22, tzinfo=UTC)


def played(
    item: Mapping[str, Any] | None, expect: Expect, status: int | None = 202, body: Any = None
) -> Played:
    step = Step("s", "", "phone", {"en": "", "zh": ""}, {}, expect)
    return Played(step, status, () if item is None else (item,), body, 0)


def recorded(offset: int, what: str, event_id: str | None, number: str = NUMBER) -> HistoryRow:
    return HistoryRow(0, offset, number, what, event_id, "app", "me", AT, None, AT, AT)


def places(differences: list[Difference]) -> list[str]:
    return [one.where for one in differences]


def test_an_answer_as_expected_differs_in_nothing() -> None:
    assert judge_answer(played(ACCEPTED, Expect(202))) == []
    assert judge_answer(played(REJECTED, Expect(422, ("CL-1203",)), 422)) == []
    sms = {"code": 0}
    assert judge_answer(played(None, Expect(200, body=sms), 200, sms)) == []


@pytest.mark.parametrize(
    ("one", "where"),
    [
        (played(ACCEPTED, Expect(202), 200), "s: status"),
        (played({**REJECTED, "review_id": None}, Expect(422, ("CL-1203",)), 422), "s: review ids"),
        (played({**REJECTED, "code": "CL-1001"}, Expect(422, ("CL-1203",)), 422), "s: problems"),
        (played(ACCEPTED, Expect(202, (None, "CL-1203"))), "s: problems"),
        (played(None, Expect(200, body={"code": 0}), 200, {"code": 1}), "s: answer"),
        (played(ACCEPTED | {"review_id": "r"}, Expect(202, held=True, review=True)), "s: held"),
        (played(ACCEPTED | {"held": True}, Expect(202, held=True, review=True)), "s: review ids"),
    ],
)
def test_another_answer_is_told(one: Played, where: str) -> None:
    assert places(judge_answer(one)) == [where]


def test_verdicts_and_reason_codes_are_compared() -> None:
    assert judge_verdicts("before", [ROW], {CONTACT: ALLOW}) == []
    held = Outcome("deny", ("held:undecodable",))
    found = judge_verdicts("after", [ROW], {CONTACT: held})
    where = f"after: {CONTACT}"
    assert found == [Difference(where, "deny refused", "deny held:undecodable")]
    assert len(judge_verdicts("after", [ROW], {})) == 1
    other = Contact(NUMBER, "beta", None, "voice")
    assert len(judge_verdicts("before", [ROW], {CONTACT: ALLOW, other: ALLOW})) == 1


def test_a_history_as_expected_differs_in_nothing() -> None:
    rows = [recorded(0, "granted@app", "aa"), recorded(1, "refused@desk", "bb")]
    assert judge_history([ROW], rows, {0: 2, 1: 0}) == []


@pytest.mark.parametrize(
    "rows",
    [
        [recorded(0, "granted@app", "aa")],
        [recorded(0, "granted@app", "aa"), recorded(1, "refused@desk", "aa")],
        [recorded(0, "granted@app", "aa"), recorded(1, "refused@care", "bb")],
        [recorded(0, "refused@desk", "bb"), recorded(1, "granted@app", "aa")],
    ],
    ids=["missing", "same id", "other source", "other order"],
)
def test_another_history_is_told(rows: list[HistoryRow]) -> None:
    ends = {0: len(rows)}
    assert places(judge_history([ROW], rows, ends)) == [f"history of {NUMBER}"]


def test_a_strangers_history_is_told() -> None:
    rows = [recorded(0, "refused@web", "aa", "+86138****9999")]
    assert "history of +86138****9999" in places(judge_history([], rows, {0: 1}))


def test_offsets_must_be_the_logs() -> None:
    rows = [recorded(0, "granted@app", "aa"), recorded(0, "refused@desk", "bb")]
    assert places(judge_history([ROW], rows, {0: 2})) == ["history of partition 0"]


def test_a_repeat_is_marked() -> None:
    again = ExpectedRow(CONTACT, ALLOW, REFUSED, ("refused@aliyun", "refused@aliyun="))
    rows = [recorded(0, "refused@aliyun", "aa"), recorded(1, "refused@aliyun", "aa")]
    assert judge_history([again], rows, {0: 2}) == []


def test_tokens_name_the_place_of_their_event() -> None:
    one = played(ACCEPTED, Expect(202))
    assert judge_tokens([one], [recorded(1, "refused@desk", "aa")]) == []
    assert len(judge_tokens([one], [recorded(1, "refused@desk", "bb")])) == 1
    assert len(judge_tokens([one], [recorded(2, "refused@desk", "aa")])) == 1


def test_each_review_that_was_promised_must_be_there() -> None:
    rejected = played(REJECTED, Expect(422, ("CL-1203",)), 422)
    straight = played({"token": "3:7"}, Expect(), None)
    assert judge_reviews([rejected, straight], {"bb", "3:7"}) == []
    assert len(judge_reviews([rejected, straight], set())) == 2


def test_a_deny_that_is_a_problem_shows_its_code() -> None:
    assert Outcome.of("deny", ({"code": "stale"},), "CL-2001") == Outcome(
        "deny", ("CL-2001", "stale")
    )
    held = ({"code": "held", "detail": "dispute"}, {"code": "refused"}, {"code": "refused"})
    assert str(Outcome.of("deny", held, None)) == "deny held:dispute refused"


def test_latency_is_by_nearest_rank() -> None:
    assert latency_of([]) is None
    assert latency_of([3_000_000, 1_000_000, 2_000_000]) == Latency(3, 2.0, 3.0, 3.0)
    assert latency_of([n * 1_000_000 for n in range(1, 201)]) == Latency(200, 100.0, 198.0, 200.0)
