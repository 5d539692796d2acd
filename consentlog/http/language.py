"""Which of the two languages a caller reads."""

from __future__ import annotations

from consentlog.errors import Language


def language_of(accept_language: str | None) -> Language:
    """Choose zh or en from an Accept-Language header; en where it names neither.

    Source: RFC 9110 12.5.4.
    """
    weights = {"zh": 0.0, "en": 0.0}
    for part in (accept_language or "").split(",")[:32]:
        tag, _, parameter = part.partition(";")
        name = tag.strip().lower().partition("-")[0]
        if name in weights:
            weights[name] = max(weights[name], _weight(parameter))
    return "zh" if weights["zh"] > weights["en"] else "en"


def _weight(parameter: str) -> float:
    name, _, value = parameter.strip().partition("=")
    if name != "q":
        return 1.0
    try:
        return float(value)
    except ValueError:
        return 0.0
