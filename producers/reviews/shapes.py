"""What is asked and stated about cases, and what is answered."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from consentlog.wire.reviews import ReviewReason
from producers.request import Name, ScopeIn, Shape

MAX_PAGE: Final = 500
_PAGE: Final = 50
_HEX_PATTERN: Final = "^[0-9a-f]{32}$"
_PLACE_PATTERN: Final = "^[0-9]{1,15}:[0-9a-f]{32}$"


class Verdict(StrEnum):
    """What a person decides of a case."""

    REFUSED = "refused"
    """It was a refusal."""
    NO_REFUSAL = "no_refusal"
    """It was none: the hold ends."""
    APPROVED = "approved"
    """A second person confirms what waits."""
    DECLINED = "declined"
    """A second person does not."""
    DISMISSED = "dismissed"
    """Nothing can be done with it; whatever holds goes on holding."""


class DecisionIn(Shape):
    """A decision: `reason` says who decided and why, and is kept.

    `number`, `region` and `scope` go with `refused` alone: what the case does not know, or what the
    person meant instead. `event_id` names the hold of a case of an older version, which does not.
    """

    decision: Literal["refused", "no_refusal", "approved", "declined", "dismissed"]
    reason: Annotated[str, Field(min_length=1, max_length=2000)]
    number: Annotated[str, Field(max_length=256)] | None = None
    region: Annotated[str, Field(pattern=r"^[A-Z]{2}$")] | None = None
    scope: ScopeIn | None = None
    event_id: Annotated[str, Field(pattern=_HEX_PATTERN)] | None = None

    @property
    def verdict(self) -> Verdict:
        """The decision as a word of ours."""
        return Verdict(self.decision)


class OwnerIn(Shape):
    """Who has to decide from now on: a role, or a person's id; by default whoever asks."""

    owner: Name | None = None


class ReviewQuery(BaseModel):
    """Which cases to list, the oldest first."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    state: Literal["open"] = Field("open", description="decided ones are asked for by their id")
    reason: ReviewReason | None = None
    owner: Name | None = None
    source: Name | None = None
    limit: int = Field(_PAGE, ge=1, le=MAX_PAGE)
    after: Annotated[str, Field(pattern=_PLACE_PATTERN)] | None = Field(
        None, description="`next` of the page before"
    )


class OneQuery(BaseModel):
    """How to show one case."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    unmask: bool = Field(False, description="with the number; needs numbers:read, and is logged")


READ_CODES: Final = ("CL-1001", "CL-1101", "CL-1102", "CL-1103", "CL-1109", "CL-1801", "CL-1809")
"""What every question can be answered with."""
STEP_CODES: Final = (*READ_CODES, "CL-1002", "CL-1401", "CL-1402", "CL-1802", "CL-1803")
"""What every step of a case can be answered with."""
DECIDE_CODES: Final = (
    *STEP_CODES,
    *("CL-1104", "CL-1106", "CL-1203", "CL-1204", "CL-1208", "CL-1804", "CL-1805"),
)
"""What a decision can be answered with."""

_HEX: Final = {"type": "string", "pattern": _HEX_PATTERN}
_TEXT: Final = {"type": "string"}
_INSTANT: Final = {"type": "string", "format": "date-time"}
_WHOLE: Final = {"type": "integer", "minimum": 0}
_CASE: Final = {
    "review_id": _HEX,
    "state": {"const": "open"},
    "reason": {"enum": [reason.value for reason in ReviewReason]},
    "opened_at": _INSTANT,
    "age_seconds": _WHOLE,
    "owner": _TEXT,
    "source": {**_TEXT, "description": "registry id, or the service that opened it"},
    "entity": {**_TEXT, "description": "whom it is about, where somebody knows"},
    "number": {**_TEXT, "description": "masked"},
    "detail": {**_TEXT, "description": "one sentence"},
    "event_id": {**_HEX, "description": "the hold that stands in, or the act that waits"},
    "topic": _TEXT,
    "partition": _WHOLE,
    "offset": {**_WHOLE, "description": "of the record in question"},
}
_NEEDED: Final = ["review_id", "state", "reason", "opened_at", "age_seconds", "owner", "source"]
LISTED: Final = {
    "title": "Reviews",
    "type": "object",
    "properties": {
        "reviews": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": _CASE,
                "required": _NEEDED,
                "additionalProperties": False,
            },
        },
        "next": {
            "type": "string",
            "pattern": _PLACE_PATTERN,
            "description": "`after` of the next page; missing on the last one",
        },
    },
    "required": ["reviews"],
    "additionalProperties": False,
}
"""What a list is answered."""
_DECIDED: Final = {
    "title": "Decided",
    "type": "object",
    "properties": {
        "review_id": _HEX,
        "state": {"const": "decided"},
        "decision": _TEXT,
        "decided_by": _TEXT,
        "decided_at": _INSTANT,
        "owner": _TEXT,
    },
    "required": ["review_id", "state", "decision", "decided_by", "owner"],
    "additionalProperties": False,
}
_OPEN: Final = {
    "title": "Open",
    "type": "object",
    "properties": {**_CASE, "payload": {**_TEXT, "description": "what came in, masked"}},
    "required": [*_NEEDED, "payload"],
    "additionalProperties": False,
}
SHOWN: Final = {"oneOf": [_OPEN, _DECIDED]}
"""What a question about one case is answered."""
ASSIGNED: Final = _OPEN
"""What a new owner is answered."""
DONE: Final = {
    "title": "Decision",
    "type": "object",
    "properties": {
        **_DECIDED["properties"],  # type: ignore[dict-item]  # a literal of mixed values
        "events": {
            "type": "array",
            "description": "the acts that follow from it, each durable",
            "items": {
                "type": "object",
                "properties": {
                    "action": {"enum": ["refused", "hold_released", "approved"]},
                    "event_id": _HEX,
                    "token": {"type": "string", "pattern": "^[0-9]+:[0-9]+$"},
                    "durability": {"const": "spooled"},
                },
                "required": ["action", "event_id"],
                "oneOf": [{"required": ["token"]}, {"required": ["durability"]}],
                "additionalProperties": False,
            },
        },
    },
    "required": ["review_id", "state", "decision", "decided_by", "decided_at", "owner", "events"],
    "additionalProperties": False,
}
"""What a decision is answered."""
