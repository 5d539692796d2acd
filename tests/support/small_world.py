"""The small world: few times, scopes and actions, of which every set is tried.

`EVENTS` is what make test combines, `MORE_EVENTS` comes on top in the long runs. Several share an
id on purpose: 1, 4 and 10 (harmless variants, one act received twice), 11 (conflict), 31, 41, 51.
Times are days after a noon in Shanghai.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from typing import Any, Final, NamedTuple

from consentlog.domain.facts import Fact
from consentlog.domain.scope import Contact
from consentlog.domain.vocabulary import (
    Action,
    Basis,
    Channel,
    HoldKind,
    Method,
    Precision,
    Purpose,
    SetBy,
)
from tests.support.histories import (
    DAY_MS,
    MINUTE_MS,
    NOON_MS,
    event_id,
    granted,
    held,
    refused,
    released,
)

SECOND_MS: Final = 1_000
HOUR_MS: Final = 3_600_000
MARGIN_MS: Final = 5_000


def day(n: float) -> int:
    """Return noon of day `n`, ms UTC."""
    return NOON_MS + round(n * DAY_MS)


def ended(n: int, at_ms: int = NOON_MS, **fields: Any) -> Fact:
    """An end of earlier grants, by the system."""
    own = {"action": Action.CONSENT_ENDED, "basis": Basis.UNKNOWN, "source": "crm"}
    return refused(n, at_ms, **own | fields)


def corrected(n: int, target: int, at_ms: int, **fields: Any) -> Fact:
    """A correction of event `target` by a member of staff."""
    own = {"action": Action.CORRECTED, "basis": Basis.UNKNOWN, "actor_id": "staff-1"}
    return refused(n, at_ms, target=event_id(target), **own | fields)


def approved(n: int, target: int, at_ms: int, **fields: Any) -> Fact:
    """An approval of event `target` by a compliance officer."""
    own = {"action": Action.APPROVED, "actor_id": "officer-2", "actor_role": "compliance"}
    return corrected(n, target, at_ms, **own | fields)


def undated(at_ms: int) -> dict[str, Any]:
    """Fields of an event that states no time and was accepted at `at_ms`."""
    return {"occurred_at_ms": None, "accepted_at_ms": at_ms}


REFUSALS: Final = (
    refused(1, day(1), margin_ms=MARGIN_MS),
    refused(1, day(1), margin_ms=MARGIN_MS, accepted_at_ms=day(4)),
    refused(1, day(3), purpose=Purpose.ALL),
    refused(
        2,
        day(2) + 30 * SECOND_MS,
        precision=Precision.MINUTE,
        accepted_at_ms=day(2) + HOUR_MS,
        brand="life",
        channel=Channel.VOICE,
    ),
    refused(
        3,
        day(2),
        precision=Precision.DAY,
        zone="Asia/Shanghai",
        accepted_at_ms=day(5),
        purpose=Purpose.ALL,
        channel=Channel.SMS,
    ),
    refused(4, **undated(day(3)), campaign="spring", method=Method.IMPORT, margin_ms=5 * MINUTE_MS),
    refused(5, day(1), clock_wrong=True, accepted_at_ms=day(3), brand="car"),
)
GRANTS: Final = (
    granted(11, day(2), method=Method.WEB),
    granted(11, day(2), method=Method.WEB, until_ms=day(20)),
    granted(12, day(4), brand="life", until_ms=day(10)),
    granted(13, day(5), method=Method.KEYWORD, has_evidence=False),
    granted(14, day(5), method=Method.SPOKEN, purpose=Purpose.ALL),
    granted(15, day(5) + 10 * SECOND_MS, accepted_at_ms=day(5), margin_ms=MARGIN_MS),
    granted(16, day(1) + MARGIN_MS, method=Method.FORM),
    granted(17, day(6), method=Method.IMPORT, channel=Channel.VOICE),
)
HOLDS: Final = (
    held(31, day(2), hold_kind=HoldKind.NOT_NOW, accepted_at_ms=day(3), until_ms=day(16)),
    held(32, day(3), entity="*", purpose=Purpose.ALL),
    released(32, 41, day(4)),
    released(32, 42, day(4), actor_role="supervisor"),
    released(11, 43, day(4)),
)
OTHERS: Final = (
    ended(21, day(4)),
    corrected(51, 1, day(5)),
    corrected(52, 11, day(5)),
    approved(61, 51, day(6)),
    approved(62, 51, day(6), actor_id="staff-1"),
    approved(69, 51, day(6), actor_id=""),
    corrected(57, 1, day(5), actor_id=""),
    approved(70, 57, day(6)),
    approved(63, 14, day(6)),
)
EVENTS: Final = REFUSALS + GRANTS + HOLDS + OTHERS
"""What make test combines."""

MORE_EVENTS: Final = (
    refused(6, day(4), entity="beta"),
    refused(7, day(3), entity="*", purpose=Purpose.ALL),
    refused(8, **undated(day(5)), purpose=Purpose.SERVICE),
    refused(9, day(9), accepted_at_ms=day(5), margin_ms=MARGIN_MS, channel=Channel.SMS),
    refused(4, **undated(day(5)), campaign="spring", method=Method.IMPORT, actor_id="clerk-3"),
    refused(10, day(2), occurred_at_set_by=SetBy.GATEWAY),
    refused(10, day(4), occurred_at_set_by=SetBy.GATEWAY),
    refused(11, day(2), brand="car"),
    granted(18, day(4), method=Method.KEYWORD, channel=Channel.SMS),
    granted(19, day(4), clock_wrong=True),
    granted(20, day(5), method=Method.LETTER),
    granted(22, day(5), entity="newco"),
    granted(23, day(2) + MINUTE_MS, brand="life"),
    granted(24, day(6), entity="*"),
    granted(25, **undated(day(5))),
    granted(26, day(5) + 3 * SECOND_MS, accepted_at_ms=day(5), margin_ms=MARGIN_MS),
    granted(27, day(2.5), channel=Channel.SMS, purpose=Purpose.ALL),
    ended(71, **undated(day(5)), brand="life"),
    ended(72, day(2), channel=Channel.VOICE),
    ended(72, day(3), channel=Channel.VOICE),
    ended(73, day(6), method=Method.IMPORT),
    ended(74, day(4), entity="newco", brand="car"),
    held(31, day(5), channel=Channel.SMS),
    held(33, day(2), hold_kind=HoldKind.NOT_NOW, until_ms=day(60), brand="life"),
    held(34, **undated(day(4)), hold_kind=HoldKind.UNDECODABLE, entity="*", purpose=Purpose.ALL),
    held(35, day(1), hold_kind=HoldKind.NOT_NOW, clock_wrong=True, accepted_at_ms=day(5)),
    released(32, 41, day(5)),
    released(31, 44, day(6)),
    released(11, 45, day(6), method=Method.IMPORT),
    corrected(51, 1, day(6)),
    corrected(53, 51, day(6)),
    corrected(54, 32, day(6)),
    corrected(55, 1, day(6), method=Method.IMPORT),
    corrected(56, 11, day(6), method=Method.IMPORT),
    approved(64, 55, day(6)),
    approved(65, 14, day(6), actor_id="agent-7"),
    approved(66, 51, day(6), method=Method.IMPORT),
    approved(67, 14, day(6), actor_role="supervisor"),
    approved(68, 54, day(6)),
    approved(71, 51, day(6), entity="beta"),
)
"""What the long runs add."""


class Question(NamedTuple):
    """A contact and when, ms UTC."""

    contact: Contact
    at_ms: int


_FULL: Final = Contact("acme", Purpose.MARKETING, Channel.VOICE, "life", "spring")
_SMS: Final = Contact("acme", Purpose.MARKETING, Channel.SMS, "life", "spring")
_VAGUE: Final = Contact("acme", Purpose.MARKETING, Channel.VOICE)
_SERVICE: Final = Contact("acme", Purpose.SERVICE, Channel.VOICE, "life")
_OTHER: Final = Contact("beta", Purpose.MARKETING, Channel.VOICE)
_SUCCESSOR: Final = Contact(
    "newco", Purpose.MARKETING, Channel.VOICE, "life", predecessors=frozenset({"acme"})
)
QUESTIONS: Final = (
    Question(_FULL, day(3.5)),
    Question(_FULL, day(7)),
    Question(_FULL, day(10) - 1),
    Question(_FULL, day(10)),
    Question(_FULL, day(16) - 1),
    Question(_FULL, day(16)),
    Question(_SMS, day(7)),
    Question(_VAGUE, day(7)),
    Question(_FULL, day(32) - 1),
    Question(_VAGUE, day(32)),
    Question(_SERVICE, day(7)),
    Question(_OTHER, day(7)),
    Question(_SUCCESSOR, day(7)),
)
"""Before and after every end: `until`, the end of a not-now, its thirty days."""


def sets(events: tuple[Fact, ...], most: int) -> Iterator[tuple[Fact, ...]]:
    """Every set of up to `most` events."""
    for size in range(most + 1):
        yield from combinations(events, size)
