"""What a dialer may ask, as JSON or as query parameters; unknown fields are refused."""

from __future__ import annotations

from typing import Annotated, Final, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field

from consentlog.domain.facts import MAX_NAME_BYTES
from consentlog.domain.vocabulary import Channel
from consentlog.kafka.topics import PARTITIONS
from consentlog.ports import Position
from dialers.gate import Question

MAX_WAIT_MS: Final = 10_000

Name: TypeAlias = Annotated[str, Field(min_length=1, max_length=MAX_NAME_BYTES)]
Number: TypeAlias = Annotated[str, Field(min_length=1, max_length=64)]
_Token: TypeAlias = Annotated[str, Field(pattern=r"^(?:[0-9]|1[01]):[0-9]{1,18}$")]


class CheckParams(BaseModel):
    """Query parameters of `GET /v1/check/{number}`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    entity: Name = Field(description="registry id of whoever wants to make contact")
    brand: Name | None = None
    campaign: Name | None = Field(None, description="its purpose is the registry's; none=marketing")
    channel: Literal["voice", "sms"] = "voice"
    region: str | None = Field(
        None, pattern="^[A-Z]{2}$", description="ISO 3166, for numbers without a country code"
    )
    min_token: _Token | None = Field(
        None, description="token of a write that the answer must include: <partition>:<offset>"
    )
    wait_ms: int = Field(
        2000, ge=0, le=MAX_WAIT_MS, description="how long to wait for `min_token`, ms"
    )
    explain: bool = Field(False, description="add `explanation`: every record and its effect")

    @property
    def token(self) -> Position | None:
        """The write that the answer must include."""
        if self.min_token is None:
            return None
        partition, offset = map(int, self.min_token.split(":"))
        return Position(partition, offset)

    def question(self, number: str, default_region: str | None) -> Question:
        """Make the gate's question.

        Args:
            number: As the dialer wrote it.
            default_region: Region of the source, for a question that names none.
        """
        return Question(
            number,
            self.region or default_region,
            self.entity,
            self.brand,
            self.campaign,
            Channel(self.channel),
        )


class DecisionRequest(CheckParams):
    """Body of `POST /v1/decisions`."""

    number: Number = Field(description="the number as the dialer has it")


assert PARTITIONS == 12, "the token's pattern names the partitions"  # noqa: S101  # at import
