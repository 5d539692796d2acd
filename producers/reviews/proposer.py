"""Who proposed what waits for a second person: named by the case, so that they do not approve it.

What came in says at most who its sender says it was. The key that sent it is known, and stands in
the case's own sentence; its scopes may be others by the time somebody decides.
"""

from __future__ import annotations

import json
from typing import Final

from consentlog.wire.reviews import ReviewEvent

_BY: Final = ", proposed by "


def sentence_of(what: str, key_id: str) -> str:
    """Return the sentence of a case that waits for a second person.

    Args:
        what: What waits; in words of ours.
        key_id: Registry id of the key that proposed it.
    """
    return f"{what}{_BY}{key_id}"


def proposers_of(case: ReviewEvent) -> frozenset[str]:
    """Return who proposed what waits: the key, and the actor whom it named.

    Args:
        case: The event that opened the case.
    """
    key_id = case.detail.partition(_BY)[2]
    return frozenset(one for one in (key_id, _actor_of(case.payload)) if one)


def _actor_of(payload: bytes) -> str | None:
    try:
        stated = json.loads(payload)
    except (ValueError, RecursionError):
        return None
    actor = stated.get("actor") if isinstance(stated, dict) else None
    found = actor.get("id") if isinstance(actor, dict) else None
    return found if isinstance(found, str) else None
