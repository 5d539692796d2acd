"""The error tree, and the bilingual catalogue behind every code a person can meet.

    ConsentLogError
    ├── InvalidEvent        the input can never become an event (poison); 4xx or held and reviewed
    │   └── CodecError      bytes that do not decode
    ├── TransientError      retry inside a deadline: broker down, ClickHouse timeout
    ├── StaleState          the view is not complete or not fresh: deny
    └── FatalError          configuration, invariant, truncation: exit, never go on in doubt

A code (`CL-1203`) is stable for ever; its texts live in `consentlog/catalogue/*.toml`, zh and en
side by side, with what happened, why, and what to do. Numbers in parameters must be masked by the
raiser.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Literal

Language = Literal["en", "zh"]


@dataclass(frozen=True, slots=True)
class Text:
    """One code's text in one language, with `{name}` places for parameters."""

    what: str
    why: str
    do: str


@dataclass(frozen=True, slots=True)
class CatalogueEntry:
    """What a code means: its problem type slug.

    HTTP status (0 if never sent over HTTP) and texts.
    """

    code: str
    name: str
    status: int
    en: Text
    zh: Text

    def text(self, language: Language) -> Text:
        """Return the text in `language`."""
        return self.zh if language == "zh" else self.en


@cache
def catalogue() -> dict[str, CatalogueEntry]:
    """Read every catalogue file once.

    Returns:
        Entries by code, in code order.

    Raises:
        ValueError: If a code stands in two files.
    """
    entries: dict[str, CatalogueEntry] = {}
    for file in resources.files("consentlog.catalogue").iterdir():
        if not file.name.endswith(".toml"):
            continue
        for code, row in tomllib.loads(file.read_text("utf-8")).items():
            if code in entries:
                raise ValueError(f"{code} stands twice in the catalogue")
            texts = {lang: Text(**row[lang]) for lang in ("en", "zh")}
            entries[code] = CatalogueEntry(code, row["name"], row["status"], **texts)
    return dict(sorted(entries.items()))


class ConsentLogError(Exception):
    """Base of every error this project raises on purpose.

    Args:
        code: A code of the catalogue.
        params: Values for the places in its texts. Never an unmasked number.
    """

    def __init__(self, code: str, /, **params: object) -> None:
        super().__init__(code, params)
        self.code = code
        self.params = params

    @property
    def entry(self) -> CatalogueEntry:
        """The catalogue entry of this error's code."""
        return catalogue()[self.code]

    def what(self, language: Language = "en") -> str:
        """Say in one sentence what happened."""
        return self._fill(self.entry.text(language).what)

    def why(self, language: Language = "en") -> str:
        """Say why this is an error."""
        return self._fill(self.entry.text(language).why)

    def do(self, language: Language = "en") -> str:
        """Say what to do next."""
        return self._fill(self.entry.text(language).do)

    def _fill(self, text: str) -> str:
        return text.format_map(_Blank(self.params))

    def __str__(self) -> str:
        return f"{self.code}: {self.what()}"


class _Blank(dict[str, object]):
    """Leaves a place visible instead of failing while an error is being reported."""

    def __missing__(self, key: str) -> str:
        return "{" + key + "}"


class InvalidEvent(ConsentLogError):
    """The input can never become an event; asking again cannot help."""


class CodecError(InvalidEvent):
    """Bytes do not decode with the schema they name, or leave some over."""


class TransientError(ConsentLogError):
    """The same call may succeed later; retry inside a deadline."""


class StaleState(ConsentLogError):
    """The view that should answer is incomplete or too old: the answer is deny."""


class FatalError(ConsentLogError):
    """The process must not go on: configuration, a broken invariant, a truncated log."""
