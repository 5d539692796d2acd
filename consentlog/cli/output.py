"""How every command speaks: people on stderr in their language, machines on stdout as JSON."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from contextvars import ContextVar
from enum import IntEnum
from typing import Annotated, Any, cast

import typer

from consentlog.cli.language import system_language
from consentlog.errors import ConsentLogError, Language


class ExitCode(IntEnum):
    """What the shell is told."""

    OK = 0
    FAILURE = 1
    USAGE = 2
    VERIFICATION_FAILED = 3


chosen_language: ContextVar[Language | None] = ContextVar("chosen_language", default=None)
"""Set by `consentlog --lang xx ...` before the command is run."""

Lang = Annotated[
    str | None, typer.Option("--lang", help="zh or en; default: LANG", metavar="zh|en")
]
AsJson = Annotated[bool, typer.Option("--json", help="machine-readable output on stdout")]


def language(option: str | None = None) -> Language:
    """Return the language to speak: the command's option, the global one, else the system's.

    Raises:
        typer.BadParameter: If `option` is neither `zh` nor `en`.
    """
    if option is not None and option not in {"zh", "en"}:
        raise typer.BadParameter("zh or en", param_hint="--lang")
    return cast(Language, option) if option else chosen_language.get() or system_language()


def say(line: str = "") -> None:
    """Print one line for people."""
    sys.stderr.write(line + "\n")
    sys.stderr.flush()


def emit(value: Mapping[str, Any] | list[Any]) -> None:
    """Print one JSON document for machines."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False, indent=2) + "\n")
    sys.stdout.flush()


def emit_line(value: Mapping[str, Any]) -> None:
    """Print one JSON document on one line, for machines that read line by line."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False, separators=(",", ":")) + "\n")
    sys.stdout.flush()


def report(error: ConsentLogError, lang: Language) -> None:
    """Tell a person what happened, why, and what to do."""
    labels = ("原因：", "处理：") if lang == "zh" else ("why: ", "do:  ")
    say(f"{error.code}: {error.what(lang)}")
    say(f"  {labels[0]}{error.why(lang)}")
    say(f"  {labels[1]}{error.do(lang)}")
