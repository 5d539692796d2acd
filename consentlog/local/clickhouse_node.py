"""The ClickHouse front as a child process: how it is told, started, asked and stopped."""

from __future__ import annotations

import secrets
import signal
import sys
import time
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Final, Self
from urllib.error import HTTPError, URLError

from consentlog.errors import FatalError
from consentlog.local.ports import LOOPBACK, free_port
from consentlog.local.process import ManagedProcess
from consentlog.local.settings import child_environment

_STOP_SECONDS: Final = 12.0  # the front itself gives what is under way 10 s


@dataclass(frozen=True, slots=True)
class ClickHouseAccess:
    """Where a ClickHouse is and as whom one may ask: the writer with all rights, the auditor."""

    host: str
    port: int
    user: str
    password: str
    auditor_user: str
    auditor_password: str

    @property
    def url(self) -> str:
        """Address of the HTTP interface."""
        return f"http://{self.host}:{self.port}"


class ClickHouseNode:
    """The front on one data directory; a context manager that starts and stops it.

    Args:
        directory: Its data and log.
        port: TCP port on loopback; 0 = a free one.
        writer_password: Of the user `writer`; None = a random one.
        auditor_password: Of the user `auditor`; None = a random one.
    """

    def __init__(
        self,
        directory: Path,
        port: int = 0,
        writer_password: str | None = None,
        auditor_password: str | None = None,
    ) -> None:
        writer = writer_password or secrets.token_urlsafe(24)
        auditor = auditor_password or secrets.token_urlsafe(24)
        self.access = ClickHouseAccess(
            LOOPBACK, port or free_port(), "writer", writer, "auditor", auditor
        )
        self.argv = [sys.executable, "-P", "-m", "consentlog.local.clickhouse_front"]
        self.env = {
            "CONSENTLOG_FRONT__DATA_DIR": str(directory.absolute()),
            "CONSENTLOG_FRONT__PORT": str(self.access.port),
            "CONSENTLOG_FRONT__WRITER_PASSWORD": writer,
            "CONSENTLOG_FRONT__AUDITOR_PASSWORD": auditor,
        }
        self._process = ManagedProcess(
            "clickhouse", self.argv, directory / "front.log", child_environment(**self.env)
        )

    @property
    def is_running(self) -> bool:
        """Whether its process lives."""
        return self._process.is_running

    def start(self, timeout_seconds: float = 30.0) -> None:
        """Start it and wait until it answers.

        Raises:
            FatalError: `CL-5005` if it ended, `CL-5006` at the deadline.
        """
        self._process.start()
        deadline = time.monotonic() + timeout_seconds
        while not answers(f"{self.access.url}/ping"):
            log = self._process.log
            if not self.is_running:
                reason = self._process.last_words()
                raise FatalError("CL-5005", service="clickhouse", reason=reason, log=log)
            if time.monotonic() > deadline:
                seen = what_it_says(f"{self.access.url}/ping")
                raise FatalError(
                    "CL-5006", service="clickhouse", seconds=timeout_seconds, seen=seen, log=log
                )
            time.sleep(0.05)

    def stop(self) -> None:
        """Stop cleanly, at a deadline hard."""
        self._process.stop(_STOP_SECONDS)

    def kill(self) -> None:
        """SIGKILL; the data stays."""
        self._process.kill()

    def pause(self) -> None:
        """SIGSTOP: connections are accepted, nothing is answered."""
        self._process.signal(signal.SIGSTOP)

    def resume(self) -> None:
        """SIGCONT."""
        self._process.signal(signal.SIGCONT)

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.kill()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()


def answers(url: str, timeout_seconds: float = 1.0) -> bool:
    """Whether an HTTP GET of a loopback address gives 200."""
    return _get(url, timeout_seconds)[0] == 200


def what_it_says(url: str, timeout_seconds: float = 2.0) -> str:
    """Return the start of what an HTTP GET of a loopback address says, on one line."""
    status, text = _get(url, timeout_seconds)
    return " ".join(f"{status or 'no answer:'} {text}".split())[:200]


def _get(url: str, timeout_seconds: float) -> tuple[int, str]:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # never through a proxy
    try:
        with opener.open(url, timeout=timeout_seconds) as response:
            return int(response.status), response.read(4096).decode("utf-8", "replace")
    except HTTPError as error:
        with error:
            return error.code, error.read(4096).decode("utf-8", "replace")
    except (URLError, OSError) as error:
        return 0, str(error)
