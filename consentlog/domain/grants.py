"""What makes a grant count: evidence, an act of the person, a time (rules of refusal 3 and 5)."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from consentlog.domain.facts import Fact
from consentlog.domain.scope import ANY_ENTITY
from consentlog.domain.vocabulary import Method, Precision


class Flaw(StrEnum):
    """Why a grant opens nothing."""

    NO_EVIDENCE = "no_evidence"
    METHOD_NOT_ALLOWED = "method_not_allowed"
    NOT_APPROVED = "not_approved"
    NO_ENTITY = "no_entity"
    NO_TIME = "no_time"
    CLOCK_WRONG = "clock_wrong"
    FROM_THE_FUTURE = "from_the_future"


_BY_THEMSELVES: Final = frozenset({Method.KEYWORD, Method.WEB, Method.APP, Method.FORM})
"""Methods that make a grant without a second person; `SPOKEN` needs one."""


_NOT_KNOWN: Final = Precision.UNKNOWN


def flaw_of(fact: Fact, *, approved: bool) -> Flaw | None:
    """Say why a grant cannot lift anything.

    Args:
        fact: A fact whose action is `granted`.
        approved: Whether another principal with role compliance approved it.

    Returns:
        The first flaw found, or None for a valid grant: evidence present, method allowed, entity
        named, `occurred_at` present with a known precision, not ahead of the gateway's clock by
        more than the margin, source's clock not proven wrong.

    Source: rules of refusal 3 and 5.
    """
    if not fact.has_evidence:
        return Flaw.NO_EVIDENCE
    if fact.method not in _BY_THEMSELVES:
        if fact.method is not Method.SPOKEN:
            return Flaw.METHOD_NOT_ALLOWED
        if not approved:
            return Flaw.NOT_APPROVED
    if fact.entity == ANY_ENTITY:
        return Flaw.NO_ENTITY
    return _flaw_of_time(fact)


def _flaw_of_time(fact: Fact) -> Flaw | None:
    if fact.clock_wrong:
        return Flaw.CLOCK_WRONG
    if fact.occurred_at_ms is None or fact.precision is _NOT_KNOWN:
        return Flaw.NO_TIME
    if fact.occurred_at_ms > fact.accepted_at_ms + fact.margin_ms:
        return Flaw.FROM_THE_FUTURE
    return None
