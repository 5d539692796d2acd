"""The words that channels match messages against, as versioned data files (rules of refusal 11).

`words/*.toml` are the packaged files, one a language or country; a tenant's file may add to them
and can take nothing away.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from consentlog.errors import FatalError
from consentlog.reference.document import read_document
from consentlog.reference.words_file import WordsFile, read_words_file
from consentlog.words.lexicon import Index, Keyword, Kind, Marks, Rule, Words
from consentlog.words.pattern import literals, misspellings, union

__all__ = ["ALONE", "PACKAGED", "REQUIRED_REFUSALS", "Words", "load_simplified", "load_words"]

PACKAGED: Final = Path(__file__).with_name("words")
TRADITIONAL: Final = "traditional.toml"

REQUIRED_REFUSALS: Final = frozenset(
    {"R", "拒收", "T", "TD", "TD退订", "T退订", "退订", "退", "N", "0000", "00000", "QX", "取消"}
    | {"取消订阅", "不需要", "STOP", "QUIT", "END", "REVOKE", "OPT OUT", "OPTOUT", "OPT-OUT"}
    | {"CANCEL", "UNSUBSCRIBE", "STOPALL", "STOP ALL", "REMOVE", "ARRET"}
)
"""No edit of the files may take these out.

Source: rules of refusal 11; 47 CFR 64.1200(a)(10) for the English ones.
"""

_END: Final = {"denials": r"\Z"}  # a denial stands right before the phrase
_LONG: Final = 4  # letters from which a typing error is still told from another word

ALONE: Final = frozenset({"QUIT", "END", "CANCEL", "取消", "N", "T", "R", "退", "YES"})
"""These count as the whole message only, whatever a file says: rules of refusal 11."""


def load_words(extra: Sequence[Path] = (), directory: Path = PACKAGED) -> Words:
    """Read the packaged files and a tenant's own.

    Args:
        extra: Files of a tenant, each of the same form as a packaged one.
        directory: Where `*.toml` and `traditional.toml` are.

    Raises:
        FatalError: `CL-6060` if a file cannot be read; `CL-6065`, with file, line and reason, if
            one has another shape, a required word is missing, or one word has two meanings.
    """
    paths = [path for path in sorted(directory.glob("*.toml")) if path.name != TRADITIONAL]
    files = [read_words_file(path) for path in (*paths, *extra)]
    keywords = _keywords(files)
    words = Words(
        versions=tuple(f"{one.id}@{one.version}" for one in files),
        keywords=keywords,
        before=_joined(files, "before"),
        after=_joined(files, "after"),
        dressed=_dressed(files, keywords),
        auto=_index(files, "auto"),
        busy=_index(files, "busy"),
        phrases=_index(files, "phrase"),
        intents=_index(files, "intent"),
        marks=_marks(files),
        simplified=load_simplified(directory / TRADITIONAL),
    )
    if missing := sorted(REQUIRED_REFUSALS - words.of(Kind.REFUSE)):
        reason = f"required words are missing: {', '.join(missing)}"
        raise FatalError("CL-6065", file=str(directory), line=1, reason=reason)
    return words


def load_simplified(path: Path) -> dict[int, str]:
    """Read the traditional characters, each with its simplified one.

    Raises:
        FatalError: `CL-6060` if the file cannot be read; `CL-6065` if a pair is none.
    """
    tables = read_document(path).tables
    found: dict[int, str] = {}
    for pair in f"{tables.get('pairs', '')} {tables.get('more', '')}".split():
        if len(pair) != 2:
            reason = f"{pair!r} is no pair of characters"
            raise FatalError("CL-6065", file=str(path), line=1, reason=reason)
        found[ord(pair[0])] = pair[1]
    return found


def _keywords(files: Sequence[WordsFile]) -> dict[str, Keyword]:
    found: dict[str, Keyword] = {}
    for one in files:
        for kind in Kind:
            for word in one.keywords.get(kind, ()):
                known = found.get(word)
                if known is not None and known.kind is not kind:
                    reason = f"{word} has two meanings: {known.kind} and {kind}"
                    one.refuse(word, reason)
                alone = word in ALONE or word in one.alone
                found.setdefault(word, Keyword(kind, f"keyword:{one.id}:{word}", alone))
    return _with_errors(found)


def _with_errors(found: dict[str, Keyword]) -> dict[str, Keyword]:
    """Add the typing errors of long Latin refusals: almost a keyword, so a person reads them."""
    near = {
        wrong: Keyword(Kind.NEAR, one.rule, alone=True)
        for word, one in found.items()
        if one.kind is Kind.REFUSE and len(word) >= _LONG and word.isascii() and word.isalpha()
        for wrong in misspellings(word)
    }
    return {**near, **found}


def _dressed(files: Sequence[WordsFile], keywords: Mapping[str, Keyword]) -> re.Pattern[str]:
    """Compile what may stand around a refusal: `请帮我退订谢谢`; `发TD` only almost."""
    lead, tail = _joined(files, "lead"), _joined(files, "tail")
    before, after = _joined(files, "before"), _joined(files, "after")
    told = _joined(files, "told")
    refusals = {word: one for word, one in keywords.items() if one.kind is Kind.REFUSE}
    free = [word for word, one in refusals.items() if not one.alone]
    around = rf"(?:{literals((*lead, *before))}[\W_]*){{0,3}}"
    behind = rf"(?:[\W_]*{literals((*tail, *after))}){{0,3}}"
    return re.compile(
        f"{around}(?P<word>{literals(free)}){behind}"
        rf"|(?:{literals(told)}[\W_]*)(?P<almost>{literals(list(refusals))})"
    )


def _joined(files: Sequence[WordsFile], name: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(word for one in files for word in one.around.get(name, ())))


def _index(files: Sequence[WordsFile], name: str) -> Index:
    rules: list[Rule] = [rule for one in files for rule in one.rules.get(name, ())]
    return Index(tuple(rules))


def _marks(files: Sequence[WordsFile]) -> Marks:
    found = {
        name: union([body for one in files for body in one.marks.get(name, ())], _END.get(name, ""))
        for name in Marks.__dataclass_fields__
    }
    return Marks(**found)
