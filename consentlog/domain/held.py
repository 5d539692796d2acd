"""The hold that stands in for what could not be understood: nothing is ever ignored."""

from __future__ import annotations

from consentlog.domain.facts import Fact
from consentlog.domain.scope import ANY_ENTITY
from consentlog.domain.vocabulary import (
    Action,
    ActorType,
    Basis,
    Channel,
    HoldKind,
    Method,
    Precision,
    Purpose,
    SetBy,
)


def undecodable_hold(event_id: bytes, accepted_at_ms: int, source: str) -> Fact:
    """Return the hold over every scope that stands in for a record.

    Args:
        event_id: 16 bytes; the same for the same record (`ids.id_of_bytes`).
        accepted_at_ms: When it was met, ms UTC.
        source: The program that could not understand it.

    Source: rules of refusal 6 and 8, last row.
    """
    return Fact(
        event_id=event_id,
        action=Action.HELD,
        basis=Basis.UNKNOWN,
        entity=ANY_ENTITY,
        brand=None,
        campaign=None,
        purpose=Purpose.ALL,
        channel=Channel.ALL,
        occurred_at_ms=None,
        occurred_at_set_by=SetBy.UNKNOWN,
        precision=Precision.UNKNOWN,
        zone=None,
        clock_wrong=False,
        margin_ms=0,
        accepted_at_ms=accepted_at_ms,
        until_ms=None,
        target=None,
        hold_kind=HoldKind.UNDECODABLE,
        source=source,
        method=Method.UNKNOWN,
        actor_id=source,
        actor_type=ActorType.SYSTEM,
        actor_role="",
        has_evidence=False,
    )
