"""Settings of the local stack; the only file of this room that reads the environment."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Self

from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from consentlog.errors import FatalError


class LocalSettings(BaseSettings):
    """Where the stack keeps its data, and the ports it tries first (0 = any that is free)."""

    model_config = SettingsConfigDict(
        env_prefix="CONSENTLOG_LOCAL__", frozen=True, extra="ignore", populate_by_name=True
    )

    data_dir: Path = Field(Path(".consentlog"), description="everything the stack writes")
    cache_dir: Path | None = Field(None, description="downloads; default XDG cache/consentlog")
    xdg_cache_home: Path | None = Field(
        None, validation_alias="XDG_CACHE_HOME", description="cache folder of the user, if absolute"
    )
    maven_repository: str | None = Field(
        None, description="another Maven repository (mirror) to fetch Kafka's jars from"
    )
    kafka_port: int = Field(19092, ge=0, le=65535, description="broker listener")
    controller_port: int = Field(19093, ge=0, le=65535, description="KRaft controller listener")
    clickhouse_port: int = Field(18123, ge=0, le=65535, description="ClickHouse HTTP interface")
    gateway_port: int = Field(18080, ge=0, le=65535, description="gateway")
    gate_port: int = Field(18081, ge=0, le=65535, description="gate")
    probe_port: int = Field(18082, ge=0, le=65535, description="first of the probe ports")
    kafka_heap_mb: int = Field(512, ge=128, description="broker heap, MiB; 512 was measured")

    @property
    def cache(self) -> Path:
        """The directory for downloads."""
        if self.cache_dir is not None:
            return self.cache_dir.expanduser().absolute()
        home = self.xdg_cache_home
        return (home if home and home.is_absolute() else Path.home() / ".cache") / "consentlog"

    @classmethod
    def any_ports(cls) -> Self:
        """Read the environment, but take any free ports: for stacks that run side by side."""
        names = ("kafka", "controller", "clickhouse", "gateway", "gate", "probe")
        return cls.read().model_copy(update={f"{name}_port": 0 for name in names})

    @classmethod
    def read(cls) -> Self:
        """Read the environment.

        Raises:
            FatalError: `CL-6001` naming each wrong variable, never its value.
        """
        try:
            return cls()
        except ValidationError as exc:
            problems = "; ".join(
                f"CONSENTLOG_LOCAL__{'__'.join(map(str, error['loc'])).upper()}: {error['msg']}"
                for error in exc.errors(include_input=False, include_url=False)
            )
            raise FatalError("CL-6001", problems=problems) from None


def child_environment(**values: str) -> dict[str, str]:
    """Return the environment of a child: this one's without our own settings, plus `values`.

    Settings of a production shell must not leak into a local service, so every `CONSENTLOG_`
    variable is left out but the log's.
    """
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("CONSENTLOG_") or name.startswith("CONSENTLOG_LOG__")
    }
    return kept | {"PYTHONUNBUFFERED": "1", "PYTHONSAFEPATH": "1"} | values


def is_interactive() -> bool:
    """Whether a person watches standard error."""
    return sys.stderr.isatty() and not os.environ.get("CI")
