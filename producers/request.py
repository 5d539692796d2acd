"""The consent event as a source states it over HTTP: shape only, unknown fields refused."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, JsonValue

from consentlog.domain.facts import MAX_NAME_BYTES, are_names


def _check_name(text: str) -> str:
    if not are_names(text):
        raise ValueError("a name is 1 to 32 bytes of printable ASCII")
    return text


# The pattern is for readers of the OpenAPI: the check is the domain's own.
_SHOWN: Final[dict[str, JsonValue]] = {"maxLength": MAX_NAME_BYTES, "pattern": "^[ -~]+$"}
Name = Annotated[str, Field(min_length=1, json_schema_extra=_SHOWN), AfterValidator(_check_name)]
MAX_REF: Final = 128
Ref = Annotated[str, Field(min_length=1, max_length=MAX_REF)]
Short = Annotated[str, Field(max_length=512)]


class Shape(BaseModel):
    """Base of every part: unknown fields and other types are refused, never converted."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class ScopeIn(Shape):
    """What the act is about; a missing purpose is the campaign's, or marketing."""

    entity: Name
    brand: Name | None = None
    campaign: Name | None = None
    purpose: Literal["marketing", "service", "all"] | None = None
    channel: Literal["voice", "sms", "all"] = "all"


class ActorIn(Shape):
    """Who recorded it."""

    id: Name
    type: Literal["person", "agent", "staff", "system", "authority"]
    role: Name | None = None
    org: Short | None = None


class EvidenceIn(Shape):
    """What proves it (rules of refusal 7)."""

    verbatim: Annotated[str, Field(max_length=8192)] | None = None
    language: Short | None = None
    on_behalf_of: Short | None = None
    source_system: Short | None = None
    script_version: Short | None = None
    recording_uri: Annotated[str, Field(max_length=2048)] | None = None
    recording_sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")] | None = None
    recording_offset_ms: Annotated[int, Field(ge=0, lt=2**53)] | None = None
    consent_text_version: Short | None = None
    ip: Short | None = None
    user_agent: Short | None = None
    data_source: Short | None = None

    @property
    def proves(self) -> bool:
        """Whether anything is said at all."""
        return any(value is not None for value in self.model_dump().values())


class ActIn(Shape):
    """What may be the same in many acts. Times are text; see `consentlog.domain.stated`."""

    region: Annotated[str, Field(pattern=r"^[A-Z]{2}$")] | None = None
    action: Literal[
        "refused",
        "granted",
        "consent_ended",
        "held",
        "hold_released",
        "corrected",
        "approved",
    ]
    basis: Literal["objection", "withdrawal", "do_not_call_list", "authority"] | None = None
    scope: ScopeIn
    precision: Literal["instant", "minute", "day"] = "instant"
    zone: Short | None = None
    recorded_at: Short | None = None
    until: Short | None = None
    target: Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")] | None = None
    hold_kind: Literal["not_now", "dispute", "unverified", "unclear"] | None = None
    actor: ActorIn
    evidence: EvidenceIn | None = None


class EventIn(ActIn):
    """One act, as its source states it."""

    number: Annotated[str, Field(max_length=256)]
    occurred_at: Short | None = None
    source_ref: Ref | None = None
    nonce: Ref | None = None
    method: (
        Literal["keyword", "spoken", "web", "app", "form", "letter", "import", "complaint"] | None
    ) = None


class EventRequest(EventIn):
    """One act of a request to `/v1/consent-events`.

    `correlation_id` is the caller's own name for this line of its request: it comes back in the
    answer and is recorded nowhere.
    """

    correlation_id: Ref | None = None
