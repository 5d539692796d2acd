"""`consentlog words`: one line out for each line in, whatever is in it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

PROGRAM = str(Path(sys.executable).with_name("consentlog"))

TENANT = """
id = "acme"
version = "1"
script = "han"
[keywords]
refuse = ["KTHXBYE"]
[[phrase]]
id = "鸭子"
say = ["不要 鸭子"]
"""


def run(given: bytes, *options: str, lang: str = "en") -> subprocess.CompletedProcess[bytes]:
    argv = [PROGRAM, "--lang", lang, "words", *options]
    return subprocess.run(argv, input=given, capture_output=True, check=False, timeout=60)


def answers(given: str, *options: str) -> list[tuple[str, str, str]]:
    done = run(given.encode(), "--json", *options)
    assert (done.returncode, done.stderr) == (0, b"")
    rows = [json.loads(line) for line in done.stdout.decode().splitlines()]
    assert all(list(row) == ["input", "verdict", "rule"] for row in rows)
    return [tuple(row.values()) for row in rows]


def test_one_json_line_for_each_line() -> None:
    assert answers("回复TD\r\n\n在吗\nSTART") == [
        ("回复TD", "refuse", "keyword:CN:TD"),
        ("", "none", "none"),
        ("在吗", "none", "none"),
        ("START", "consent", "keyword:EN:START"),
    ]


def test_what_is_no_text_is_reported_and_does_not_stop_the_others() -> None:
    done = run(b"\xff\xfeTD\nTD\n", "--json")
    rows = [json.loads(line) for line in done.stdout.decode().splitlines()]
    assert rows[0] == {"input": "\\xff\\xfeTD", "verdict": "review", "rule": "not_utf8"}
    assert rows[1]["verdict"] == "refuse"


def test_a_line_separator_within_a_message_makes_no_second_line() -> None:
    assert [row[0] for row in answers("a\u2028b")] == ["a\u2028b"]


def test_for_people() -> None:
    assert run("别再打了\n".encode()).stdout.decode() == "refuse   别再打了  (phrase:CN:别打了)\n"
    assert run(b"TD\n", lang="zh").stdout.decode().startswith("拒绝 TD")


def test_a_tenant_adds_words(tmp_path: Path) -> None:
    path = tmp_path / "acme.toml"
    path.write_text(TENANT, "utf-8")
    assert answers("kthxbye\n我不要鸭子了", "--words", str(path)) == [
        ("kthxbye", "refuse", "keyword:acme:KTHXBYE"),
        ("我不要鸭子了", "refuse", "phrase:acme:鸭子"),
    ]
    assert [row[1] for row in answers("kthxbye")] == ["none"]


def test_a_tenant_s_error_is_said_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "acme.toml"
    path.write_text(TENANT.replace("不要 鸭子", "{nobody} 鸭子"), "utf-8")
    done = run(b"TD\n", "--words", str(path))
    assert done.returncode == 1
    assert b"CL-6065" in done.stderr
    assert f"{path}, line 9".encode() in done.stderr


def test_the_help_shows_an_example_that_is_true() -> None:
    text = run(b"", "--help").stdout.decode()
    (example,) = [line.strip() for line in text.splitlines() if line.strip().startswith('{"input"')]
    assert json.loads(example)["rule"] == answers("别再打了")[0][2]
