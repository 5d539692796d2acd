"""One file of words, strict: a misspelt field would be a rule that never fires."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, NoReturn

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from consentlog.errors import FatalError
from consentlog.reference.document import read_document
from consentlog.words.lexicon import Extent, Kind, Rule
from consentlog.words.pattern import Script, compile_phrase, guarded, parse

_PREFIX: Final = {
    "auto": "auto_reply",
    "busy": "auto_reply",
    "phrase": "phrase",
    "intent": "intent",
}


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class _Keywords(_Strict):
    refuse: list[str] = Field(default_factory=list)
    consent: list[str] = Field(default_factory=list)
    answer: list[str] = Field(default_factory=list)
    help: list[str] = Field(default_factory=list)
    near: list[str] = Field(default_factory=list)
    alone: list[str] = Field(default_factory=list)


class _Around(_Strict):
    before: list[str] = Field(default_factory=list)
    after: list[str] = Field(default_factory=list)
    lead: list[str] = Field(default_factory=list)
    tail: list[str] = Field(default_factory=list)
    told: list[str] = Field(default_factory=list)


class _Marks(_Strict):
    denials: list[str] = Field(default_factory=list)
    reports: list[str] = Field(default_factory=list)
    instructions: list[str] = Field(default_factory=list)
    asks: list[str] = Field(default_factory=list)
    doubts: list[str] = Field(default_factory=list)
    pleas: list[str] = Field(default_factory=list)


class _Rule(_Strict):
    id: str = Field(min_length=1, max_length=40)
    say: list[str] = Field(min_length=1)
    extent: Literal["anywhere", "clause", "message"] = "anywhere"
    passing: bool = False
    unless_next: list[str] = Field(default_factory=list)
    unless_prior: list[str] = Field(default_factory=list)


class _File(_Strict):
    id: str = Field(pattern=r"^[A-Za-z0-9-]{1,32}$")
    version: str = Field(min_length=1)
    script: Literal["han", "latin"]
    keywords: _Keywords = _Keywords()
    around: _Around = _Around()
    classes: dict[str, list[str]] = Field(default_factory=dict)
    marks: _Marks = _Marks()
    auto: list[_Rule] = Field(default_factory=list)
    busy: list[_Rule] = Field(default_factory=list)
    phrase: list[_Rule] = Field(default_factory=list)
    intent: list[_Rule] = Field(default_factory=list)


@dataclass(frozen=True, slots=True)
class WordsFile:
    """One file, compiled; `marks` are regexes, the rest as in `Words`."""

    path: Path
    id: str
    version: str
    keywords: Mapping[Kind, Sequence[str]]
    alone: frozenset[str]
    around: Mapping[str, Sequence[str]]
    rules: Mapping[str, Sequence[Rule]]
    marks: Mapping[str, Sequence[str]]

    def refuse(self, word: str, reason: str) -> NoReturn:
        """Raise the error that points at the first line with a word.

        Raises:
            FatalError: `CL-6065`, always.
        """
        refuse(self.path, reason, word)


def refuse(path: Path, reason: str, word: str = "") -> NoReturn:
    """Raise the error that points at the first line with a word, or at line 1.

    Raises:
        FatalError: `CL-6065`, always.
    """
    lines = path.read_text("utf-8").splitlines()
    quoted = f'"{word}"'
    line = next((at for at, text in enumerate(lines, 1) if word and quoted in text), 1)
    raise FatalError("CL-6065", file=str(path), line=line, reason=reason)


def read_words_file(path: Path) -> WordsFile:
    """Read and compile one file.

    Raises:
        FatalError: `CL-6060` if it is missing, not UTF-8 or not TOML; `CL-6065` for an unknown
            field, a class that nobody defines, a phrase that cannot be read, or two equal ids.
    """
    document = read_document(path)
    try:
        found = _File.model_validate(document.tables)
    except ValidationError as exc:
        error = exc.errors(include_input=False, include_url=False)[0]
        where = ".".join(map(str, error["loc"]))
        line = _line_of(error["loc"], document.lines)
        reason = f"{where}: {error['msg']}"
        raise FatalError("CL-6065", file=str(path), line=line, reason=reason) from None
    return WordsFile(
        path,
        found.id,
        found.version,
        {kind: getattr(found.keywords, kind.value) for kind in Kind},
        frozenset(found.keywords.alone),
        found.around.model_dump(),
        {name: _rules(found, name, path) for name in _PREFIX},
        {name: _bodies(found, sources, path) for name, sources in found.marks},
    )


def _line_of(where: Sequence[int | str], lines: Mapping[str, Sequence[int]]) -> int:
    at = lines.get(str(where[0]), ())
    number = where[1] if len(where) > 1 else 0
    return at[number] if isinstance(number, int) and number < len(at) else 1


def _rules(file: _File, name: str, path: Path) -> list[Rule]:
    rows: list[_Rule] = getattr(file, name)
    ids = [row.id for row in rows]
    if twice := next((one for one in ids if ids.count(one) > 1), None):
        refuse(path, f"{name} {twice}: the id is used twice", twice)
    return [
        rule
        for row in rows
        for rule in _compiled(file, row, f"{_PREFIX[name]}:{file.id}:{row.id}", path)
    ]


def _compiled(file: _File, row: _Rule, rule_id: str, path: Path) -> list[Rule]:
    found = []
    for source in row.say:
        try:
            phrase = compile_phrase(
                source,
                Script(file.script),
                file.classes,
                _members(file, row.unless_next),
                _members(file, row.unless_prior),
            )
        except ValueError as exc:
            refuse(path, f"{row.id}: {exc}", source)
        found.append(Rule(rule_id, phrase, Extent(row.extent), row.passing))
    return found


def _members(file: _File, words: Sequence[str]) -> list[str]:
    """Return the words with classes written out."""
    return [
        word for one in words for item in parse(one, file.classes) for word in item.alternatives
    ]


def _bodies(file: _File, sources: Sequence[str], path: Path) -> list[str]:
    found = []
    for source in sources:
        try:
            found.append(guarded(parse(source, file.classes), Script(file.script)))
        except ValueError as exc:
            refuse(path, str(exc), source)
    return found
