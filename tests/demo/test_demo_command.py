"""`consentlog demo`: exit codes, a fresh directory, and the whole show once."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from consentlog.cli import demo as command
from consentlog.cli.main import main
from consentlog.demo.judge import Difference
from consentlog.demo.show import Findings


@pytest.mark.parametrize("differences", [[], [Difference("after", "deny", "allow")]])
def test_exit_code_says_whether_all_came_out_as_expected(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, differences: list[Difference]
) -> None:
    shown: dict[str, Any] = {}

    def show(_screen: object, root: Path, **options: object) -> Findings:
        shown.update(options, root=root)
        return Findings(differences=differences)

    monkeypatch.setattr(command, "_show", show)
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    with pytest.raises(SystemExit) as ended:
        main(["demo", "--once"])
    assert ended.value.code == (1 if differences else 0)
    assert shown["stays"] is False
    assert not shown["root"].exists(), "a temporary directory is deleted"


def test_a_directory_with_records_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "stack.lock").write_text("1", "utf-8")
    assert main(["--lang", "en", "demo", "--once", "--data-dir", str(tmp_path)]) == 1
    assert "CL-9001" in capsys.readouterr().err
    assert (tmp_path / "stack.lock").exists()


def test_a_directory_of_somebody_else_is_left_as_it_is(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It would be closed to others and filled with data: think of a home directory."""
    tmp_path.chmod(0o755)
    (tmp_path / "thesis.txt").write_text("mine", "utf-8")
    for path in (tmp_path, tmp_path / "thesis.txt"):
        assert main(["--lang", "en", "demo", "--once", "--data-dir", str(path)]) == 1
        assert "CL-5013" in capsys.readouterr().err
        for way in ([], ["--detach"]):
            assert main(["--lang", "en", "local", "up", *way, "--data-dir", str(path)]) == 1
            assert "CL-5013" in capsys.readouterr().err
    assert tmp_path.stat().st_mode & 0o777 == 0o755
    assert [one.name for one in tmp_path.iterdir()] == ["thesis.txt"]


@pytest.mark.integration
def test_the_whole_day_comes_out_as_expected(tmp_path: Path) -> None:
    ports = ("KAFKA", "CONTROLLER", "CLICKHOUSE", "GATEWAY", "GATE", "PROBE")
    env = {f"CONSENTLOG_LOCAL__{name}_PORT": "0" for name in ports} | {"TMPDIR": str(tmp_path)}
    ran = subprocess.run(
        [sys.executable, "-P", "-m", "consentlog.cli.main", "demo", "--once", "--json"],
        env=os.environ | env,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr + ran.stdout
    report = json.loads(ran.stdout)
    assert report["ok"] is True
    assert report["differences"] == []
    assert report["deaths"] == [], "a service died on a healthy run"
    assert len(report["contacts"]) == 53
    assert report["latency_ms"]["count"] >= 25
    assert report["history_records"] == 88
    assert not re.search(r"1380013\d{4}", ran.stdout + ran.stderr), "a number was shown"
    assert list(tmp_path.iterdir()) == []
