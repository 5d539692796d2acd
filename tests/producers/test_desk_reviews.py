"""What waits for a person, at the desk: seen, taken and decided by those who may."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from consentlog.domain.scope import Scope
from consentlog.domain.vocabulary import Action
from producers.channels.pages import Outside
from producers.desk.wording import wording
from tests.support.desk import DeskClient, KnownSpread
from tests.support.gateway import Gateway, memory_gateway, refusal
from tests.support.reviews import FollowedLog

WORDS = wording("en")
GRANT = {
    "number": "13800138000",
    "entity": "acme",
    "channel": "voice",
    "words": "好的，可以打给我",
    "text_version": "call-consent-2",
    "recording": "s3:calls/8.wav",
    "sha256": "cd" * 32,
}


@pytest.fixture
def log() -> FollowedLog:
    return FollowedLog()


@pytest.fixture
def gateway(tmp_path: Path, log: FollowedLog) -> Iterator[Gateway]:
    outside = Outside(spread=KnownSpread())
    with memory_gateway(tmp_path, log, book=log.book, pages=outside) as found:
        found.log = log
        yield found


def _desk(gateway: Gateway, source: str, language: str = "en") -> DeskClient:
    found = DeskClient(gateway, language)
    found.sign_in(source)
    return found


def _waiting(gateway: Gateway) -> str:
    """Submit a spoken consent; returns the id of the case."""
    _desk(gateway, "desk").submit("/desk/consent", **GRANT)
    return gateway.reviews[-1].review_id.hex()


def test_what_a_case_says_is_said_in_the_language_of_the_page(gateway: Gateway) -> None:
    case = _waiting(gateway)
    _desk(gateway, "desk").submit(number="12345", entity="acme")
    for language, said in (
        ("zh", ["口头同意等待另一人确认，由 desk-1 提出", "号码规划中没有，或还需要更多信息"]),
        ("en", [gateway.reviews[0].detail, gateway.reviews[1].detail]),
    ):
        desk = _desk(gateway, "compliance", language)
        page = desk.get("/desk/reviews").text
        assert [one for one in said if one not in page] == []
        assert said[0] in desk.get(f"/desk/reviews/{case}").text


def test_who_may_not_read_cases_does_not_see_the_tab(gateway: Gateway) -> None:
    case = _waiting(gateway)
    desk = _desk(gateway, "desk")
    assert "/desk/reviews" not in desk.get().text
    for path in ("/desk/reviews", f"/desk/reviews/{case}"):
        assert desk.get(path).status_code == 403
    assert desk.post(f"/desk/reviews/{case}", decision="approved", why="x").status_code == 403
    assert DeskClient(gateway).get("/desk/reviews").status_code == 200
    assert WORDS.say("sign_in") in DeskClient(gateway).get("/desk/reviews").text


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_second_person_approves_what_a_clerk_submitted(gateway: Gateway, language: str) -> None:
    words = wording("zh" if language == "zh" else "en")
    case = _waiting(gateway)
    desk = _desk(gateway, "compliance", language)
    listed = desk.get("/desk/reviews").text
    assert words.say("reason_needs_approval") in listed
    assert f"/desk/reviews/{case}?lang={language}" in listed
    shown = desk.get(f"/desk/reviews/{case}").text
    assert "+86138****8000" in shown
    assert "13800138000" not in listed + shown
    assert re.findall(r'name="decision" value="(\w+)"', shown) == ["approved", "declined"]
    done = desk.post(f"/desk/reviews/{case}", decision="approved", why="listened to it")
    assert done.status_code == 200
    assert words.say("verdict_approved") in done.text
    approval = gateway.events[-1]
    assert (approval.fact.action, approval.fact.actor_id) == (Action.APPROVED, "compliance-1")
    assert approval.fact.event_id.hex() in done.text
    assert words.say("no_cases") in desk.get("/desk/reviews").text
    again = desk.get(f"/desk/reviews/{case}")
    assert "compliance-1" in again.text
    assert desk.post(f"/desk/reviews/{case}", decision="declined", why="x").status_code == 409


def test_a_number_that_could_not_be_read_becomes_a_refusal(gateway: Gateway) -> None:
    gateway.post(refusal(number="1380013800"))
    case = gateway.reviews[-1].review_id.hex()
    desk = _desk(gateway, "compliance")
    shown = desk.get(f"/desk/reviews/{case}").text
    assert 'id="number"' in shown
    bare = desk.post(f"/desk/reviews/{case}", decision="refused", why="<asked> the agent")
    assert bare.status_code == 422
    assert "&lt;asked&gt; the agent</textarea>" in bare.text
    assert not gateway.events
    fields = {"number": "13800138000", "entity": "acme", "why": "asked the agent"}
    done = desk.post(f"/desk/reviews/{case}", decision="refused", **fields)
    assert done.status_code == 200
    assert (gateway.event.fact.action, gateway.event.fact.scope) == (Action.REFUSED, Scope("acme"))


@pytest.mark.parametrize(
    "fields", [{}, {"decision": "maybe", "why": "x"}, {"decision": "approved"}]
)
def test_a_decision_that_is_none_records_nothing(gateway: Gateway, fields: dict[str, str]) -> None:
    case = _waiting(gateway)
    answer = _desk(gateway, "compliance").post(f"/desk/reviews/{case}", **fields)
    assert answer.status_code == 422
    assert WORDS.html("missing_decision") in answer.text
    assert len(gateway.events) == 1


def test_a_clerk_takes_a_case(gateway: Gateway) -> None:
    case = _waiting(gateway)
    desk = _desk(gateway, "compliance")
    answer = desk.post(f"/desk/reviews/{case}/owner")
    assert answer.status_code == 200
    assert "compliance-1" in desk.get("/desk/reviews").text


def test_who_may_only_read_gets_no_forms_and_decides_nothing(gateway: Gateway) -> None:
    case = _waiting(gateway)
    desk = _desk(gateway, "care")
    assert 'name="decision"' not in desk.get(f"/desk/reviews/{case}").text
    for path in (f"/desk/reviews/{case}", f"/desk/reviews/{case}/owner"):
        assert desk.post(path, decision="approved", why="x").status_code == 403
    assert len(gateway.events) == 1


@pytest.mark.parametrize("id_", ["x", "ab" * 16, "AB" * 16])
def test_a_case_that_is_not_there(gateway: Gateway, id_: str) -> None:
    desk = _desk(gateway, "compliance")
    assert desk.get(f"/desk/reviews/{id_}").status_code == 404
    assert desk.post(f"/desk/reviews/{id_}", decision="maybe").status_code == 404
    assert desk.post(f"/desk/reviews/{id_}/owner").status_code == 404


def test_cases_from_elsewhere_are_not_decided(gateway: Gateway) -> None:
    case = _waiting(gateway)
    desk = _desk(gateway, "compliance")
    desk.headers = {"sec-fetch-site": "cross-site"}
    for path in (f"/desk/reviews/{case}", f"/desk/reviews/{case}/owner"):
        assert desk.post(path, decision="approved", why="x").status_code == 403
    assert len(gateway.events) == 1


def test_a_session_that_is_over_decides_nothing(gateway: Gateway) -> None:
    case = _waiting(gateway)
    answer = DeskClient(gateway).post(f"/desk/reviews/{case}", decision="approved", why="x")
    assert answer.status_code == 403
    assert WORDS.say("session_ended") in answer.text


def test_while_cases_are_still_read_the_page_says_so(tmp_path: Path) -> None:
    with memory_gateway(tmp_path) as gateway:
        desk = _desk(gateway, "compliance")
        for answer in (desk.get("/desk/reviews"), desk.post(f"/desk/reviews/{'ab' * 16}")):
            assert answer.status_code == 503
            assert answer.headers["retry-after"]


def test_a_long_list_goes_on_behind_its_last_line(gateway: Gateway) -> None:
    for n in range(51):
        gateway.clock.at_ms += 1000
        gateway.post(refusal(number=f"12{n}"))
    desk = _desk(gateway, "compliance")
    first = desk.get("/desk/reviews").text
    found = re.search(r'href="/desk/reviews\?lang=en&amp;after=([0-9a-f:]+)"', first)
    assert found
    ids = re.findall(r"/desk/reviews/([0-9a-f]{32})", first)
    rest = gateway.client.get(
        f"/desk/reviews?lang=en&after={found[1]}",
        headers={"cookie": f"consentlog_desk={desk.cookies['consentlog_desk']}"},
    ).text
    ids += re.findall(r"/desk/reviews/([0-9a-f]{32})", rest)
    assert ids == [one.review_id.hex() for one in gateway.reviews]
