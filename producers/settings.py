"""Settings of the gateway."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Final, Self

from pydantic import Field, SecretStr, model_validator

from consentlog.settings import Group, HttpSettings, KafkaSettings, ReferenceSettings
from producers.limits import DEFAULT_LIMITS, LimitSettings
from producers.spool.limits import SpoolLimits

_HOUR_MS: Final = 3_600_000
_DAY_MS: Final = 86_400_000


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


class SpoolSettings(Group):
    """What is accepted waits here until the log has it."""

    directory: Path = Field(
        description="directory of the spool, on a disk that survives a restart; one per gateway"
    )
    max_rows: int = Field(
        1_000_000, ge=1, description="records that may wait before new ones are answered with 503"
    )
    max_bytes: int = Field(
        1 << 30, ge=1 << 20, description="bytes that may wait before new ones are answered with 503"
    )
    keep_days: int = Field(
        7, ge=0, le=3650, description="days that delivered records stay, to re-feed a truncated log"
    )
    name: str = Field(
        "", max_length=64, description="reporter on dialer.watermarks.v1; empty: the host's name"
    )

    @property
    def limits(self) -> SpoolLimits:
        """The limits in the spool's own units."""
        return SpoolLimits(self.max_rows, self.max_bytes, self.keep_days * _DAY_MS)

    @property
    def reporter(self) -> str:
        """Under which name this gateway reports."""
        return self.name or socket.gethostname()


class ReviewSettings(Group):
    """What waits for a person."""

    overdue_hours: int = Field(
        24, ge=1, le=8760, description="hours after which a case that nobody decided is an alarm"
    )

    @property
    def overdue_ms(self) -> int:
        """The same in ms."""
        return self.overdue_hours * _HOUR_MS


class DeskSettings(Group):
    """Clerks' sessions, and lists that they hand in."""

    uploads: str = Field(
        "",
        description="directory (of this gateway alone, 0700) of lists that clerks hand in; empty:"
        " the desk takes none",
    )
    upload_max_bytes: int = Field(
        100 << 20, ge=1 << 10, le=1 << 30, description="bytes that one list may have"
    )
    upload_keep_days: int = Field(
        7, ge=0, le=3650, description="days that a finished list and its rows to look at stay"
    )
    secure_cookie: bool = Field(
        True,
        description="a session is kept only by a browser that is here over https, or on this"
        " machine; false: over plain http too, where whoever is on the way can take it",
    )


class GatewaySettings(LinkSettings):
    """The gateway's settings."""

    kafka: KafkaSettings
    spool: SpoolSettings
    http: HttpSettings
    limits: LimitSettings = DEFAULT_LIMITS
    gate: GateAccess = GateAccess(url="", key=SecretStr(""))
    codes: CodeSettings = CodeSettings(outbox="")
    reviews: ReviewSettings = ReviewSettings(overdue_hours=24)
    desk: DeskSettings = DeskSettings(
        uploads="", upload_max_bytes=100 << 20, upload_keep_days=7, secure_cookie=True
    )
