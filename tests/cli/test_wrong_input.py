"""What a stranger does wrong with a list is told in one sentence, by its code or its option."""

from __future__ import annotations

from pathlib import Path

import pytest

from consentlog.cli.main import main

COMMANDS = (
    ("import", "手机号,日期\n13800138000,2025-01-01\n"),
    (
        "takeover",
        "number,date,method,version,ref,channel\n13800138000,2025-01-01,web,v1,r1,sms\n",
    ),
)
NOWHERE = "http://127.0.0.1:9"


@pytest.fixture(params=COMMANDS, ids=[name for name, _ in COMMANDS])
def command(request: pytest.FixtureRequest, tmp_path: Path) -> list[str]:
    """A command that would send its list to a gateway that is not there."""
    name, text = request.param
    file, key = tmp_path / "list.csv", tmp_path / "key"
    file.write_text(text)
    key.write_text("cl_secret\n")
    key.chmod(0o600)
    where = ["--url", NOWHERE, "--key-file", str(key), "--data-dir", str(tmp_path)]
    how = ["--source", "care", "--list", "w", "--entity", "acme", "--region", "CN"]
    return [name, str(file), *how, *where, "--zone", "Asia/Shanghai", "--yes", "--patience", "0"]


def run(*argv: str) -> int:
    try:
        return main(argv)
    except SystemExit as end:
        return int(end.code or 0)


@pytest.mark.parametrize(("lang", "said"), [("zh", "无法写入"), ("en", "cannot be written")])
def test_a_place_that_takes_no_file_is_named(
    command: list[str], lang: str, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    nowhere = str(tmp_path / "nowhere" / "x.csv")
    assert run("--lang", lang, *command, "--errors", nowhere) == 1
    told = capsys.readouterr().err
    assert "CL-1511" in told
    assert said in told
    assert nowhere in told


@pytest.mark.parametrize("command", COMMANDS[:1], indirect=True)
def test_a_place_for_the_memory_that_is_none_is_named(
    command: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(*command, "--state-dir", str(tmp_path / "nowhere")) == 1
    assert "CL-1511" in capsys.readouterr().err


@pytest.mark.parametrize("key", ["", "\n", "密钥", "cl_a\ncl_b", "cl_a\x00"])
def test_a_key_file_without_a_key_is_named(
    command: list[str], key: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "key").write_text(key)
    assert run(*command) == 2
    told = capsys.readouterr().err
    assert "--key-file" in told
    assert "list.csv" not in told, "the list was looked over first"


@pytest.mark.parametrize(
    ("option", "value"),
    [("--url", "127.0.0.1:8080"), ("--url", "ftp://x"), ("--patience", "nan")],
)
def test_an_option_that_cannot_be_is_named(
    command: list[str], option: str, value: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(*command, option, value) == 2
    assert option in capsys.readouterr().err


def test_a_gateway_that_is_not_there_is_told_by_its_code(
    command: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(*command) == 1
    assert "CL-1506" in capsys.readouterr().err


@pytest.mark.parametrize("key", [b"", "密钥".encode(), b"a\nb", b"\xff\xfe"])
def test_a_question_to_the_gate_needs_a_key(
    key: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "key"
    file.write_bytes(key)
    argv = (
        "check",
        "+8613800138000",
        "--entity",
        "acme",
        "--url",
        NOWHERE,
        "--key-file",
        str(file),
    )
    assert run(*argv) == 1
    assert "CL-2007" in capsys.readouterr().err


@pytest.mark.parametrize(("asked", "code"), [(("local", "status"), 1), (("codes",), 0)])
def test_a_data_directory_that_is_a_file_holds_nothing(
    asked: tuple[str, ...], code: int, tmp_path: Path
) -> None:
    file = tmp_path / "file"
    file.touch()
    assert run(*asked, "--data-dir", str(file)) == code
