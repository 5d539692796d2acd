"""What the gate answers, as JSON."""

from __future__ import annotations

from typing import Any

from consentlog.explain.part import reason_fields
from dialers.gate import Answer, Place


def body_of(answer: Answer) -> dict[str, Any]:
    """Shape an answer; fields that do not apply are left out.

    Times are RFC 3339 UTC, ids hex.
    """
    decision = answer.decision
    body: dict[str, Any] = {
        "verdict": decision.verdict.value,
        "reasons": [reason_fields(reason) for reason in decision.reasons],
        "policy_rows": list(decision.policy_rows),
    }
    if decision.granted_by is not None:
        body["granted_by"] = decision.granted_by.hex()
    if answer.place is not None:
        body["position"] = _position(answer.place)
        body["staleness_ms"] = answer.place.staleness_ms
    return body


def _position(place: Place) -> dict[str, int]:
    return {
        "partition": place.partition,
        "as_of": place.as_of,
        "folded_through": place.folded_through,
        "log_epoch": place.log_epoch,
    }
