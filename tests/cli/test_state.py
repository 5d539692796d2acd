"""`consentlog state`: one history in, one answer out, and nothing in it ignored."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from consentlog.domain.events import ConsentEvent
from consentlog.domain.facts import Fact
from consentlog.domain.vocabulary import Channel, HoldKind, Purpose
from consentlog.wire.events import encode_event
from consentlog.wire.json_form import event_to_json
from consentlog.wire.json_lines import read_history
from tests.support.histories import (
    DAY_MS,
    NOON_MS,
    NUMBER,
    event_id,
    granted,
    held,
    refused,
    released,
)

PROGRAM = str(Path(sys.executable).with_name("consentlog"))
CONTACT = "entity=acme,purpose=marketing,channel=voice"
AT = "2025-12-22T12:00:00+08:00"
DEMO = Path(__file__).parents[2] / "consentlog" / "reference" / "demo"


def line(fact: Fact, subject: str = NUMBER) -> str:
    return json.dumps(event_to_json(ConsentEvent(subject, fact)))


def run(
    history: str | bytes, *options: str, contact: str = CONTACT, at: str = AT
) -> subprocess.CompletedProcess[bytes]:
    given = history if isinstance(history, bytes) else history.encode()
    return subprocess.run(
        [PROGRAM, "--lang", "en", "state", "--contact", contact, "--at", at, *options],
        input=given,
        capture_output=True,
        check=False,
        timeout=60,
        env=os.environ | {"TERM": "dumb"},
    )


def ask(*history: str | Fact, contact: str = CONTACT, at: str = AT) -> dict[str, Any]:
    lines = [line(one) if isinstance(one, Fact) else one for one in history]
    done = run("\n".join(lines), "--json", contact=contact, at=at)
    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith(b"}\n")
    assert done.stdout.count(b"\n") == 1
    answer: dict[str, Any] = json.loads(done.stdout)
    assert list(answer) == ["subject", "verdict", "reasons", "state"]
    return answer


def test_a_refusal_is_named_with_its_event() -> None:
    answer = ask(refused(1, channel=Channel.VOICE), granted(2, NOON_MS - 1))
    assert (answer["subject"], answer["verdict"]) == (NUMBER, "deny")
    assert answer["reasons"] == [{"code": "refused", "event_id": event_id(1).hex()}]
    state = answer["state"]
    assert [fact["action"] for fact in state["facts"]] == ["REFUSED", "GRANTED"]
    assert (state["overflow"], state["review"], state["holds"]) == (False, False, [])
    assert {scope["channel"] for scope in state["scopes"]} == {"VOICE", "ALL"}


def test_a_later_grant_allows_and_the_order_of_lines_is_nothing() -> None:
    history = [refused(1), granted(2, NOON_MS + 1)]
    assert ask(*history)["verdict"] == "allow"
    assert ask(*reversed(history), *history) == ask(*history)


def test_no_basis_names_the_row_and_a_service_contact_needs_none() -> None:
    other = refused(1, entity="beta")
    answer = ask(other)
    assert answer["reasons"] == [{"code": "no_basis", "policy": "default"}]
    assert ask(other, contact="entity=acme,purpose=service,channel=sms")["verdict"] == "allow"


def test_overflow_is_a_reason() -> None:
    answer = ask(*(refused(n) for n in range(1, 259)))
    assert {"code": "overflow"} in answer["reasons"]
    assert (answer["state"]["overflow"], answer["state"]["review"]) == (True, True)


def test_a_stretch_of_time_counts() -> None:
    hold = held(3, hold_kind=HoldKind.NOT_NOW, until_ms=NOON_MS + DAY_MS)
    before = ask(hold, granted(2, NOON_MS - 1), at="2025-11-22T12:00:00Z")
    assert before["reasons"] == [{"code": "held", "event_id": event_id(3).hex()}]
    assert ask(hold, granted(2, NOON_MS - 1), at="2025-11-23T12:00:00Z")["verdict"] == "allow"


def broken(**fact: Any) -> str:
    form = json.loads(line(granted(9)))
    return json.dumps(form | {"fact": form["fact"] | fact})


def without(name: str) -> str:
    form = json.loads(line(granted(9)))
    form.pop(name, None)
    form.get("fact", {}).pop(name, None)
    return json.dumps(form)


@pytest.mark.parametrize(
    "bad",
    [
        "junk",
        "[]",
        "17",
        "[" * 100_000,
        '{"subject":"+8613800138000","subject":"+8613800138000"}',
        broken(action="SHOUTED"),
        broken(action="UNKNOWN"),
        broken(purpose="UNKNOWN"),
        broken(margin_ms=-1),
        broken(version=2),
        broken(accepted_at="2025-11-22T04:00:00"),
        broken(accepted_at=float("nan")),
        without("action"),
        without("subject"),
        without("fact"),
    ],
    ids=lambda text: text[:60],
)
def test_what_is_no_event_is_held_and_named(bad: str) -> None:
    done = run("\n".join((line(granted(2, NOON_MS + 1)), "", bad)), "--json")
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    assert (answer["subject"], answer["verdict"]) == (NUMBER, "deny")
    (reason,) = answer["reasons"]
    (hold,) = answer["state"]["holds"]
    assert reason == {"code": "held", "event_id": hold["event_id"]}
    assert (hold["kind"], hold["entity"], hold["until"]) == ("UNDECODABLE", "*", None)
    assert answer["state"]["review"] is True
    assert done.stderr.startswith(b"line 3: ")
    assert NUMBER[3:].encode() not in done.stderr


def test_bytes_that_are_no_text_are_held_alike() -> None:
    done = run(line(granted(2, NOON_MS + 1)).encode() + b"\n\xff\xfe\n", "--json")
    assert [one["code"] for one in json.loads(done.stdout)["reasons"]] == ["held"]
    assert b"line 2: not UTF-8" in done.stderr


def test_no_grant_lifts_what_could_not_be_read_and_a_release_does() -> None:
    (hold,) = ask("junk", granted(2, NOON_MS + 1))["state"]["holds"]
    end = released(0)._replace(target=bytes.fromhex(hold["event_id"]))
    assert ask("junk", granted(2, NOON_MS + 1), end)["verdict"] == "allow"


def test_without_a_number_nobody_may_be_contacted() -> None:
    answer = ask(contact="entity=acme,purpose=service,channel=sms")
    assert answer["subject"] is None
    assert [one["code"] for one in answer["reasons"]] == ["number_not_valid"]
    codes = [one["code"] for one in ask(without("subject"))["reasons"]]
    assert codes == ["number_not_valid", "held", "no_basis"]


def test_a_history_has_one_subject() -> None:
    for second in (line(refused(2), "+8613800138001"), '{"subject":"+8613800138001"}'):
        done = run("\n".join((line(refused(1)), second)), "--json")
        assert (done.returncode, done.stdout) == (2, b"")
        assert b"Line 2 is about another number than line 1" in done.stderr
        assert b"138001380" not in done.stderr


@pytest.mark.parametrize(
    ("contact", "said"),
    [
        ("channel=voice", "entity is missing"),
        ("entity=acme", "channel is missing"),
        ("entity=acme,channel=all", "channel is voice or sms"),
        ("entity=acme,channel=voice,purpose=all", "purpose is marketing or service"),
        ("entity=acme,channel=voice,colour=red", "is none of"),
        ("entity=acme,entity=acme,channel=voice", "entity is given twice"),
        ("entity=*,channel=voice", "entity must be a name"),
        ("entity=,channel=voice", "entity must be a name"),
        ("", "is none of"),
    ],
)
def test_a_contact_of_another_form_is_wrong_usage(contact: str, said: str) -> None:
    done = run("", contact=contact)
    assert (done.returncode, done.stdout) == (2, b"")
    assert said in " ".join(done.stderr.decode().split())


@pytest.mark.parametrize(
    ("at", "said"),
    [
        ("2025-12-22T12:00:00", "it has no offset"),
        ("2025-12-22", "it does not have the form"),
        ("now", "it does not have the form"),
        ("2025-02-30T00:00:00Z", "there is no such time"),
    ],
)
def test_a_time_without_an_offset_is_wrong_usage(at: str, said: str) -> None:
    done = run("", at=at)
    assert (done.returncode, done.stdout) == (2, b"")
    assert said in " ".join(done.stderr.decode().split())


def test_the_registry_checks_names_and_says_what_for() -> None:
    registry = ("--json", "--registry", str(DEMO / "registry.toml"))
    now, sound = "2026-06-01T12:00:00+08:00", line(refused(1, entity="beta"))
    done = run(sound, *registry, contact="entity=nobody,channel=voice", at=now)
    assert json.loads(done.stdout)["reasons"] == [{"code": "unknown_entity"}]
    service = "entity=acme,channel=voice,campaign=acme-claims"
    assert json.loads(run(sound, *registry, contact=service, at=now).stdout)["verdict"] == "allow"
    claimed = "entity=acme,channel=voice,purpose=service"
    done = run(sound, *registry, contact=claimed, at=now)
    assert json.loads(done.stdout)["verdict"] == "deny"
    assert b"the registry says what a contact is for: marketing, not service" in done.stderr


def test_a_file_that_cannot_be_used_is_said(tmp_path: Path) -> None:
    for option in ("--registry", "--policy"):
        done = run("", option, str(tmp_path / "none.toml"))
        assert done.returncode == 1
        assert b"CL-6060" in done.stderr


def test_people_read_words_on_stderr_and_pipes_the_same_line() -> None:
    done = run(line(refused(1)))
    assert json.loads(done.stdout) == ask(refused(1))
    assert b"+86138****8000: must not be contacted" in done.stderr
    assert NUMBER[3:].encode() not in done.stderr
    zh = run(line(refused(1)), "--lang", "zh").stderr.decode()
    assert "不可联系" in zh


def test_help_shows_an_example() -> None:
    done = subprocess.run([PROGRAM, "state", "--help"], capture_output=True, text=True, check=True)
    said = " ".join(done.stdout.split())
    assert "--contact entity=acme,purpose=marketing,channel=voice" in said


def test_the_log_and_the_tool_hold_alike() -> None:
    """The same fact map from the bytes of the log and from the JSON form of the same events."""
    facts = [refused(1), granted(2), held(3, purpose=Purpose.ALL)]
    history = read_history((line(one).encode() for one in facts), NOON_MS)
    assert history.facts == facts
    assert all(encode_event(ConsentEvent(NUMBER, one)) for one in history.facts)
