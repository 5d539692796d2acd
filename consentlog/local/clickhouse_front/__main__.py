"""`python -m consentlog.local.clickhouse_front`: serve one data directory on loopback."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

import uvicorn
from pydantic import Field, SecretStr
from pydantic_settings import SettingsConfigDict

from consentlog.errors import ConsentLogError
from consentlog.local.clickhouse_front.app import DEFAULT_LIMIT_BYTES, create_app
from consentlog.local.clickhouse_front.auth import AUDITOR, WRITER, User, Users
from consentlog.local.clickhouse_front.engine import Engine
from consentlog.local.ports import LOOPBACK
from consentlog.observability.logging import configure_logging, get_logger
from consentlog.settings import ServiceSettings


class FrontSettings(ServiceSettings):
    """Where the data is and who may ask."""

    model_config = SettingsConfigDict(env_prefix="CONSENTLOG_FRONT__")

    data_dir: Path = Field(description="the engine's data; one process at a time")
    port: int = Field(ge=1, le=65535, description="TCP port on 127.0.0.1")
    writer_password: SecretStr = Field(description="of the user `writer`, who may do everything")
    auditor_password: SecretStr = Field(description="of the user `auditor`, who may only read")
    limit_bytes: int = Field(DEFAULT_LIMIT_BYTES, description="largest request body, bytes")


def main() -> int:
    """Serve until SIGTERM; then finish what is under way, at most 10 s."""
    settings = FrontSettings.read()
    configure_logging(settings.log, "clickhouse-front")
    log = get_logger(__name__)
    users = Users(
        User(WRITER, settings.writer_password.get_secret_value(), is_read_only=False),
        User(AUDITOR, settings.auditor_password.get_secret_value(), is_read_only=True),
    )
    engine = Engine(settings.data_dir)
    log.info("front_started", port=settings.port, engine=engine.version)
    # uvicorn raises the signal again after its own clean stop; this is what it then meets.
    signal.signal(signal.SIGTERM, lambda _number, _frame: None)
    try:
        uvicorn.run(
            create_app(engine, users, settings.limit_bytes),
            host=LOOPBACK,
            port=settings.port,
            log_config=None,
            access_log=False,  # the URL holds queries, and queries hold numbers
            timeout_graceful_shutdown=10,
            server_header=False,
        )
    finally:
        engine.close()
    log.info("front_stopped")
    return 0


if __name__ == "__main__":
    try:
        code = main()
    except ConsentLogError as error:
        sys.stderr.write(f"{error}\n")
        code = 2
    sys.stdout.flush()
    os._exit(code)  # chDB's threads may outlive the interpreter's own shutdown
