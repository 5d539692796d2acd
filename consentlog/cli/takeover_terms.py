"""What a take-over is told: words for all rows, columns by field; and where it keeps its place."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import typer

from consentlog.errors import InvalidEvent
from producers.takeovers.columns import CONSENT_HEADERS

_METHODS: Final = ("web", "app", "form", "keyword")
_CHANNELS: Final = ("voice", "sms", "all")


def check_words(method: str | None, channel: str | None) -> None:
    """Check what holds for all rows.

    Raises:
        typer.BadParameter: Naming the option.
    """
    for word, words, option in (
        (method, _METHODS, "--method"),
        (channel, _CHANNELS, "--channel"),
    ):
        if word is not None and word not in words:
            raise typer.BadParameter(", ".join(words), param_hint=option)


def told_columns(column: Sequence[str]) -> dict[str, str]:
    """Return columns by field, as `FIELD=HEADER` or `FIELD=2` says it.

    Raises:
        typer.BadParameter: For a field that there is not, or no header.
    """
    told = dict(text.partition("=")[::2] for text in column)
    for field, where in told.items():
        if field not in CONSENT_HEADERS or not where:
            fields = ", ".join(CONSENT_HEADERS)
            raise typer.BadParameter(f"FIELD=HEADER, FIELD one of {fields}", param_hint="--column")
    return told


def place_file(file: Path, list_name: str) -> Path:
    """Return where the place of a list is kept: beside it, told apart from others by its name."""
    readable = re.sub(r"[^A-Za-z0-9._-]+", "-", list_name).strip("-.")[:40] or "list"
    told_apart = hashlib.sha256(list_name.encode()).hexdigest()[:8]
    return file.with_name(f"{readable}-{told_apart}.takeover.json")


def sha256_of(file: Path) -> str:
    """Return a file's SHA-256, hex.

    Raises:
        InvalidEvent: `CL-1501` if it cannot be read.
    """
    try:
        with file.open("rb") as opened:
            return hashlib.file_digest(opened, "sha256").hexdigest()
    except OSError as exc:
        reason = exc.strerror or "it cannot be opened"
        raise InvalidEvent("CL-1501", file=file.name, reason=reason) from None
