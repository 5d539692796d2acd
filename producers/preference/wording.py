"""The words of the preference page, read once from the data file beside this one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

from consentlog.domain.scope import Scoped
from consentlog.errors import Language
from producers.page_texts import Texts, wording_file
from producers.preference.choices import Part


@dataclass(frozen=True, slots=True)
class Wording(Texts):
    """The words of one language; `text_version` names the consent text."""

    text_version: str

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
    found = wording_file("producers.preference")
    return Wording(language, found[language], found["text_version"])
