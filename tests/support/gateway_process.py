"""A gateway as a process of its own, and everything that it printed."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import httpx2

from tests.support.gateway import demo_reference


class GatewayProcess:
    """A gateway in a directory: reference files, spool and output lie in it.

    Args:
        directory: Of this gateway; the same after a kill.
        bootstrap: Kafka's address.
        prefix: Of topics.
        settings: Further environment.
        port: None = any free one.
    """

    def __init__(
        self,
        directory: Path,
        bootstrap: str,
        prefix: str = "",
        settings: Mapping[str, str] | None = None,
        port: int | None = None,
    ) -> None:
        directory.mkdir(exist_ok=True)
        self.reference, self.keys = demo_reference(directory)
        self.spool = directory / "spool"
        self.output = directory / "gateway.log"
        self.port = port or free_port()
        self._environment = {
            **os.environ,
            "CONSENTLOG_KAFKA__BOOTSTRAP_SERVERS": bootstrap,
            "CONSENTLOG_KAFKA__TOPIC_PREFIX": prefix,
            "CONSENTLOG_REGISTRY_FILE": str(directory / "registry.toml"),
            "CONSENTLOG_POLICY_FILE": str(directory / "policy.toml"),
            "CONSENTLOG_SECRETS_FILE": str(directory / "secrets.toml"),
            "CONSENTLOG_SPOOL__DIRECTORY": str(self.spool),
            "CONSENTLOG_HTTP__PORT": str(self.port),
            "CONSENTLOG_LOG__FORMAT": "json",
            "CONSENTLOG_LOG__LEVEL": "DEBUG",
            **(settings or {}),
        }
        self.client = httpx2.Client(base_url=f"http://127.0.0.1:{self.port}", timeout=20)
        self.process = self._start()

    def _start(self) -> subprocess.Popen[bytes]:
        with self.output.open("ab") as output:
            return subprocess.Popen(
                [sys.executable, "-P", "-m", "producers"],
                env=self._environment,
                stdout=output,
                stderr=subprocess.STDOUT,
            )

    def kill(self) -> None:
        """SIGKILL."""
        self.process.kill()
        self.process.wait()

    def start_again(self) -> None:
        """Start after a kill, with the same spool on the same port."""
        self.process = self._start()

    def wait_for(self, path: str, status: int, limit_s: float = 20) -> None:
        deadline = time.monotonic() + limit_s
        while time.monotonic() < deadline:
            try:
                if self.client.get(path).status_code == status:
                    return
            except httpx2.TransportError:
                pass
            time.sleep(0.05)
        raise AssertionError(f"{path} was never {status}: {self.output.read_text()}")

    def post(self, body: object, source: str = "desk") -> httpx2.Response:
        headers = {"x-api-key": self.keys[source]}
        return self.client.post("/v1/consent-events", json=body, headers=headers)

    def metric(self, name: str) -> float:
        """The value of one metric with its labels, as /metrics writes it."""
        for line in self.client.get("/metrics").text.splitlines():
            if line.startswith(f"{name} "):
                return float(line.rpartition(" ")[2])
        raise AssertionError(f"there is no metric {name}")

    def wait_for_metric(self, name: str, value: float, limit_s: float = 30) -> None:
        deadline = time.monotonic() + limit_s
        while (seen := self.metric(name)) != value:
            assert time.monotonic() < deadline, f"{name} is {seen}, not {value}"
            time.sleep(0.05)


@contextmanager
def running_gateway(
    directory: Path,
    bootstrap: str,
    prefix: str = "",
    settings: Mapping[str, str] | None = None,
) -> Iterator[GatewayProcess]:
    """A gateway that is killed at the end."""
    found = GatewayProcess(directory, bootstrap, prefix, settings)
    try:
        yield found
    finally:
        found.client.close()
        found.kill()


def free_port() -> int:
    """A port that nobody has now."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])
