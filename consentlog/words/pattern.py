"""The small language in which the data files write phrases, and its compilation.

A phrase is items separated by spaces. An item is alternatives `A|B`, each a literal (`_` is a
space) or a class `{name}`; `?` after it means perhaps, `*` up to four times. `~4` is a gap of up
to four characters (Chinese) or words (Latin) within the clause. `WORD%` also stands for the word
with one letter left out, doubled or swapped with its neighbour.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from consentlog.words.text import BOUNDARY

_ITEM: Final = re.compile(r"(?P<any>.+?)(?P<many>[?*]?)")
_GAP: Final = re.compile(r"~([1-9])")
_CLASS: Final = re.compile(r"\{([a-z_]+)\}")
_FIRST_WORD: Final = re.compile(r"[A-Z0-9]+")
_TIMES: Final = {"": "", "?": "?", "*": "{0,4}"}
_WITHIN: Final = BOUNDARY.replace("[^", "[", 1)


class Script(StrEnum):
    """How words are told apart: not at all, or by spaces."""

    HAN = "han"
    LATIN = "latin"


@dataclass(frozen=True, slots=True)
class Item:
    """One place of a phrase: alternatives, how often, or a gap of that length."""

    alternatives: tuple[str, ...]
    many: str = ""
    gap: int = 0


@dataclass(frozen=True, slots=True)
class Phrase:
    """A compiled phrase: a regex that matches from its first character, and how it can begin.

    `starts` are one or two characters each (Chinese) or whole words (Latin).
    """

    regex: re.Pattern[str]
    starts: frozenset[str]


def parse(source: str, classes: Mapping[str, Sequence[str]]) -> list[Item]:
    """Read one phrase.

    Raises:
        ValueError: For an unknown class, an empty phrase, or one that begins with a gap.
    """
    items = [_item(part, classes) for part in source.split()]
    if not items or items[0].gap or all(item.many or item.gap for item in items):
        raise ValueError(f"{source!r} must begin with a word and must contain one for certain")
    return items


def compile_phrase(
    source: str,
    script: Script,
    classes: Mapping[str, Sequence[str]],
    unless_next: Sequence[str] = (),
    unless_prior: Sequence[str] = (),
) -> Phrase:
    """Compile one phrase.

    Args:
        source: In the language above.
        script: Of the file.
        classes: Their members, as literals.
        unless_next: Literals that must not follow.
        unless_prior: Literals that must not stand right before.

    Raises:
        ValueError: If `source` cannot be read.
    """
    items = parse(source, classes)
    # Atomic: the longest reading only, or `unless_next` could be evaded by a shorter one.
    body = f"(?>{body_of(items, script)})"
    space = "[ /-]*" if script is Script.LATIN else ""
    end = "(?![A-Z0-9])" if script is Script.LATIN else ""
    after = f"(?!{space}{_any(unless_next)}{end})" if unless_next else ""
    before = "".join(_not_behind(word, script) for word in unless_prior)
    return Phrase(re.compile(before + body + after), frozenset(_starts(items, script)))


def union(bodies: Sequence[str], end: str = "") -> re.Pattern[str]:
    """Compile regexes of phrases into one that finds any of them; none finds nothing."""
    return re.compile(_any_of([f"(?:{body})" for body in bodies]) + end)


def literals(words: Sequence[str]) -> str:
    """Return a regex of any of some words, the longest first; a Latin one must stand alone."""
    return _any_of([_alone(word) for word in sorted(set(words), key=lambda one: (-len(one), one))])


def _alone(word: str) -> str:
    before = "(?<![A-Z0-9])" if word[0].isascii() and word[0].isalnum() else ""
    after = "(?![A-Z0-9])" if word[-1].isascii() and word[-1].isalnum() else ""
    return f"{before}{re.escape(word)}{after}"


def _any_of(parts: Sequence[str]) -> str:
    return f"(?:{'|'.join(parts)})" if parts else "(?!)"


def body_of(items: Sequence[Item], script: Script) -> str:
    """Return the regex of a phrase without its surroundings."""
    if script is Script.HAN:
        return "".join(
            f"{_WITHIN}{{0,{item.gap}}}?"
            if item.gap
            else literals(item.alternatives) + _TIMES[item.many]
            for item in items
        )
    parts, sure = [], False
    for item in items:
        if item.gap:
            parts.append(f"(?:[ /-]+[A-Z0-9$#@&%]+){{0,{item.gap}}}?")
            continue
        words = _any(item.alternatives) + "(?![A-Z0-9])"
        spaced = f"(?:[ /-]+{words})" if sure else f"(?:{words}[ /-]+)" if item.many else words
        parts.append(spaced + _TIMES[item.many])
        sure = sure or not item.many
    return "(?<![A-Z0-9])" + "".join(parts)


def guarded(items: Sequence[Item], script: Script) -> str:
    """Return the regex of a phrase that looks at its first character first: most places fail."""
    firsts = "".join(sorted({re.escape(start[0]) for start in _starts(items, script)}))
    return f"(?=[{firsts}]){body_of(items, script)}"


def misspellings(word: str) -> set[str]:
    """Return a word with one letter left out, doubled, or swapped with its neighbour."""
    pairs = [(word[:at], word[at:]) for at in range(1, len(word))]
    return (
        {head + tail[1:] for head, tail in pairs}
        | {word + word[-1]}
        | {head + head[-1] + tail for head, tail in pairs}
        | {head + tail[1] + tail[0] + tail[2:] for head, tail in pairs if len(tail) > 1}
    )


def _item(part: str, classes: Mapping[str, Sequence[str]]) -> Item:
    if gap := _GAP.fullmatch(part):
        return Item((), gap=int(gap[1]))
    found = _ITEM.fullmatch(part)
    if found is None:
        raise ValueError(f"{part!r} is no word, class or gap")
    words: list[str] = []
    for alternative in found["any"].split("|"):
        words += _literals(alternative, classes)
    return Item(tuple(sorted(set(words), key=lambda word: (-len(word), word))), found["many"])


def _literals(alternative: str, classes: Mapping[str, Sequence[str]]) -> list[str]:
    if name := _CLASS.fullmatch(alternative):
        if name[1] not in classes:
            raise ValueError(f"unknown class {alternative}")
        return [one for member in classes[name[1]] for one in _spellings(member)]
    if not alternative or set(alternative) & set("{}?*~"):
        raise ValueError(f"{alternative!r} is no word")
    return _spellings(alternative.replace("_", " "))


def _spellings(literal: str) -> list[str]:
    if not literal.endswith("%"):
        return [literal]
    return [literal[:-1], *sorted(misspellings(literal[:-1]))]


def _starts(items: Sequence[Item], script: Script) -> set[str]:
    found: set[str] = set()
    for item in items:
        for word in item.alternatives:
            first = _FIRST_WORD.match(word)
            found.add(first[0] if script is Script.LATIN and first else word[:2])
        if not item.many:
            break
    return found


def _any(words: Sequence[str]) -> str:
    literal = (re.escape(word) for word in sorted(words, key=len, reverse=True))
    return f"(?:{'|'.join(literal)})"


def _not_behind(word: str, script: Script) -> str:
    if script is Script.HAN:
        return f"(?<!{re.escape(word)})"
    return f"(?<![^A-Z0-9]{re.escape(word)} )(?<!^{re.escape(word)} )"
