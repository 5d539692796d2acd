"""The words of lists on the desk, read once from the data file beside this one."""

from __future__ import annotations

from functools import cache

from consentlog.errors import Language
from producers.page_texts import Texts, wording_file


@cache
def wording(language: Language) -> Texts:
    """Return the words of one language."""
    return Texts(language, wording_file("producers.uploads")[language])
