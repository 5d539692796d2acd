"""`consentlog import` as a process: killed, stopped, started again; nothing lost or doubled."""

from __future__ import annotations

import json
import os
import pty
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from producers.imports.run import IN_FLIGHT
from tests.support.stub_gateway import StubGateway, stub_gateway

PROGRAM = str(Path(sys.executable).with_name("consentlog"))
ROWS = 12_000


@pytest.fixture
def stub() -> Iterator[StubGateway]:
    with stub_gateway() as found:
        yield found


@pytest.fixture
def file(tmp_path: Path) -> Path:
    found = tmp_path / "dnc.csv"
    lines = (f"138{n:08d},2026-03-20" for n in range(ROWS))
    found.write_text("\n".join(["手机号,日期", *lines]) + "\n")
    return found


def argv(file: Path, stub: StubGateway, *options: str, key: str = "cl_secret") -> list[str]:
    key_file = file.with_name("key")
    key_file.write_text(f"{key}\n")
    key_file.chmod(0o600)
    terms = ["--list", "weekly", "--source", "care", "--entity", "acme", "--region", "CN"]
    door = ["--url", stub.url, "--key-file", str(key_file), "--data-dir", str(file.parent)]
    zone = [] if "--no-zone" in options else ["--zone", "Asia/Shanghai"]
    rest = [option for option in options if option != "--no-zone"]
    return [PROGRAM, "--lang", "en", "import", str(file), *terms, *door, *zone, *rest]


def run(
    file: Path, stub: StubGateway, *options: str, key: str = "cl_secret"
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        argv(file, stub, *options, key=key), capture_output=True, text=True, check=False, timeout=60
    )


def act(item: dict[str, Any]) -> str:
    """What an item says, as far as it makes it the act that it is."""
    return json.dumps(item, sort_keys=True)


def test_a_dry_run_counts_and_sends_nothing(file: Path, stub: StubGateway) -> None:
    file.write_text("手机号,状态\n13800138000,\n138****8000,\n13900139000,同意\n13800138000,\n")
    done = run(file, stub, "--dry-run", "--json")
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout) == {
        "rows": 4,
        "valid": 2,
        "duplicates": 1,
        "without_zone": 0,
        "quarantined": 1,
        "unreadable": 1,
        "findings": {"number_not_only_digits": 1, "would_loosen": 1},
    }
    assert stub.bodies == 0
    assert len(file.with_name("dnc.csv.errors.csv").read_text().splitlines()) == 3


def test_every_row_is_sent_once_in_batches(file: Path, stub: StubGateway) -> None:
    done = run(file, stub, "--yes", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["sent"] == {"recorded": ROWS}
    assert [item["number"] for item in stub.items] != []
    assert {item["number"] for item in stub.items} == {f"138{n:08d}" for n in range(ROWS)}
    assert len(stub.items) == ROWS
    assert stub.bodies == ROWS / 1000
    assert set(stub.keys) == {"cl_secret"}
    assert {item["nonce"] for item in stub.items} == {"weekly"}


def test_killed_at_any_place_it_goes_on_and_nothing_is_lost_or_doubled(
    file: Path, stub: StubGateway
) -> None:
    stub.answer_after_s = 0.03
    # Body n + 1 + IN_FLIGHT is made once n bodies were kept: the last two runs keep one or more.
    for key, killed_at in (("cl_1", 2), ("cl_2", IN_FLIGHT + 2), ("cl_3", IN_FLIGHT + 2)):
        stub.silent_from = killed_at
        with subprocess.Popen(
            argv(file, stub, "--yes", key=key), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
        ) as process:
            while stub.keys[key] < killed_at and process.poll() is None:
                time.sleep(0.002)
            process.kill()
        assert process.returncode == -signal.SIGKILL
    stub.silent_from = None
    done = run(file, stub, "--yes", key="cl_last")
    assert done.returncode == 0, done.stderr
    going_on = re.search(r"goes on after ([\d,]+) rows", done.stderr)
    assert going_on, done.stderr
    answered = int(going_on[1].replace(",", ""))
    assert answered >= 2 * 1000
    assert stub.keys["cl_last"] == (ROWS - answered) / 1000
    acts = Counter(act(item) for item in stub.items)
    assert len(acts) == ROWS
    assert {json.loads(text)["number"] for text in acts} == {f"138{n:08d}" for n in range(ROWS)}


def test_a_stop_says_how_to_go_on(file: Path, stub: StubGateway) -> None:
    stub.silent_from = 3  # a gateway that no longer answers keeps nobody from leaving
    with subprocess.Popen(
        argv(file, stub, "--yes"), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    ) as process:
        while stub.bodies < 3 and process.poll() is None:
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        _, told = process.communicate(timeout=10)
    assert process.returncode == 1
    assert "the same command goes on from there" in told
    assert "Traceback" not in told
    stub.silent_from = None
    assert run(file, stub, "--yes").returncode == 0
    assert len({act(item) for item in stub.items}) == ROWS


def test_a_busy_gateway_is_waited_for(file: Path, stub: StubGateway) -> None:
    stub.busy = 2
    done = run(file, stub, "--yes")
    assert done.returncode == 0, done.stderr
    assert "waiting for the gateway: CL-1401 full" in done.stderr
    assert len(stub.items) == ROWS


def test_without_a_zone_no_date_is_sent(file: Path, stub: StubGateway) -> None:
    done = run(file, stub, "--yes", "--no-zone")
    assert done.returncode == 1
    assert "CL-1503" in done.stderr
    assert f"{ROWS} dates" in done.stderr
    assert stub.bodies == 0


def test_the_wrong_column_opens_no_case_for_every_row(file: Path, stub: StubGateway) -> None:
    done = run(file, stub, "--yes", "--column", "number=日期")
    assert done.returncode == 1
    assert "CL-1502" in done.stderr
    assert stub.bodies == 0


def test_a_list_of_which_much_cannot_be_read_is_sent_only_if_somebody_says_so(
    file: Path, stub: StubGateway
) -> None:
    good, bad = (f"138{n:08d}" for n in range(900)), ["138****8000"] * 101
    file.write_text("\n".join(["手机号", *good, *bad]) + "\n")
    for options in (["--yes"], ["--dry-run"]):
        done = run(file, stub, *options)
        assert (done.returncode, stub.bodies) == (1, 0)
        assert "CL-1510" in done.stderr
        assert "101 of 1,001" in done.stderr
        assert "nothing was sent" in done.stderr
        assert "138****8000" not in done.stderr
    assert len(file.with_name("dnc.csv.errors.csv").read_text().splitlines()) == 102
    assert run(file, stub, "--dry-run", "--allow-unreadable").returncode == 0
    done = run(file, stub, "--yes", "--allow-unreadable")
    assert done.returncode == 0, done.stderr
    assert len(stub.items) == 1001


def test_nothing_is_sent_that_nobody_agreed_to(file: Path, stub: StubGateway) -> None:
    done = subprocess.run(
        argv(file, stub), capture_output=True, text=True, check=False, timeout=60, input=""
    )
    assert done.returncode == 2
    assert "--yes" in done.stderr
    assert stub.bodies == 0


def test_at_a_terminal_it_asks(file: Path, stub: StubGateway) -> None:
    for answer, sent in ((b"n\n", 0), (b"y\n", ROWS)):
        master, slave = pty.openpty()
        with subprocess.Popen(argv(file, stub), stdin=slave, stdout=slave, stderr=slave) as process:
            os.close(slave)
            shown = b""
            while b"[y/N]" not in shown:
                shown += os.read(master, 4096)
            os.write(master, answer)
            while process.poll() is None:
                try:
                    shown += os.read(master, 4096)
                except OSError:
                    break
        os.close(master)
        assert b"Send 12,000 rows?" in shown
        assert len(stub.items) == sent


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--list", "a#b"], "--list"),
        (["--zone", "Mars"], "--zone"),
        (["--region", "XX"], "--region"),
        (["--column", "name=x"], "--column"),
        (["--basis", "whim"], "--basis"),
        (["--encoding", "klingon"], "--encoding"),
        (["--source", "who is this, and for how long please"], "--source"),
    ],
)
def test_a_wrong_option_is_named(
    file: Path, stub: StubGateway, options: list[str], told: str
) -> None:
    done = run(file, stub, *options)
    assert done.returncode == 2
    assert told in done.stderr


def test_a_key_that_others_can_read_is_not_used(file: Path, stub: StubGateway) -> None:
    arguments = argv(file, stub, "--yes")
    file.with_name("key").chmod(0o644)
    done = subprocess.run(arguments, capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, stub.bodies) == (2, 0)
    assert "chmod 600" in done.stderr


def test_a_file_that_cannot_be_read_is_said_in_one_sentence(file: Path, stub: StubGateway) -> None:
    file.unlink()
    done = run(file, stub)
    assert done.returncode == 1
    assert "CL-1501" in done.stderr
    assert "Traceback" not in done.stderr
