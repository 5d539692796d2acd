"""`consentlog takeover` against a gateway: proposed, approved by another, sent, sent again."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import pytest
import typer

from consentlog.cli.main import main
from consentlog.domain.vocabulary import Action
from consentlog.http.clock import SystemClock
from consentlog.kafka.topics import EVENTS
from consentlog.wire.events import decode_event
from producers.app import build_gateway
from tests.support.gateway import demo_reference
from tests.support.reviews import FollowedLog
from tests.support.served import served

HEAD = "number,date,method,version,ref,channel"


@dataclass
class _World:
    directory: Path
    url: str
    keys: dict[str, str]
    log: FollowedLog

    @property
    def file(self) -> Path:
        return self.directory / "crm.csv"

    @property
    def errors(self) -> str:
        return self.directory.joinpath("crm.csv.errors.csv").read_text("utf-8-sig")

    @property
    def granted(self) -> list[str]:
        events = [decode_event(record.value) for record in self.log.records(EVENTS.name)]
        assert {event.fact.action for event in events} <= {Action.GRANTED}
        return [event.fact.event_id.hex() for event in events]

    def write(self, *lines: str) -> None:
        self.file.write_text("\n".join([HEAD, *lines]) + "\n")

    def run(self, *options: str, source: str = "takeover") -> int:
        key = self.directory / "key"
        key.write_text(self.keys[source])
        key.chmod(0o600)
        door = ["--url", self.url, "--key-file", str(key), "--data-dir", str(self.directory)]
        terms = ["--list", "crm-2024", "--entity", "acme", "--region", "CN"]
        argv = ["--lang", "en", "takeover", str(self.file), *terms, *door, *options]
        try:
            return main(argv)
        except SystemExit as end:
            return int(end.code or 0)

    def decide(self, takeover_id: str, decision: str = "approved") -> None:
        answer = httpx2.post(
            f"{self.url}/v1/reviews/{takeover_id}/decisions",
            json={"decision": decision, "reason": "compared with the forms"},
            headers={"x-api-key": self.keys["compliance"]},
        )
        assert answer.status_code == 202, answer.text


@pytest.fixture
def world(tmp_path: Path) -> Iterator[_World]:
    reference, keys = demo_reference(tmp_path)
    log = FollowedLog()
    with served(build_gateway(reference, log, SystemClock(), book=log.book)) as url:
        yield _World(tmp_path, url, keys, log)


def line(n: int, **fields: str) -> str:
    cells = {"number": f"1380013{n:04d}", "date": "2024-05-01T10:00:00+08:00", "method": "form"}
    cells |= {"version": "v7", "ref": f"A-{n}", "channel": "sms", **fields}
    return ",".join(cells.values())


def shown(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    """The command's JSON among the lines that the gateway in this process logs."""
    out = capsys.readouterr().out
    found: dict[str, Any] = json.JSONDecoder().raw_decode(out, out.index("{\n"))[0]
    return found


def test_a_dry_run_counts_and_proposes_nothing(
    world: _World, capsys: pytest.CaptureFixture[str]
) -> None:
    world.write(line(1), line(1), line(2, method="spoken"), line(3, ref=""))
    assert world.run("--dry-run", "--json") == 0
    found = shown(capsys)
    assert (found["rows"], found["consents"], found["repeated"]) == (4, 1, 1)
    assert found["faults"] == {"no_evidence_reference": 1, "spoken_needs_its_own_approval": 1}
    assert [row.partition(",")[0] for row in world.errors.splitlines()[1:]] == ["4", "5"]
    assert world.log.records("review.events.v1") == []


def test_the_same_command_proposes_and_after_the_approval_sends(
    world: _World, capsys: pytest.CaptureFixture[str]
) -> None:
    world.write(*(line(n) for n in range(1200)))
    assert world.run("--yes") == 0
    told = capsys.readouterr().err
    takeover_id = told.partition("review decide ")[2][:32]
    assert f"consentlog review decide {takeover_id} --as approved --reason" in told
    assert world.run("--yes", "--json") == 0
    assert shown(capsys)["status"] == "waiting"
    assert world.granted == []
    world.decide(takeover_id)
    assert world.run("--yes", "--json") == 0
    found = shown(capsys)
    assert (found["status"], found["decided_by"]) == ("approved", "compliance-1")
    assert found["sent"] == {"recorded": 1200}
    assert len(set(world.granted)) == 1200
    # Its place is kept, so nothing goes twice; and without it the same acts go again.
    assert world.run("--yes", "--json") == 0
    assert len(world.granted) == 1200
    next(world.directory.glob("*.takeover.json")).unlink()
    assert world.run("--yes") == 0
    assert len(world.granted) == 2400
    assert len(set(world.granted)) == 1200
    assert "1,200  recorded as consents" in capsys.readouterr().err


def test_a_row_changed_after_the_approval_is_another_list(
    world: _World, capsys: pytest.CaptureFixture[str]
) -> None:
    world.write(line(1))
    world.run("--yes", "--json")
    first = shown(capsys)["takeover_id"]
    world.decide(first)
    world.write(line(2))
    assert world.run("--yes", "--json") == 0
    changed = shown(capsys)
    assert (changed["status"], changed["takeover_id"] != first) == ("waiting", True)
    assert world.granted == []


def test_a_declined_list_is_not_sent(world: _World, capsys: pytest.CaptureFixture[str]) -> None:
    world.write(line(1))
    world.run("--yes", "--json")
    world.decide(shown(capsys)["takeover_id"], "declined")
    assert world.run("--yes") == 1
    assert "declined by compliance-1" in capsys.readouterr().err
    assert world.granted == []


def test_a_row_that_the_gateway_refuses_stands_in_the_file(
    world: _World, capsys: pytest.CaptureFixture[str]
) -> None:
    ahead = line(2, date="2150-01-01T00:00:00Z")
    world.write(line(1), ahead)
    world.run("--yes", "--json")
    world.decide(shown(capsys)["takeover_id"])
    assert world.run("--yes", "--json") == 1
    assert shown(capsys)["sent"] == {"recorded": 1, "review": 1}
    assert "CL-1207" in world.errors
    assert "2150-01-01" in world.errors


def test_a_key_without_the_right_is_said_so(
    world: _World, capsys: pytest.CaptureFixture[str]
) -> None:
    world.write(line(1))
    assert world.run("--yes", source="care") == 1
    told = capsys.readouterr().err
    assert "CL-1910" in told
    assert "CL-1103" in told


def test_dates_without_a_zone_stop_it(world: _World, capsys: pytest.CaptureFixture[str]) -> None:
    world.write(line(1, date="2024-05-01"), line(2))
    assert world.run("--yes") == 1
    assert "CL-1503" in capsys.readouterr().err
    assert world.log.records("review.events.v1") == []


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--method", "spoken"], "--method"),
        (["--channel", "mail"], "--channel"),
        (["--column", "age=x"], "--column"),
        (["--zone", "Mars"], "--zone"),
        ([], "--yes"),
    ],
)
def test_a_wrong_option_is_named(
    world: _World,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    options: list[str],
    told: str,
) -> None:
    monkeypatch.setattr("sys.stdin.isatty", lambda: False)
    world.write(line(1))
    assert world.run(*options) == 2
    assert told in capsys.readouterr().err


def test_at_a_terminal_it_asks(
    world: _World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    questions = []
    monkeypatch.setattr("sys.stdin.isatty", lambda: True)
    monkeypatch.setattr(typer, "confirm", lambda text, err: questions.append(text))
    world.write(line(1))
    assert world.run() == 1
    assert questions == ["1 consents: propose them, or send them if they are approved?"]
    assert world.log.records("review.events.v1") == []
    assert "SHA-256" in capsys.readouterr().err
