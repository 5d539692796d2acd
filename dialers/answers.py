"""What the gate answers, as JSON."""

from __future__ import annotations

from typing import Any, Final

from consentlog.explain.part import reason_fields
from dialers.gate import Answer, Place

_COUNT: Final = {"type": "integer", "minimum": -1}
_PLACE: Final = ("partition", "as_of", "folded_through", "log_epoch")
DECIDED: Final = {
    "title": "Decided",
    "type": "object",
    "properties": {
        "verdict": {"enum": ["allow", "deny"]},
        "reasons": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"code": {"type": "string"}},
                "required": ["code"],
            },
        },
        "policy_rows": {"type": "array", "items": {"type": "string"}},
        "granted_by": {"type": "string", "description": "event id of the consent that carries it"},
        "position": {
            "type": "object",
            "properties": dict.fromkeys(
                ("partition", "as_of", "folded_through", "log_epoch"), _COUNT
            ),
        },
        "staleness_ms": {"type": "integer"},
        "request_id": {"type": "string"},
        "why_denied": {"type": "string", "description": "for a person, by Accept-Language"},
        "explanation": {"type": "object", "description": "every fact and its effect, if asked"},
    },
    "required": ["verdict", "reasons", "policy_rows", "request_id"],
    "additionalProperties": False,
}
"""What a decision looks like, for the OpenAPI document."""


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
