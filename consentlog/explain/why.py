"""Why a contact is denied, in one line for the agent who wanted to make it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from consentlog.errors import Language
from consentlog.explain.sentences import Fields, say_briefly
from consentlog.explain.wording import knows, say_reason, word

_ORDER: Final = (
    "refused", "held", "overflow", "number_not_valid", "unknown_entity", "unknown_brand",
    "unknown_campaign", "stale", "grant_too_old", "no_basis", "outside_calling_hours",
)  # fmt: skip
"""What an agent should hear first: the person's own word."""


def why_denied(
    reasons: Sequence[Mapping[str, Any]], facts: Mapping[str, Fields], lang: Language
) -> str:
    """Say the weightiest reason, and how many there are besides.

    Args:
        reasons: `reasons` of a denial, as the gate sends them; at least one.
        facts: JSON form of the facts behind them, by event id; one that is missing is not told of.
        lang: Language to say it in.
    """
    first = min(reasons, key=_rank)
    code, fact = str(first["code"]), facts.get(first.get("event_id", ""))
    if fact is not None and knows("why", code):
        said = word(lang, "why", code).format(fact=say_briefly(fact, lang))
    else:
        said = say_reason({n: v for n, v in first.items() if n in {"code", "detail"}}, lang)
    more = word(lang, "why", "more").format(n=len(reasons) - 1) if len(reasons) > 1 else ""
    return word(lang, "why", "line").format(reason=said, more=more)


def _rank(reason: Mapping[str, Any]) -> int:
    code = reason["code"]
    return _ORDER.index(code) if code in _ORDER else len(_ORDER)
