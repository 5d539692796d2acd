"""What the gate answers, as JSON."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from consentlog.domain.decision import Reason
from consentlog.observability.masking import mask_text
from dialers.gate import Answer, Place


def body_of(answer: Answer) -> dict[str, Any]:
    """Shape an answer; fields that do not apply are left out.

    `at` is RFC 3339 UTC: the barrier of a refusal, or the end of a hold. Ids are hex.
    """
    decision = answer.decision
    body: dict[str, Any] = {
        "verdict": decision.verdict.value,
        "reasons": [_reason(reason) for reason in decision.reasons],
        "policy_rows": list(decision.policy_rows),
    }
    if decision.granted_by is not None:
        body["granted_by"] = decision.granted_by.hex()
    if answer.place is not None:
        body["position"] = _position(answer.place)
        body["staleness_ms"] = answer.place.staleness_ms
    return body


def _reason(reason: Reason) -> dict[str, str]:
    fields = {
        "code": reason.code.value,
        "event_id": reason.event_id.hex() if reason.event_id is not None else None,
        "policy": reason.policy,
        "at": rfc3339(reason.at_ms) if reason.at_ms is not None else None,
        # Of an unknown name the caller's own words, in which a number may stand.
        "detail": mask_text(reason.detail) if reason.detail is not None else None,
    }
    return {name: value for name, value in fields.items() if value is not None}


def _position(place: Place) -> dict[str, int]:
    return {
        "partition": place.partition,
        "as_of": place.as_of,
        "folded_through": place.folded_through,
        "log_epoch": place.log_epoch,
    }


def rfc3339(at_ms: int) -> str:
    """Write an instant, ms UTC, as `2026-11-20T02:00:00.000Z`.

    An instant beyond the calendar (a far `until`) is written as its last second.
    """
    bounded = min(max(at_ms, 0), _LAST_MS)
    text = datetime.fromtimestamp(bounded / 1000, UTC).isoformat(timespec="milliseconds")
    return text.removesuffix("+00:00") + "Z"


_LAST_MS = 253_402_300_799_000
