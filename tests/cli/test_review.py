"""`consentlog review` against a gateway in process: what it asks, shows, and tells the shell."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import httpx2
import pytest
from typer.testing import CliRunner, Result

from consentlog.cli import review
from consentlog.cli.import_terms import Door
from consentlog.domain.vocabulary import Action, Channel
from consentlog.errors import TransientError
from consentlog.kafka.topics import EVENTS
from consentlog.wire.events import decode_event
from producers.reviews.client import ReviewClient
from tests.support.gateway import Gateway, grant, memory_gateway, message, refusal
from tests.support.reviews import FollowedLog

UNKNOWN = {"entity": "acme", "campaign": "nobody-knows"}
WHY = "heard the recording again: legal-1"


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("world")


@pytest.fixture
def log() -> FollowedLog:
    return FollowedLog()


@pytest.fixture
def gateway(world: Path, log: FollowedLog, monkeypatch: pytest.MonkeyPatch) -> Iterator[Gateway]:
    with memory_gateway(world, log, book=log.book) as found:
        door = Door("http://gateway", {"x-api-key": found.keys["compliance"]})
        monkeypatch.setattr(review, "door_of", lambda *_: door)
        transport = httpx2.MockTransport(found.client.send)

        def connect(url: str, headers: Mapping[str, str], language: str) -> ReviewClient:
            return ReviewClient(url, headers, language, transport)

        monkeypatch.setattr(review, "ReviewClient", connect)
        yield found


def run(*arguments: str) -> Result:
    return CliRunner().invoke(review.app, [*arguments, "--lang", "en"])


def asked(*arguments: str) -> dict[str, Any]:
    done = run(*arguments, "--json")
    assert done.exit_code == 0, done.output
    # The gateway runs in this process too, and its log lines go the same way.
    found: dict[str, Any] = json.loads(done.stdout[done.stdout.index("{\n") :])
    return found


def held(gateway: Gateway, **fields: Any) -> str:
    return str(gateway.post(refusal(scope=UNKNOWN, **fields)).json()["review_id"])


def actions(log: FollowedLog) -> list[Action]:
    return [decode_event(record.value).fact.action for record in log.records(EVENTS.name)]


def test_what_waits_is_listed_for_people_and_for_machines(gateway: Gateway) -> None:
    review_id = held(gateway)
    shown = run("list").stderr
    assert review_id[:10] in shown
    assert "unknown_scope" in shown
    assert "13800138000" not in shown
    assert [one["review_id"] for one in asked("list")["reviews"]] == [review_id]
    assert asked("list", "--reason", "hole", "--limit", "3") == {"reviews": []}
    assert "Nothing waits." in run("list", "--owner", "legal-1").stderr


def test_in_chinese(gateway: Gateway) -> None:
    held(gateway)
    wide = {"COLUMNS": "160"}
    shown = CliRunner().invoke(review.app, ["list", "--lang", "zh"], env=wide).stderr
    assert "范围未知" in shown
    assert "处理人" in shown


def test_on_a_narrow_screen_the_sentence_has_the_room(gateway: Gateway) -> None:
    held(gateway)
    shown = CliRunner().invoke(review.app, ["list"], env={"COLUMNS": "80"}).stderr
    assert "owner" not in shown
    assert "unknown: entity acme" in shown


def test_one_case_by_the_first_digits_of_its_id(gateway: Gateway) -> None:
    review_id = held(gateway)
    shown = run("show", review_id[:6]).stderr
    assert review_id in shown
    assert "138****8000" in shown
    assert "13800138000" not in shown
    assert asked("show", review_id[:8], "--unmask")["number"] == "+8613800138000"


def test_what_came_in_cannot_speak_to_the_terminal(gateway: Gateway) -> None:
    gateway.sms(message("请回复TD退订是什么意思 \x1b[2J[red]"))
    (case,) = asked("list")["reviews"]
    assert "\x1b" not in run("show", case["review_id"]).stderr


@pytest.mark.parametrize("given", ["9f3c", "9F3C1A2B", "ffffff", "f" * 33])
def test_an_id_that_names_no_case_is_wrong_usage(gateway: Gateway, given: str) -> None:
    held(gateway)
    assert run("show", given).exit_code == 2


def test_digits_of_two_cases_name_none(gateway: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ReviewClient, "ids_with", lambda *_: ["ab" * 16, "ab" * 15 + "cd"])
    done = run("decide", "ababab", "--as", "dismissed", "--reason", WHY)
    assert (done.exit_code, "several" in done.stderr) == (2, True)


def test_a_case_is_taken(gateway: Gateway) -> None:
    review_id = held(gateway)
    assert asked("take", review_id[:6])["owner"] == "compliance-1"
    assert asked("take", review_id[:6], "--owner", "legal-1")["owner"] == "legal-1"


def test_a_case_is_decided(gateway: Gateway, log: FollowedLog) -> None:
    review_id = held(gateway)
    done = run("decide", review_id[:6], "--as", "refused", "--reason", WHY)
    assert done.exit_code == 0
    assert "hold_released" in done.stderr
    assert actions(log) == [Action.HELD, Action.REFUSED, Action.HOLD_RELEASED]
    again = run("decide", review_id, "--as", "refused", "--reason", WHY)
    assert (again.exit_code, "CL-1803" in again.stderr) == (1, True)
    assert run("show", review_id[:6]).exit_code == 2
    assert "decided" in run("show", review_id).stderr


def test_a_number_and_a_scope_go_with_a_refusal(gateway: Gateway, log: FollowedLog) -> None:
    review_id = gateway.post(refusal(number="1380013800x")).json()["review_id"]
    decided = asked(
        *("decide", review_id, "--as", "refused", "--reason", WHY, "--number", "13800138000"),
        *("--region", "CN", "--entity", "acme", "--channel", "voice", "--brand", "acme-life"),
    )
    (event,) = (decode_event(record.value) for record in log.records(EVENTS.name))
    assert decided["events"][0]["event_id"] == event.fact.event_id.hex()
    assert (event.fact.channel, event.fact.brand) == (Channel.VOICE, "acme-life")


def test_a_part_of_a_company_needs_the_company(gateway: Gateway) -> None:
    done = run("decide", "ab" * 16, "--as", "refused", "--reason", WHY, "--brand", "acme-life")
    assert (done.exit_code, "--entity" in done.stderr) == (2, True)


def test_what_the_gateway_turns_away_is_told(gateway: Gateway) -> None:
    review_id = gateway.post(
        grant(method="spoken", evidence={"recording_sha256": "cd" * 32})
    ).json()["review_id"]
    done = run("decide", review_id, "--as", "no_refusal", "--reason", WHY)
    assert done.exit_code == 1
    assert "CL-1804" in done.stderr
    assert "approved, declined" in done.stderr
    assert asked("decide", review_id, "--as", "approved", "--reason", WHY)["events"]


def test_a_gateway_that_does_not_answer_is_no_answer() -> None:
    def refuse(_: httpx2.Request) -> httpx2.Response:
        raise httpx2.ConnectError("refused")

    for answer in (refuse, lambda _: httpx2.Response(502, text="<html>")):
        client = ReviewClient("http://gateway", {}, transport=httpx2.MockTransport(answer))
        with pytest.raises(TransientError, match="CL-1808"):
            client.page()
