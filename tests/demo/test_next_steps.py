"""What the demo says to type next: valid for a shell, and no number in it."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from consentlog.cli.main import COMMANDS
from consentlog.demo import next_steps as module
from consentlog.demo.next_steps import NextStep, next_steps, write_numbers
from consentlog.demo.words import said
from consentlog.local.layout import Layout
from consentlog.reference.demo import KEY_SCOPES
from producers.request import EventIn

SHOWN, UNTOUCHED = "+8613800138029", "+8613800138040"
GATEWAY, CLICKHOUSE = "http://127.0.0.1:8080", "http://127.0.0.1:8123"


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    """Of a directory whose name a shell would take apart."""
    root = tmp_path / "a day's data"
    root.mkdir()
    found = Layout(root)
    found.keys.write_text(json.dumps({"app": "cl_app", "desk": "cl_desk"}, indent=1), "utf-8")
    found.passwords.write_text(json.dumps({"writer": "w", "auditor": "pass-word"}), "utf-8")
    write_numbers(found, SHOWN, UNTOUCHED)
    return found


@pytest.fixture
def steps(layout: Layout, monkeypatch: pytest.MonkeyPatch) -> list[NextStep]:
    monkeypatch.setattr(module, "_own_command", lambda: "consentlog")
    return next_steps(layout, GATEWAY, CLICKHOUSE, "k1.token")


def run(command: str, folder: Path) -> list[list[str]]:
    """Let a shell run it with stand-ins for our program and curl; returns what each was given."""
    calls = folder / "calls"
    for name in ("consentlog", "curl"):
        # A file for each process: those of a pipe run at the same time.
        script = f'#!/bin/sh\nprintf "%s\\0" {name} "$@" > "$CALLS/$$"\n'
        (folder / name).write_text(script, "utf-8")
        (folder / name).chmod(0o755)
    shutil.rmtree(calls, ignore_errors=True)
    calls.mkdir()
    env = {"PATH": f"{folder}:{os.environ['PATH']}", "CALLS": str(calls)}
    done = subprocess.run(
        ["/bin/sh", "-euc", command], env=env, capture_output=True, text=True, check=True
    )
    assert done.stderr == ""
    return [path.read_text("utf-8").split("\0")[:-1] for path in calls.iterdir()]


def named(steps: list[NextStep], name: str) -> str:
    (found,) = [one.command for one in steps if one.name == name]
    return found


def test_no_number_is_shown(steps: list[NextStep]) -> None:
    assert not [one for one in steps if re.search(r"1380013\d{4}", one.command)]


def test_every_step_is_told_in_both_languages(steps: list[NextStep]) -> None:
    for one in steps:
        if one.name:
            assert said(one.name, "en")
            assert said(one.name, "zh")


def test_every_command_of_ours_exists_and_gets_the_number(
    steps: list[NextStep], tmp_path: Path
) -> None:
    ours = [one.command for one in steps if one.command.startswith("consentlog ")]
    assert len(ours) == 6
    given = [call for command in ours for call in run(command, tmp_path) if call[0] != "curl"]
    assert {call[1] for call in given} <= set(COMMANDS)
    numbers = [call[2] for call in given if call[1] in ("history", "check")]
    assert sorted(set(numbers)) == [SHOWN, UNTOUCHED]


def test_the_refusal_is_one_that_the_gateway_takes(steps: list[NextStep], tmp_path: Path) -> None:
    ((_, *given),) = run(named(steps, "next_refuse"), tmp_path)
    assert f"{GATEWAY}/v1/consent-events" in given
    assert "Authorization: Bearer cl_desk" in given
    item = EventIn.model_validate(json.loads(given[given.index("-d") + 1]))
    assert (item.number, item.action) == (UNTOUCHED, "refused")


def test_the_desk_is_opened_with_the_key_that_is_shown(steps: list[NextStep]) -> None:
    assert named(steps, "next_desk") == f"{GATEWAY}/desk"
    env = {"PATH": os.environ["PATH"]}
    shown = subprocess.run(
        ["/bin/sh", "-euc", named(steps, "next_desk_key")],
        env=env,
        capture_output=True,
        text=True,
        check=True,
    )
    assert "cl_desk" in shown.stdout
    assert "cl_app" not in shown.stdout
    assert "desk:use" in KEY_SCOPES["desk"]


def test_the_query_goes_to_clickhouse_as_the_auditor(steps: list[NextStep], tmp_path: Path) -> None:
    calls = {call[0]: call[1:] for call in run(named(steps, "next_sql"), tmp_path)}
    assert calls["consentlog"] == ["history", SHOWN, "--sql"]
    assert "auditor:pass-word" in calls["curl"]
    assert any(argument.startswith(f"{CLICKHOUSE}/") for argument in calls["curl"])


def test_the_first_step_names_the_data_directory(steps: list[NextStep], layout: Layout) -> None:
    assert shlex.split(steps[0].command) == [
        "export",
        f"CONSENTLOG_LOCAL__DATA_DIR={layout.root}",
    ]
