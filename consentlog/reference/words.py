"""The keyword sets that channels match messages against, as versioned data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from consentlog.errors import FatalError
from consentlog.reference.document import read_document

PACKAGED: Final = Path(__file__).with_name("words.toml")

REQUIRED_REFUSALS: Final = frozenset(
    {"R", "拒收", "T", "TD", "退订", "N", "0000", "00000", "QX", "取消", "不需要", "STOP", "QUIT"}
    | {"END", "REVOKE", "OPT OUT", "CANCEL", "UNSUBSCRIBE"}
)
"""No edit of the file may take these out.

Source: rules of refusal 11; 47 CFR 64.1200(a)(10) for the English ones.
"""


@dataclass(frozen=True, slots=True)
class Words:
    """Every set in one: whole messages in upper case and simplified characters."""

    version: str
    refuse: frozenset[str]
    consent: frozenset[str]
    answer: frozenset[str]
    help: frozenset[str]
    before: tuple[str, ...]
    after: tuple[str, ...]
    simplified: Mapping[int, str]


class _Set(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    id: str
    refuse: list[str] = Field(default_factory=list)
    consent: list[str] = Field(default_factory=list)
    answer: list[str] = Field(default_factory=list)
    help: list[str] = Field(default_factory=list)


class _Around(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    before: list[str]
    after: list[str]


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    version: str
    sets: list[_Set]
    around: _Around
    simplified: dict[str, str]


def load_words(path: Path = PACKAGED) -> Words:
    """Read the keyword sets.

    Raises:
        FatalError: `CL-6060` if the file is not TOML; `CL-6065` if it has another shape, lacks a
            required word, or uses one word with two meanings.
    """
    try:
        found = _File.model_validate(read_document(path).tables)
    except ValidationError as exc:
        error = exc.errors(include_input=False, include_url=False)[0]
        reason = f"{'.'.join(map(str, error['loc']))}: {error['msg']}"
        raise FatalError("CL-6065", file=str(path), reason=reason) from None
    words = Words(
        found.version,
        frozenset(word for one in found.sets for word in one.refuse),
        frozenset(word for one in found.sets for word in one.consent),
        frozenset(word for one in found.sets for word in one.answer),
        frozenset(word for one in found.sets for word in one.help),
        tuple(found.around.before),
        tuple(found.around.after),
        str.maketrans(found.simplified),
    )
    _check(words, path)
    return words


def _check(words: Words, path: Path) -> None:
    if missing := sorted(REQUIRED_REFUSALS - words.refuse):
        reason = f"required words are missing: {', '.join(missing)}"
        raise FatalError("CL-6065", file=str(path), reason=reason)
    sets = (words.refuse, words.consent, words.answer, words.help)
    twice = {word for one in sets for word in one if sum(word in other for other in sets) > 1}
    if twice:
        reason = f"words with two meanings: {', '.join(sorted(twice))}"
        raise FatalError("CL-6065", file=str(path), reason=reason)
