"""What a row of the registry and of the policy may hold; strict, unknown fields refused."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Final, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import phonenumbers
from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, model_validator

from consentlog.domain.facts import are_names
from consentlog.domain.registry import Period
from consentlog.domain.scope import ANY_ENTITY


def _check_name(text: str) -> str:
    if not text or not are_names(text) or text == ANY_ENTITY:
        raise ValueError("an id is 1 to 32 bytes of printable ASCII, and not '*'")
    return text


def _check_zone(text: str) -> str:
    try:
        ZoneInfo(text)
    except (ZoneInfoNotFoundError, ValueError) as exc:
        raise ValueError(f"{text} is no time zone of the IANA database") from exc
    return text


def check_region(text: str) -> str:
    """Check that numbers can be of a region at all; a row about `UK` or `EU` would never hold.

    Raises:
        ValueError: If no numbering plan is known by that code of ISO 3166.
    """
    if text not in phonenumbers.SUPPORTED_REGIONS:
        raise ValueError(
            f"{text} is no region of ISO 3166 with a numbering plan (GB, not UK or EU)"
        )
    return text


Name = Annotated[str, AfterValidator(_check_name)]
Zone = Annotated[str, AfterValidator(_check_zone)]
Region = Annotated[str, AfterValidator(check_region)]
Digits = Annotated[str, Field(pattern=r"^[0-9*#A-D]{1,16}$")]
"""Keys of a telephone, as pressed; RFC 4733 3.2."""
KeyScope = Annotated[
    str,
    Field(
        pattern=r"^(events:write|grants:write|grants:backfill|consent:end|holds:release"
        r"|corrections:write|approvals:write|check:read|desk:use|reviews:read|reviews:decide"
        r"|numbers:read|sms:(aliyun|huawei|tencent|twilio)|role:[a-z]+)$"
    ),
]


COMPLIANCE: Final = "role:compliance"
_OF_COMPLIANCE: Final = frozenset({"holds:release", "approvals:write", "reviews:decide"})
_APPROVED_BY_OTHERS: Final = frozenset({"grants:write", "grants:backfill", "corrections:write"})


class DatedRow(BaseModel):
    """A row that holds from `from` (included) up to `to` (excluded); both need an offset."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    from_: AwareDatetime | None = Field(None, alias="from")
    to: AwareDatetime | None = None

    @model_validator(mode="after")
    def _in_order(self) -> DatedRow:
        if self.from_ is not None and self.to is not None and self.from_ >= self.to:
            raise ValueError("`from` must lie before `to`")
        return self

    @property
    def period(self) -> Period:
        """The same in ms UTC."""
        return Period(ms_of(self.from_), ms_of(self.to))


def ms_of(instant: datetime | None) -> int | None:
    """Return an aware instant in ms UTC."""
    return None if instant is None else round(instant.timestamp() * 1000)


class EntityRow(DatedRow):
    """`[[entities]]`: a legal person that contacts people."""

    id: Name
    names: dict[Literal["en", "zh"], str] = Field(default_factory=dict)
    successor: Name | None = None


class BrandRow(DatedRow):
    """`[[brands]]`."""

    id: Name
    entity: Name


class CampaignRow(DatedRow):
    """`[[campaigns]]`: it alone says what a contact is for."""

    id: Name
    entity: Name
    brand: Name | None = None
    purpose: Literal["marketing", "service"]


class SmsNumberRow(DatedRow):
    """`[[sms_numbers]]`: a receiving number, or a signature as the vendor writes it."""

    value: str = Field(min_length=1, max_length=64)
    entity: Name


class IvrMenuRow(DatedRow):
    """`[[ivr_menus]]`: what the digits of one phone menu mean; no digit can consent."""

    id: Name
    entity: Name
    brand: Name | None = None
    campaign: Name | None = None
    channel: Literal["voice", "sms", "all"] = "all"
    refuse: list[Digits] = Field(min_length=1)
    not_now: dict[Digits, Annotated[int, Field(ge=1, le=30)]] = Field(default_factory=dict)
    nothing: list[Digits] = Field(default_factory=list)
    prompt: str | None = Field(None, min_length=1, max_length=1024)

    @model_validator(mode="after")
    def _clear(self) -> IvrMenuRow:
        """Refuse a digit that means two things, and a part of a refusal that nobody spoke of."""
        named = [*self.refuse, *self.not_now, *self.nothing]
        twice = sorted({digits for digits in named if named.count(digits) > 1})
        if twice:
            raise ValueError(f"{twice[0]} stands for more than one thing")
        is_narrow = self.brand or self.campaign or self.channel != "all"
        if is_narrow and self.prompt is None:
            raise ValueError("a refusal narrower than the entity needs the prompt that says so")
        return self


class SourceRow(BaseModel):
    """`[[sources]]`: a system that may report acts. `margin_ms` = what its clock is good for.

    `unverified_per_hour` caps the messages of a webhook whose signature is missing or wrong: as
    many as a person can read, too few to freeze a list of numbers.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    id: Name
    kind: Literal["phone", "service", "app", "link", "sms", "dialer", "compliance"]
    entities: list[Name] = Field(min_length=1)
    margin_ms: int = Field(ge=0, le=3_600_000)
    zone: Zone = "UTC"
    region: Region | None = None
    unverified_per_hour: int = Field(60, ge=0, le=10_000)


class KeyRow(DatedRow):
    """`[[keys]]`: only the SHA-256 of an API key is kept."""

    id: Name
    source: Name
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    scopes: list[KeyScope] = Field(min_length=1)

    @model_validator(mode="after")
    def _counts(self) -> KeyRow:
        """Refuse a key whose acts would be recorded and never count, or approve themselves."""
        held = set(self.scopes)
        if held & _OF_COMPLIANCE and COMPLIANCE not in held:
            raise ValueError(f"releases, approvals and decisions count with {COMPLIANCE} only")
        if "reviews:decide" in held and "reviews:read" not in held:
            raise ValueError("who decides cases reads them: add reviews:read")
        if "approvals:write" in held and held & _APPROVED_BY_OTHERS:
            raise ValueError("who approves may not state what is approved: give two keys")
        return self
