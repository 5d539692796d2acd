"""The words of pages, read from a data file beside the room that draws them, zh and en."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from html import escape
from importlib import resources
from typing import Any

from consentlog.errors import Language


@dataclass(frozen=True, slots=True)
class Texts:
    """The words of one room in one language."""

    language: Language
    texts: Mapping[str, str]

    def say(self, key: str, **values: str) -> str:
        """Return one text with its places filled; not escaped."""
        return self.texts[key].format(**values) if values else self.texts[key]

    def html(self, key: str, **values: str) -> str:
        """Return one text with its places filled, escaped for a page."""
        return escape(self.say(key, **values))


@cache
def wording_file(room: str) -> Mapping[str, Any]:
    """Read `wording.toml` of a package: a table for each language, and what else is in it."""
    return tomllib.loads(resources.files(room).joinpath("wording.toml").read_text("utf-8"))
