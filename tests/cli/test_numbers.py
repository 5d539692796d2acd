"""`consentlog numbers`: one line out for each line in, whatever is in it."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from consentlog.cli.numbers import _EN, _ZH

PROGRAM = str(Path(sys.executable).with_name("consentlog"))


def run(given: bytes, *options: str, lang: str = "en") -> subprocess.CompletedProcess[bytes]:
    argv = [PROGRAM, "--lang", lang, "numbers", *options]
    return subprocess.run(argv, input=given, capture_output=True, check=False, timeout=60)


def answers(given: bytes, *options: str) -> list[dict[str, Any]]:
    done = run(given, "--json", *options)
    assert (done.returncode, done.stderr) == (0, b"")
    return [json.loads(line) for line in done.stdout.decode().splitlines()]


def test_each_line_has_its_answer_in_order() -> None:
    given = "138-0013-8000\r\n62345678\n\n 138****8000\n１３８００１３８０００"
    assert answers(given.encode(), "--region", "CN") == [
        {"input": "138-0013-8000", "subject": "+8613800138000", "reason": None},
        {"input": "62345678", "subject": None, "reason": "not_valid"},
        {"input": "", "subject": None, "reason": "empty"},
        {"input": " 138****8000", "subject": None, "reason": "not_only_digits"},
        {"input": "１３８００１３８０００", "subject": "+8613800138000", "reason": None},
    ]


def test_the_region_is_told_and_never_guessed() -> None:
    assert answers(b"16502530000\n", "--region", "US")[0]["subject"] == "+16502530000"
    assert answers(b"16502530000\n", "--region", "cn")[0]["subject"] == "+8616502530000"
    assert answers(b"16502530000\n")[0]["reason"] == "no_region"


def test_bytes_that_are_no_text_are_reported_on_their_line() -> None:
    found = answers(b"\xff\xfe138\n13800138000\n\x8013900139000\xe4\xb8\n", "--region", "CN")
    assert [one["reason"] for one in found] == ["not_utf8", None, "not_utf8"]
    assert found[0]["input"] == "\\xff\\xfe138"


def test_the_input_comes_back_as_given() -> None:
    given = 'a"b\\c\t\x00\x1b[31m\u2028é王😀\ufeff'
    assert answers(given.encode() + b"\n") == [
        {"input": given, "subject": None, "reason": "not_only_digits"}
    ]


def test_a_line_without_end_is_read_over() -> None:
    found = answers(b"1" * 1_000_000 + b"\n13800138000\n" + b"1" * 65_536, "--region", "CN")
    assert [one["reason"] for one in found] == ["too_long", None, "too_long"]
    assert len(found[0]["input"]) == 65_536


def test_a_line_of_just_the_limit_is_one_line() -> None:
    found = answers(b" " * 65_535 + b"\n" + b" " * 65_536 + b"\n13800138000\n", "--region", "CN")
    assert [one["reason"] for one in found] == ["too_long", "too_long", None]


def test_a_file_is_read_like_standard_input(tmp_path: Path) -> None:
    path = tmp_path / "list.txt"
    path.write_bytes(b"13800138000\n")
    assert answers(b"", "--region", "CN", str(path)) == answers(b"13800138000", "--region", "CN")
    assert answers(b"13800138000", "--region", "CN", "-")[0]["subject"] == "+8613800138000"


def test_people_get_columns_and_a_sum() -> None:
    done = run(b"13800138000\n\x1b62345678\n", "--region", "CN")
    assert done.stdout.decode().splitlines() == [
        "+8613800138000    13800138000",
        "-                 \\x1b62345678  (it does not have the form of a number)",
    ]
    assert done.stderr == b"2 lines: 1 numbers, 1 for a person to look at\n"


def test_people_get_their_language() -> None:
    done = run(b"62345678\n", "--region", "CN", lang="zh")
    assert "号码规划中没有" in done.stdout.decode()
    assert done.stderr.decode() == "共 1 行：0 个号码，1 行需人工处理\n"
    assert _ZH.keys() == _EN.keys()


def test_colours_are_for_terminals() -> None:
    ours, theirs = pty.openpty()
    argv = [PROGRAM, "--lang", "en", "numbers", "--region", "CN"]
    done = subprocess.run(
        argv,
        input=b"13800138000\n62345678\n",
        stdout=theirs,
        stderr=theirs,
        check=False,
        timeout=60,
    )
    os.close(theirs)
    shown = os.read(ours, 4096).decode()
    os.close(ours)
    assert done.returncode == 0
    assert "\33[32m+8613800138000" in shown
    assert "\33[31m-" in shown


@pytest.mark.parametrize(
    ("options", "said"), [(("--region", "XX"), b"--region"), (("nowhere.txt",), b"nowhere.txt")]
)
def test_wrong_usage_is_2(options: tuple[str, ...], said: bytes) -> None:
    done = run(b"", *options)
    assert done.returncode == 2
    assert said in done.stderr
    assert b"Traceback" not in done.stderr


def test_help_shows_a_line_that_works() -> None:
    shown = run(b"", "--help").stdout.decode()
    line = '{"input": "138-0013-8000", "subject": "+8613800138000", "reason": null}'
    assert f"  {line}\n" in shown
    assert run(b"138-0013-8000\n", "--region", "CN", "--json").stdout.decode() == line + "\n"


def test_a_reader_that_leaves_is_no_traceback() -> None:
    given = b"13800138000\n" * 200_000
    argv = [PROGRAM, "numbers", "--region", "CN"]
    pipe = subprocess.PIPE
    with subprocess.Popen(argv, stdin=pipe, stdout=pipe, stderr=pipe) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        try:
            process.stdin.write(given)
            process.stdin.close()
        except BrokenPipeError:
            pass
        process.wait(60)
        assert b"Traceback" not in process.stderr.read()


def test_memory_does_not_grow_with_the_list(tmp_path: Path) -> None:
    path = tmp_path / "list.txt"
    path.write_bytes(b"13800138000\n" * 500_000)
    code = (
        "import resource, sys; from consentlog.cli.main import main\n"
        "try: main(['numbers', '--region', 'CN', '--json', sys.argv[1]])\n"
        "except SystemExit: pass\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, file=sys.stderr)"
    )
    peaks = []
    for name in ("/dev/null", str(path)):
        done = subprocess.run(
            [sys.executable, "-c", code, name], capture_output=True, check=True, timeout=60
        )
        peaks.append(int(done.stderr))
    assert peaks[1] - peaks[0] < 10_000
