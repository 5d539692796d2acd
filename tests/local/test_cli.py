"""The command line: quick help, exit codes, both languages."""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from consentlog.cli.main import COMMANDS, help_text, main
from consentlog.errors import catalogue

PROGRAM = str(Path(sys.executable).with_name("consentlog"))


def consentlog(*arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
    """Run the program."""
    return subprocess.run(
        [PROGRAM, *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        env=os.environ | env,
    )


def test_help_is_quick() -> None:
    """The best of some runs: on a busy machine the others tell about the machine."""
    wall, cpu = list[float](), list[float]()
    for _ in range(5):
        started, before = time.monotonic(), resource.getrusage(resource.RUSAGE_CHILDREN)
        assert consentlog("--help").returncode == 0
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        wall.append(time.monotonic() - started)
        cpu.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    assert min(cpu) < 0.3, cpu
    assert min(wall) < 0.3, wall


def test_help_imports_nothing_heavy() -> None:
    script = (
        "import sys; from consentlog.cli.main import main; main(['--help']);"
        "print(*sorted({name.partition('.')[0] for name in sys.modules}), file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-P", "-c", script], capture_output=True, text=True, check=True, timeout=60
    )
    heavy = {"typer", "rich", "pydantic", "faust", "confluent_kafka", "fastapi", "structlog"}
    assert not heavy & set(done.stderr.split())


def test_help_names_every_command_in_both_languages() -> None:
    for lang in ("en", "zh"):
        text = help_text(lang)
        assert all(f"  {name} " in text for name in COMMANDS)


@pytest.mark.parametrize("name", ["local", "doctor", "topics", "migrate", "explain"])
def test_every_command_helps(name: str) -> None:
    done = consentlog(name, "--help")
    assert done.returncode == 0, done.stderr
    assert "Usage" in done.stdout


def test_usage_errors_exit_2(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["locale"]) == 2
    assert "Did you mean `local`?" in capsys.readouterr().err
    assert consentlog("local", "nonsense").returncode == 2
    assert consentlog("explain", "--lang", "fr").returncode == 2
    assert main([]) == 2


def test_every_code_is_explained_in_both_languages() -> None:
    for lang in ("en", "zh"):
        done = consentlog("explain", "--json", "--lang", lang)
        rows = json.loads(done.stdout)
        assert [row["code"] for row in rows] == list(catalogue())
        assert all(row["what"] and row["why"] and row["do"] for row in rows)
    assert consentlog("--lang", "zh", "explain", "5003").stderr.startswith("CL-5003")
    assert consentlog("explain", "CL-9999").returncode == 1


def test_no_stack_is_said_not_thrown(tmp_path: Path) -> None:
    env = {"CONSENTLOG_LOCAL__DATA_DIR": str(tmp_path)}
    for arguments in (("local", "status"), ("local", "down"), ("topics", "check"), ("migrate",)):
        done = consentlog(*arguments, **env)
        assert done.returncode == 1
        assert "CL-5007" in done.stderr
        assert "Traceback" not in done.stderr


def test_reset_deletes_only_what_a_stack_made(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    done = consentlog("local", "reset", "--yes", "--data-dir", str(tmp_path))
    assert (done.returncode, "CL-5011" in done.stderr) == (1, True)
    (tmp_path / "stack.lock").touch()
    assert consentlog("local", "reset", "--data-dir", str(tmp_path)).returncode == 1
    assert consentlog("local", "reset", "--dry-run", "--data-dir", str(tmp_path)).returncode == 0
    assert (tmp_path / "thesis.txt").exists()
    assert consentlog("local", "reset", "--yes", "--data-dir", str(tmp_path)).returncode == 0
    assert not tmp_path.exists()


def test_doctor_looks_at_this_machine(tmp_path: Path) -> None:
    done = consentlog("doctor", "--json", CONSENTLOG_LOCAL__DATA_DIR=str(tmp_path / "new"))
    found = {row["check"]: row for row in json.loads(done.stdout)}
    assert {"python", "packages", "java", "jars", "disk", "ports", "clock"} <= set(found)
    assert found["java"]["status"] == "ok"
    assert found["broker"]["do"]
    assert all(row["do"] for row in found.values() if row["status"] != "ok")


@pytest.mark.integration
def test_up_detached_then_status_then_down(tmp_path: Path) -> None:
    env = {
        "CONSENTLOG_LOCAL__DATA_DIR": str(tmp_path),
        "CONSENTLOG_LOCAL__CLICKHOUSE_PORT": "0",
    }
    try:
        up = consentlog("local", "up", "--detach", "--service", "clickhouse", **env)
        assert up.returncode == 0, up.stderr
        status = consentlog("local", "status", "--json", **env)
        assert status.returncode == 0
        assert json.loads(status.stdout)["services"]["clickhouse"]["state"] == "ready"
        again = consentlog("local", "up", "--service", "clickhouse", **env)
        assert (again.returncode, "CL-5003" in again.stderr) == (1, True)
    finally:
        down = consentlog("local", "down", **env)
    assert down.returncode == 0
    assert consentlog("local", "status", **env).returncode == 1


@pytest.mark.integration
def test_ctrl_c_stops_cleanly(tmp_path: Path) -> None:
    env = os.environ | {"CONSENTLOG_LOCAL__CLICKHOUSE_PORT": "0"}
    argv = [PROGRAM, "local", "up", "--service", "clickhouse", "--data-dir", str(tmp_path)]
    with subprocess.Popen(argv, stderr=subprocess.PIPE, text=True, env=env) as process:
        assert process.stderr is not None
        for line in process.stderr:
            if str(tmp_path) in line:
                break
        process.send_signal(signal.SIGINT)
        rest = process.stderr.read()
        assert process.wait(20) == 0, rest
    assert rest.endswith(("Stopped.\n", "已停止。\n"))
