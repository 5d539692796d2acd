"""Settings of the gateway."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from consentlog.settings import HttpSettings, KafkaSettings, ReferenceSettings


class LinkSettings(ReferenceSettings):
    """What minting a link needs: who is who, and the keys that seal."""

    secrets_file: Path = Field(description="id key and link keys (TOML, mode 0600)")


class GatewaySettings(LinkSettings):
    """The gateway's settings."""

    kafka: KafkaSettings
    http: HttpSettings
