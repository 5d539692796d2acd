"""Whole messages: a keyword, perhaps with `回复` before it or thanks after (rules 11, 1 and 2)."""

from __future__ import annotations

import re
from typing import Final

from consentlog.words.lexicon import Judgement, Keyword, Kind, Verdict, Words
from consentlog.words.text import Message, bare, has_symbols

_LONGEST: Final = 64
_PARTS: Final = re.compile(r"\w+")
_SPELLED: Final = re.compile(r"\w(?:[ .*_+-]+\w)+")
_QUESTION: Final = re.compile(r"[?？¿⁇⁈⁉❓❔]")
_DRAWN_OUT: Final = re.compile(r"([A-Z])\1{2,}")
_MOST_TIMES: Final = 7
_REFUSING: Final = frozenset({Kind.REFUSE, Kind.NEAR})


def judge_whole(message: Message, words: Words) -> Judgement | None:
    """Judge a message that is a keyword as a whole.

    Returns:
        None if it is none. A refusal keeps its meaning whatever marks stand around it; almost a
        refusal is `REVIEW`, as are a `YES` and a consent with a symbol, a question mark or a
        refusing ending.
    """
    whole = message.whole
    if not whole or len(whole) > _LONGEST:
        return None
    for candidate in (whole, *_stripped(whole, words.before, words.after)):
        if (found := words.keywords.get(candidate)) is not None:
            return _meaning(found, message, words)
    dressed = words.dressed.fullmatch(whole)
    if dressed is not None and dressed["word"]:
        return Judgement(Verdict.REFUSE, words.keywords[dressed["word"]].rule)
    near = words.keywords[dressed["almost"]] if dressed else _nearly(whole, words)
    return None if near is None else Judgement(Verdict.REVIEW, f"near:{near.rule}")


def _meaning(found: Keyword, message: Message, words: Words) -> Judgement:
    if found.kind is Kind.REFUSE:
        return Judgement(Verdict.REFUSE, found.rule)
    if found.kind is Kind.NEAR:
        return Judgement(Verdict.REVIEW, f"near:{found.rule}")
    if _ends_refusing(message.whole, words):
        return Judgement(Verdict.REVIEW, f"mixed:{found.rule}")
    if found.kind is Kind.HELP:
        return Judgement(Verdict.HELP, found.rule)
    if found.kind is Kind.ANSWER:
        return Judgement(Verdict.REVIEW, f"answer:{found.rule}")
    if has_symbols(message.raw) or _QUESTION.search(message.raw):
        return Judgement(Verdict.REVIEW, f"unsure:{found.rule}")
    return Judgement(Verdict.CONSENT, found.rule)


def _ends_refusing(whole: str, words: Words) -> bool:
    """Tell whether an ending is a refusal itself: `START退订` is no consent."""
    return any(
        whole.endswith(word)
        for word in words.after
        if (known := words.keywords.get(word)) is not None and known.kind is Kind.REFUSE
    )


def _nearly(whole: str, words: Words) -> Keyword | None:
    """Return the refusal that this nearly is: spelled out, drawn out, or said more than once."""
    parts = _PARTS.findall(whole)
    if _SPELLED.fullmatch(whole) and (found := _is_refusal("".join(parts), words)) is not None:
        return found
    if (found := _is_refusal(_DRAWN_OUT.sub(r"\1", whole), words)) is not None:
        return found
    if len(parts) > 1 and all(_is_refusal(part, words) for part in parts):
        return _is_refusal(parts[0], words)
    for times in range(2, _MOST_TIMES):
        size, rest = divmod(len(whole), times)
        if not rest and whole[:size] * times == whole:
            return _is_refusal(whole[:size], words)
    return None


def _is_refusal(candidate: str, words: Words) -> Keyword | None:
    found = words.keywords.get(candidate)
    return found if found is not None and found.kind in _REFUSING else None


def _stripped(whole: str, before: tuple[str, ...], after: tuple[str, ...]) -> list[str]:
    prefixes = [
        bare(whole.removeprefix(word))
        for word in before
        if whole.startswith(word) and _stands_alone(whole.removeprefix(word)[:1], word[-1])
    ]
    endings = [
        bare(whole.removesuffix(word))
        for word in after
        if whole.endswith(word) and _stands_alone(whole.removesuffix(word)[-1:], word[0])
    ]
    return prefixes + endings


def _stands_alone(neighbour: str, edge: str) -> bool:
    # A Latin affix must be a word of its own; Chinese has no spaces.
    return not (edge.isascii() and neighbour.isascii() and neighbour.isalnum())
