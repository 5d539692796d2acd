"""Review events as bytes: what could not be understood, and what was decided about it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Final, overload

from consentlog.wire.framing import decode, encode, schema_id_of
from consentlog.wire.schemas import REVIEW_ID, REVIEW_V1_ID

MAX_PAYLOAD_BYTES: Final = 65_536


class ReviewAction(StrEnum):
    """What happened to a case."""

    UNKNOWN = "unknown"
    OPENED = "opened"
    DECIDED = "decided"
    ASSIGNED = "assigned"
    """Its owner changed."""


class ReviewReason(StrEnum):
    """Why a person must look."""

    UNKNOWN = "unknown"
    NUMBER_NOT_VALID = "number_not_valid"
    UNKNOWN_SCOPE = "unknown_scope"
    UNCLEAR_WORDS = "unclear_words"
    NOT_AUTHENTICATED = "not_authenticated"
    UNDECODABLE = "undecodable"
    UNSUPPORTED_ACTION = "unsupported_action"
    MISPLACED = "misplaced"
    NO_SUBJECT = "no_subject"
    HOLE = "hole"
    NEEDS_APPROVAL = "needs_approval"
    """One event waits for a second person."""
    TAKEOVER = "takeover"
    """A manifest of documented consents waits for a second person."""


@dataclass(frozen=True, slots=True)
class ReviewEvent:
    """One step of a case; its topic key is `review_id` in hex.

    `payload` is what came in, as it came, cut at 64 KiB; `detail` is one sentence with numbers
    masked.
    `topic`, `partition` and `kafka_offset` say where the record in question lies, if it lies in
    the log.
    `event_id` names the hold that stands in meanwhile, or the act that waits for a second person;
    `entity` whom it is about, None where nobody knows or it is about every entity.
    """

    review_id: bytes
    reason: ReviewReason
    opened_at_ms: int
    source: str
    subject: str | None = None
    topic: str | None = None
    partition: int | None = None
    kafka_offset: int | None = None
    detail: str = ""
    payload: bytes = b""
    owner: str = "compliance"
    action: ReviewAction = ReviewAction.OPENED
    decided_by: str | None = None
    decision: str | None = None
    event_id: bytes | None = None
    entity: str | None = None
    decided_at_ms: int | None = None


def encode_review(event: ReviewEvent) -> bytes:
    """Encode and frame one review event, in the newest version of its schema.

    Raises:
        ValueError: If a field does not fit the schema.
    """
    fields: dict[str, Any] = asdict(event)
    fields["opened_at"] = fields.pop("opened_at_ms")
    fields["decided_at"] = fields.pop("decided_at_ms")
    fields["action"] = event.action.upper()
    fields["reason"] = event.reason.upper()
    fields["payload"] = event.payload[:MAX_PAYLOAD_BYTES]
    return encode(REVIEW_ID, fields)


def decode_review(value: bytes | None) -> ReviewEvent:
    """Decode one review event of any version; what a version had not is None.

    Raises:
        CodecError: `CL-3101` if it is anything else.
    """
    version = schema_id_of(value)
    fields = decode(value, version if version == REVIEW_V1_ID else REVIEW_ID)
    fields["opened_at_ms"] = _ms_of(fields.pop("opened_at"))
    fields["decided_at_ms"] = _ms_of(fields.pop("decided_at", None))
    fields["action"] = ReviewAction(fields["action"].lower())
    fields["reason"] = ReviewReason(fields["reason"].lower())
    return ReviewEvent(**fields)


@overload
def _ms_of(instant: datetime) -> int: ...
@overload
def _ms_of(instant: None) -> None: ...
def _ms_of(instant: datetime | None) -> int | None:
    return None if instant is None else round(instant.astimezone(UTC).timestamp() * 1000)
