"""What the engine judges with: keywords, compiled rules and marks of every file together."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, NamedTuple

from consentlog.words.pattern import Phrase
from consentlog.words.text import BOUNDARY, Message

_PAIR: Final = 2
_WORD: Final = re.compile(r"(?<![A-Z0-9])[A-Z0-9]+")


class Verdict(StrEnum):
    """What a message is taken for; `REVIEW` means that a person must read it."""

    REFUSE = "refuse"
    CONSENT = "consent"
    HELP = "help"
    REVIEW = "review"
    NONE = "none"


class Judgement(NamedTuple):
    """A verdict and the stable id of the rule that fired, such as `phrase:CN:别再打`."""

    verdict: Verdict
    rule: str

    @property
    def is_answer(self) -> bool:
        """Whether this is a `YES`: a consent only if a record shows what was asked."""
        return self.rule.startswith("answer:")


class Kind(StrEnum):
    """What a keyword means; an `ANSWER` is a yes to a question that only a record can show.

    `NEAR` is almost a refusal: a typing error that a person must read.
    """

    REFUSE = "refuse"
    CONSENT = "consent"
    ANSWER = "answer"
    HELP = "help"
    NEAR = "near"


class Extent(StrEnum):
    """How much of a message a rule must cover."""

    ANYWHERE = "anywhere"
    CLAUSE = "clause"
    MESSAGE = "message"


@dataclass(frozen=True, slots=True)
class Keyword:
    """One keyword: its meaning, the id of its rule, and whether only a whole message counts."""

    kind: Kind
    rule: str
    alone: bool


@dataclass(frozen=True, slots=True)
class Rule:
    """One compiled phrase of a rule; `passing` may be meant for the moment only."""

    id: str
    phrase: Phrase
    extent: Extent = Extent.ANYWHERE
    passing: bool = False


class Found(NamedTuple):
    """A rule that fits, and where in the running text."""

    rule: Rule
    start: int
    end: int


class Index:
    """Rules by how they can begin, so that a message is scanned once.

    Args:
        rules: In the order in which their ids are preferred.
    """

    def __init__(self, rules: tuple[Rule, ...]) -> None:
        self.rules = rules
        self._starts: dict[str, list[Rule]] = {}
        for rule in rules:
            for start in rule.phrase.starts:
                self._starts.setdefault(start, []).append(rule)

    def find(self, message: Message) -> Iterator[Found]:
        """Yield what fits, by place; Chinese characters and Latin words both start a rule."""
        text = message.running
        starts = self._starts
        for at, char in enumerate(text):
            if char in starts:
                yield from _fitting(starts[char], text, at)
            if (pair := text[at : at + 2]) in starts and len(pair) > 1:
                yield from _fitting(starts[pair], text, at)
        for word in _WORD.finditer(text):
            if len(word[0]) > _PAIR and word[0] in starts:
                yield from _fitting(starts[word[0]], text, word.start())


def _fitting(rules: list[Rule], text: str, at: int) -> Iterator[Found]:
    for rule in rules:
        match = rule.phrase.regex.match(text, at)
        if match is not None and _covers(rule.extent, text, at, match.end()):
            yield Found(rule, at, match.end())


_OPENING: Final = re.compile(rf"(?:^|{BOUNDARY})[^\w]*\Z")
_CLOSING: Final = re.compile(rf"[^\w]*(?:\Z|{BOUNDARY})")
_NO_WORD: Final = re.compile(r"[\W_]*\Z")


def _covers(extent: Extent, text: str, start: int, end: int) -> bool:
    if extent is Extent.ANYWHERE:
        return True
    if extent is Extent.MESSAGE:
        return _NO_WORD.match(text[:start]) is not None and _NO_WORD.match(text, end) is not None
    before = text[max(0, start - 8) : start]
    return (not before or _OPENING.search(before) is not None) and bool(_CLOSING.match(text, end))


@dataclass(frozen=True, slots=True)
class Marks:
    """Expressions that turn a phrase into no clear refusal; each a union over every file.

    `denials` stand right before a phrase (they match up to the end of the text only); `reports`
    and `instructions` tell that it is somebody else's; `asks` make a question for certain,
    `doubts` if no `pleas` is near.
    """

    denials: re.Pattern[str]
    reports: re.Pattern[str]
    instructions: re.Pattern[str]
    asks: re.Pattern[str]
    doubts: re.Pattern[str]
    pleas: re.Pattern[str]


@dataclass(frozen=True, slots=True)
class Words:
    """Every file in one.

    `before` and `after` may stand around any keyword; `dressed` matches a refusal with more around
    it as `word`, if it needs not stand alone, or as `almost` if what is around is unusual;
    `simplified` maps traditional code points; `versions` are `CN@2026-…`.
    """

    versions: tuple[str, ...]
    keywords: Mapping[str, Keyword]
    before: tuple[str, ...]
    after: tuple[str, ...]
    dressed: re.Pattern[str]
    auto: Index
    busy: Index
    phrases: Index
    intents: Index
    marks: Marks
    simplified: Mapping[int, str]

    def of(self, kind: Kind) -> frozenset[str]:
        """Return the keywords of one meaning."""
        return frozenset(word for word, one in self.keywords.items() if one.kind is kind)
