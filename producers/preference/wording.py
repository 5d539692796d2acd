"""The words of the preference page, read once from the data file beside this one."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from consentlog.domain.scope import Scoped
from consentlog.errors import Language
from producers.preference.choices import Part


@dataclass(frozen=True, slots=True)
class Wording:
    """The words of one language; `text_version` names the consent text."""

    language: Language
    texts: Mapping[str, str]
    text_version: str

    def say(self, key: str, **values: str) -> str:
        """Return one text with its places filled; not escaped."""
        return self.texts[key].format(**values) if values else self.texts[key]

    def scope(self, scope: Scoped) -> str:
        """Say what a scope is about, for example *marketing calls*."""
        what = self.texts[f"{scope.purpose}-{scope.channel}"]
        part = scope.campaign or scope.brand
        return self.say("narrowed", what=what, part=part) if part else what

    def parts(self, parts: Iterable[Part]) -> str:
        """Say several lines of the page in a row."""
        return self.texts["and"].join(self.texts[part.id] for part in parts)


@cache
def wording(language: Language) -> Wording:
    """Return the words of one language."""
    text = resources.files("producers.preference").joinpath("wording.toml").read_text("utf-8")
    found: dict[str, Any] = tomllib.loads(text)
    return Wording(language, found[language], found["text_version"])
