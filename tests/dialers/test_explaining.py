"""Why the gate denied, in one line and at length, to a key that sees its own entities only."""

from __future__ import annotations

from typing import Any

import pytest
import typer

from consentlog.cli import check as command
from consentlog.domain.facts import Fact
from consentlog.domain.vocabulary import Channel
from consentlog.http.app import build_app
from consentlog.http.auth import Authenticator
from dialers.app import GateRoutes
from dialers.client import Reply
from dialers.waiters import TokenWaiters
from tests.support.asgi import client_of
from tests.support.gates import PARTITIONS, Bench
from tests.support.histories import DAY_MS, NOON_MS, NUMBER, event_id, granted, held, refused

KEY = {"Authorization": "Bearer password"}


def ask(*history: Fact, lang: str = "en", bench: Bench | None = None, **fields: Any) -> Any:
    bench = bench or Bench()
    bench.know(*history)
    waiters = TokenWaiters(PARTITIONS, bench.view.has)
    authenticator = Authenticator(bench.registry, bench.clock)
    routes = GateRoutes(bench.gate, bench.registry, authenticator, waiters.wait)
    client = client_of(build_app("gate", [routes.router()], bench.gate.is_ready))
    asked = {"number": NUMBER, "entity": "acme", "channel": "voice"} | fields
    answer = client.post("/v1/decisions", json=asked, headers=KEY | {"Accept-Language": lang})
    number = asked.pop("number")
    params = {name: str(value).lower() for name, value in asked.items()}
    same = client.get(
        f"/v1/check/{number}", params=params, headers=KEY | {"Accept-Language": lang}
    ).json()
    body = answer.json()
    assert same | {"request_id": ""} == body | {"request_id": ""}
    assert answer.headers["content-language"] == lang
    assert answer.headers["vary"] == "Accept-Language"
    assert NUMBER[3:] not in answer.text
    return body


def test_a_denial_says_why_in_the_callers_language() -> None:
    history = refused(1), granted(2, NOON_MS + DAY_MS, channel=Channel.SMS)
    assert ask(*history)["why_denied"] == (
        "Do not contact: the person refused (2025-11-22 12:00:00 Asia/Shanghai, spoken, through "
        "desk) and no later agreement covers this contact."
    )
    assert ask(*history, lang="zh")["why_denied"] == (
        "不可联系：本人已拒绝（2025-11-22 12:00:00 Asia/Shanghai，口头，来源 desk），"
        "其后没有涵盖本次联系的同意。"
    )
    assert "why_denied" not in ask(*history, channel="sms")
    assert ask(number="1")["why_denied"].startswith("Do not contact: the number cannot be read")
    assert "does not know this entity (nobody)" in ask(entity="nobody")["why_denied"]


def test_a_stale_view_tells_what_it_knows() -> None:
    bench = Bench()
    bench.clock.at_ms += 60_000
    said = ask(refused(1), bench=bench, explain=True)
    assert said["why_denied"].endswith("; further reasons: 1.")
    assert [fact["effect"] for fact in said["explanation"]["facts"]] == ["blocks"]
    bench = Bench()
    bench.clock.at_ms += 60_000
    assert "it is too old" not in ask(bench=bench)["why_denied"]


def test_an_explanation_is_given_to_whoever_asks_for_one() -> None:
    history = refused(1), granted(2, NOON_MS + DAY_MS), held(3)
    assert "explanation" not in ask(*history)
    part = ask(*history, explain=True)["explanation"]
    assert (part["zone"], part["contact"]["entity"]) == ("Asia/Shanghai", "acme")
    effects = {fact["event_id"]: (fact["effect"], fact.get("by")) for fact in part["facts"]}
    assert effects == {
        event_id(1).hex(): ("lifted_by", event_id(2).hex()),
        event_id(2).hex(): ("carries", None),
        event_id(3).hex(): ("runs", None),
    }
    assert ask(explain=True)["explanation"]["policy"] == [{"id": "default"}]
    assert "explanation" not in ask(number="1", explain=True)


def test_a_key_learns_nothing_of_what_it_may_not_see() -> None:
    """The key speaks for acme and beta; `old` was taken over by acme, `far` is nobody it knows."""
    history = (
        refused(1, entity="old", brand="gold", source="old-desk"),
        granted(2, entity="old"),
        refused(3, entity="far"),
        refused(4, entity="beta"),
    )
    said = ask(*history, explain=True)
    facts = {fact["event_id"]: fact for fact in said["explanation"]["facts"]}
    assert set(facts) == {event_id(1).hex(), event_id(4).hex()}
    assert not {"scope", "source", "method", "actor"} & set(facts[event_id(1).hex()])
    assert facts[event_id(4).hex()]["scope"]["entity"] == "beta"
    assert "gold" not in str(said)
    assert "old-desk" not in str(said)
    assert said["why_denied"] == (
        "Do not contact: the person refused (2025-11-22 12:00:00 Asia/Shanghai) and no later "
        "agreement covers this contact."
    )


class Answering:
    """Stands in for the gate behind `consentlog check`."""

    def __init__(self, body: dict[str, Any]) -> None:
        self.body, self.asked = body, dict[str, Any]()

    def __call__(self, _url: str, _key: str) -> Answering:
        return self

    def __enter__(self) -> Answering:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def decide(self, asked: dict[str, Any], _lang: str) -> Reply:
        self.asked = asked
        return Reply(200, self.body)


def run_check(
    monkeypatch: pytest.MonkeyPatch, body: dict[str, Any], lang: str, *, explained: bool
) -> tuple[Answering, int]:
    gate = Answering(body)
    monkeypatch.setattr(command, "GateClient", gate)
    monkeypatch.setattr(command, "_gate", lambda *_: ("", ""))
    with pytest.raises(typer.Exit) as done:
        command.check(NUMBER, "acme", lang=lang, explained=explained)
    return gate, done.value.exit_code


def test_check_explains(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    body = ask(refused(1, channel=Channel.VOICE), granted(2, NOON_MS - 1), explain=True)
    gate, code = run_check(monkeypatch, body, "zh", explained=True)
    assert (gate.asked["explain"], code) == (True, 3)
    said = capsys.readouterr().err
    assert said.startswith("+86138****8000：不可联系\n  联系：主体 acme、营销、语音，时间 ")
    assert f"→ 不能解除拒绝 {event_id(1).hex()}：并不晚于该拒绝" in said
    assert NUMBER[3:] not in said


def test_check_says_why_in_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    gate, _ = run_check(monkeypatch, ask(refused(1)), "en", explained=False)
    assert gate.asked["explain"] is None
    said = capsys.readouterr().err.splitlines()
    assert said[0] == "+86138****8000: DENY"
    assert said[1].startswith("  Do not contact: the person refused (2025-11-22 12:00:00 Asia/")
