"""`consentlog words`: judges messages, line by line, as the gateway would; needs no service."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated, BinaryIO, Final

import typer

from consentlog.cli.output import AsJson, Lang, language
from consentlog.errors import Language
from consentlog.reference.words import load_words
from consentlog.words import Judgement, Verdict, judge

app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)

Files = Annotated[
    list[Path] | None,
    typer.Option("--words", help="a tenant's file of more words, TOML; may be given again"),
]

_NOT_UTF8: Final = Judgement(Verdict.REVIEW, "not_utf8")
_ZH: Final = {
    Verdict.REFUSE: "拒绝",
    Verdict.CONSENT: "同意",
    Verdict.HELP: "求助",
    Verdict.REVIEW: "人工",
    Verdict.NONE: "无关",
}


@app.command()
def words(
    files: Files = None,
    *,
    as_json: AsJson = False,
    lang: Lang = None,
) -> None:
    """Say what each line of standard input means: refuse, consent, help, review or none.

    One line out for each line in, in order; the rule that fired stands beside it. A consent is not
    yet a grant. What is no UTF-8 is for a person to look at. Sends and stores nothing. Example:

    \b
    $ echo "别再打了" | consentlog words --json
    {"input": "别再打了", "verdict": "refuse", "rule": "phrase:CN:别打了"}
    """  # noqa: D301  # click's mark for lines to leave as they are
    spoken = language(lang)
    known = load_words(tuple(files or ()))
    with open(sys.stdin.fileno(), "rb", closefd=False) as source:
        for given, found in _judged(source, lambda text: judge(text, known)):
            line = _json(given, found) if as_json else _human(given, found, spoken)
            sys.stdout.buffer.write(line.encode() + b"\n")
    sys.stdout.buffer.flush()


def _judged(
    source: BinaryIO, judged: Callable[[str], Judgement]
) -> Iterator[tuple[str, Judgement]]:
    for line in source:
        content = line.removesuffix(b"\n").removesuffix(b"\r")
        try:
            text = content.decode()
        except UnicodeDecodeError:
            yield content.decode(errors="backslashreplace"), _NOT_UTF8
            continue
        yield text, judged(text)


def _json(given: str, found: Judgement) -> str:
    # Readable, but for what some readers of lines take for the end of one, such as U+2028.
    row = {"input": given, "verdict": found.verdict.value, "rule": found.rule}
    return json.dumps(row, ensure_ascii=not given.isprintable())


def _human(given: str, found: Judgement, lang: Language) -> str:
    shown = given if given.isprintable() else given.encode("unicode_escape").decode()
    verdict = _ZH[found.verdict] if lang == "zh" else f"{found.verdict.value:<8}"
    return f"{verdict} {shown}  ({found.rule})"
