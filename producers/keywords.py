"""What a text message means, by whole-message keywords only (rules of refusal 11, 1 and 2)."""

from __future__ import annotations

import re
import unicodedata
from enum import StrEnum
from typing import Final

from consentlog.reference.words import Words


class Meaning(StrEnum):
    """What a message means to us; `ANSWER` and `UNCLEAR` need a person."""

    REFUSE = "refuse"
    CONSENT = "consent"
    ANSWER = "answer"
    HELP = "help"
    UNCLEAR = "unclear"


_QUOTES: Final = str.maketrans("‘’‛“”„", "'''\"\"\"")
_UNKNOWN: Final = frozenset({"Cn", "Co", "Cs"})
_SPACES: Final = re.compile(r"\s+")


def normalise_words(text: str, words: Words) -> str:
    """Bring a message into the form that keywords are written in.

    NFKC, straight quotes, no zero-width characters, simplified characters, upper case, single
    spaces, no punctuation or brackets around it. The raw text is kept elsewhere, as evidence.
    """
    plain = unicodedata.normalize("NFKC", text).translate(_QUOTES)
    visible = "".join(char for char in plain if unicodedata.category(char) != "Cf")
    single = _SPACES.sub(" ", visible.translate(words.simplified).upper())
    return _bare(single)


def has_symbols(text: str) -> bool:
    """Tell whether a message has signs of their own meaning in it, such as emoji.

    Characters that this Python's Unicode does not know yet count: the newest emoji are among them.
    """
    plain = unicodedata.normalize("NFKC", text)
    return any(
        (found := unicodedata.category(char))[0] == "S" or found in _UNKNOWN for char in plain
    )


def meaning_of(text: str, words: Words) -> Meaning:
    """Say what a message means.

    Args:
        text: The message as it came.
        words: The keyword sets.

    Returns:
        A meaning if the whole message is a keyword, `回复`/`复` and a keyword, or a keyword and
        `退订` or a polite ending; else `UNCLEAR`: nothing is guessed and nothing is dropped.
        Symbols take nothing from a refusal, but a consent with one (`START🚫`) is `UNCLEAR`.
    """
    message = normalise_words(text, words)
    for candidate in (message, *_without_affix(message, words)):
        meaning = _keyword(candidate, words)
        if meaning is Meaning.REFUSE:
            return meaning
        if meaning is Meaning.CONSENT and has_symbols(text):
            return Meaning.UNCLEAR
        if meaning is not None and not _ends_refusing(message, words):
            return meaning
    return Meaning.UNCLEAR


def _keyword(candidate: str, words: Words) -> Meaning | None:
    for meaning, keywords in (
        (Meaning.REFUSE, words.refuse),
        (Meaning.CONSENT, words.consent),
        (Meaning.ANSWER, words.answer),
        (Meaning.HELP, words.help),
    ):
        if candidate in keywords:
            return meaning
    return None


def _ends_refusing(message: str, words: Words) -> bool:
    """Tell whether an ending is a refusal itself: `START退订` is no consent."""
    return any(message.endswith(word) for word in words.after if word in words.refuse)


def _without_affix(message: str, words: Words) -> list[str]:
    prefixes = [_bare(message.removeprefix(w)) for w in words.before if message.startswith(w)]
    endings = [
        _bare(message.removesuffix(word))
        for word in words.after
        if message.endswith(word) and _stands_alone(message.removesuffix(word), word)
    ]
    return prefixes + endings


def _stands_alone(head: str, ending: str) -> bool:
    # A Latin ending must be a word of its own; Chinese has no spaces.
    return not ending[0].isascii() or not head[-1:].isalnum() or not head[-1:].isascii()


def _bare(text: str) -> str:
    start, end = 0, len(text)
    while start < end and _is_outer(text[start]):
        start += 1
    while end > start and _is_outer(text[end - 1]):
        end -= 1
    return text[start:end]


def _is_outer(char: str) -> bool:
    return char == " " or unicodedata.category(char)[0] in "PSZC"
