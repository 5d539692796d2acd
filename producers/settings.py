"""Settings of the gateway."""

from __future__ import annotations

from pathlib import Path
from typing import Self

from pydantic import Field, SecretStr, model_validator

from consentlog.settings import Group, HttpSettings, KafkaSettings, ReferenceSettings
from producers.limits import DEFAULT_LIMITS, LimitSettings


class LinkSettings(ReferenceSettings):
    """What minting a link needs: who is who, and the keys that seal."""

    secrets_file: Path = Field(description="id key and link keys (TOML, mode 0600)")


class CodeSettings(Group):
    """How one-time codes reach a phone."""

    outbox: str = Field(
        "", description="file (0600) of messages to send; empty: nobody can agree on the page"
    )


class GateAccess(Group):
    """Where the gate is that tells the preference page how things stand."""

    url: str = Field("", description="http://host:port of the gate; empty: state is not shown")
    key: SecretStr = Field(
        SecretStr(""), description="API key with check:read for every entity that has links"
    )

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        if bool(self.url) != bool(self.key.get_secret_value()):
            raise ValueError("url and key go together")
        return self


class GatewaySettings(LinkSettings):
    """The gateway's settings."""

    kafka: KafkaSettings
    http: HttpSettings
    limits: LimitSettings = DEFAULT_LIMITS
    gate: GateAccess = GateAccess(url="", key=SecretStr(""))
    codes: CodeSettings = CodeSettings(outbox="")
