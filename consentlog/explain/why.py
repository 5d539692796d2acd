"""Why a contact is denied, in one line for the agent who wanted to make it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from consentlog.errors import Language
from consentlog.explain.sentences import Fields, is_behind, say_briefly
from consentlog.explain.wording import knows, say_reason, word

_ORDER: Final = (
    "refused", "held", "overflow", "number_not_valid", "unknown_entity", "unknown_brand",
    "unknown_campaign", "stale", "grant_too_old", "no_basis", "outside_calling_hours",
)  # fmt: skip
"""What an agent should hear first: the person's own word."""


def why_denied(
    reasons: Sequence[Fields], facts: Iterable[Fields], zone: str, lang: Language
) -> str:
    """Say the weightiest reason, and how many there are besides.

    Args:
        reasons: `reasons` of a denial, as the gate sends them; at least one.
        facts: JSON form of facts; of a reason whose fact is not among them less is told.
        zone: Zone for instants that state none.
        lang: Language to say it in.
    """
    first = min(reasons, key=_rank)
    code, fact = str(first["code"]), next((one for one in facts if is_behind(one, first)), None)
    if fact is not None and knows("why", code):
        said = word(lang, "why", code).format(fact=say_briefly(fact, zone, lang))
    else:
        said = say_reason({n: v for n, v in first.items() if n in {"code", "detail"}}, lang)
    more = word(lang, "why", "more").format(n=len(reasons) - 1) if len(reasons) > 1 else ""
    return word(lang, "why", "line").format(reason=said, more=more)


def _rank(reason: Fields) -> int:
    code = reason["code"]
    return _ORDER.index(code) if code in _ORDER else len(_ORDER)
