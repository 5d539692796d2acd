"""Settings shared by every service, read from the environment.

Only this file and each role's `settings.py` read it. Names: `CONSENTLOG_` + group + `__` + field,
for example `CONSENTLOG_KAFKA__BOOTSTRAP_SERVERS`. Addresses and credentials have no default, so a
service that was not told where to connect refuses to start; tuning has defaults, each with unit and
reason.
"""

from __future__ import annotations

from ipaddress import ip_network
from pathlib import Path
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from consentlog.errors import FatalError


class Group(BaseModel):
    """Base of one frozen group of settings."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class KafkaSettings(Group):
    """Where the log is."""

    bootstrap_servers: str = Field(description="host:port[,host:port…] of the brokers")
    topic_prefix: str = Field("", description="put before every topic name, for shared clusters")


class ClickHouseSettings(Group):
    """Where the history is, and as whom this service writes or reads it."""

    url: str = Field(description="http://host:port of ClickHouse's HTTP interface")
    user: str = Field(description="user name")
    password: SecretStr = Field(description="password of the user")
    database: str = Field("consentlog", description="database of the history tables")


class HttpSettings(Group):
    """Where a service with an HTTP interface listens."""

    host: str = Field("127.0.0.1", description="address to bind; loopback unless told otherwise")
    port: int = Field(ge=0, le=65535, description="TCP port to bind")
    trusted_proxies: str = Field(
        "127.0.0.1,::1",
        description="address or network[,…] of reverse proxies whose X-Forwarded-For and"
        " X-Forwarded-Proto say who calls, and whether over https; empty: none",
    )

    @field_validator("trusted_proxies")
    @classmethod
    def _are_addresses(cls, value: str) -> str:
        # A name would be believed as it is written, and `*` lets every caller say who they are.
        for one in filter(None, value.split(",")):
            ip_network(one)
        return value


class ProbeSettings(Group):
    """Loopback port for /healthz, /readyz and /metrics of services without an HTTP interface."""

    port: int = Field(0, ge=0, le=65535, description="TCP port; 0 = off")


class LogSettings(Group):
    """How a service speaks to its operator."""

    format: Literal["json", "console", "auto"] = Field(
        "auto", description="auto = console on a terminal, JSON otherwise"
    )
    level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field("INFO", description="least level")


class ServiceSettings(BaseSettings):
    """Base of each service's settings: reads the environment, frozen once read."""

    model_config = SettingsConfigDict(
        env_prefix="CONSENTLOG_", env_nested_delimiter="__", frozen=True, extra="ignore"
    )

    log: LogSettings = LogSettings(format="auto", level="INFO")

    @classmethod
    def read(cls) -> Self:
        """Read the environment.

        Raises:
            FatalError: `CL-6001` naming each missing or wrong variable, never its value.
        """
        try:
            return cls()
        except ValidationError as exc:
            problems = "; ".join(
                f"CONSENTLOG_{'__'.join(map(str, error['loc'])).upper()}: {error['msg']}"
                for error in exc.errors(include_input=False, include_url=False)
            )
            raise FatalError("CL-6001", problems=problems) from None


class ReferenceSettings(ServiceSettings):
    """For services that decide: dated data files that say who is who and which policy holds."""

    registry_file: Path = Field(description="entities, brands, campaigns, sources, keys (TOML)")
    policy_file: Path = Field(description="policy rows with citation and dates (TOML)")
