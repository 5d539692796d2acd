"""The whole stack under one supervisor: `with LocalStack(data_dir) as stack: ...`.

Kafka, the ClickHouse front, topics and migrations, then fold and sink, then gateway and gate. What
dies is started again; leaving the block stops all in bounded time. A killed supervisor takes its
children along (Linux); what outlives it all the same is found in stack.json and ended by the next
start.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from consentlog.errors import FatalError
from consentlog.local.jars import ensure_jars
from consentlog.local.kafka_node import KafkaRuntime, new_cluster_id
from consentlog.local.layout import Layout, own, rotate
from consentlog.local.openings import choose_ports, end_leftovers
from consentlog.local.process import ProcessIdentity
from consentlog.local.record import StackRecord, write_record
from consentlog.local.services import (
    CHORES,
    Chore,
    Service,
    kafka_node,
    plan_chores,
    plan_services,
)
from consentlog.local.settings import LocalSettings, child_environment
from consentlog.local.supervised import OnEvent, StackEvent, Supervised

_TICK_SECONDS: Final = 0.1
_TRIES: Final = 3

ServiceTable = Callable[[Layout, Mapping[str, int], KafkaRuntime], Sequence[Service]]
ChoreTable = Callable[[Layout, Mapping[str, int]], Sequence[Chore]]


class LocalStack:
    """A supervised stack in one data directory.

    Args:
        data_dir: Everything it writes; made if missing.
        services: Names of those to run; None = all. Order does not matter.
        settings: Ports, cache, mirror; None = from the environment.
        on_event: Told of every start, death and stop; called from several threads.
        table: Another table of services (tests).
        chores: Another table of chores (tests).
    """

    def __init__(  # noqa: PLR0913  # all but the first have a default
        self,
        data_dir: Path,
        services: Sequence[str] | None = None,
        *,
        settings: LocalSettings | None = None,
        on_event: OnEvent | None = None,
        table: ServiceTable = plan_services,
        chores: ChoreTable = plan_chores,
    ) -> None:
        self.layout = Layout(data_dir.absolute())
        self.settings = settings or LocalSettings.read()
        self.ports: Mapping[str, int] = {}
        self._names = None if services is None else frozenset(services)
        self._on_event = on_event or (lambda _event: None)
        self._table, self._chore_table = table, chores
        self._supervised: dict[str, Supervised] = {}
        self._runtime: KafkaRuntime | None = None
        self._is_ready = False
        self._stopping = threading.Event()
        self._monitor: threading.Thread | None = None
        self._record_lock = threading.Lock()
        self._resources = ExitStack()

    def start(self) -> None:
        """Start everything, stage by stage, and return when all is ready.

        Raises:
            FatalError: `CL-5003` if the directory is taken; `CL-5001`/`CL-5002` for jars; `CL-5005`
                with the reason if a service cannot start; `CL-5006` if one does not become ready.
        """
        self._resources.enter_context(own(self.layout))
        try:
            self._start()
        except BaseException:
            self.stop()
            raise

    def _start(self) -> None:
        for name in end_leftovers(self.layout):
            self._on_event(StackEvent(name, "stopped", "left over from a supervisor that died"))
        self.ports = choose_ports(self.layout, self.settings)
        self._runtime = self._kafka_runtime()
        self._supervised = {
            service.name: Supervised(service, child_environment(**service.env), self._tell)
            for service in self._chosen(self._table(self.layout, self.ports, self._runtime))
        }
        self._monitor = threading.Thread(target=self._watch, name="supervisor", daemon=True)
        self._monitor.start()
        stages = sorted({one.service.stage for one in self._supervised.values()} | {CHORES})
        for stage in stages:
            self._start_stage(stage)
        self._is_ready = True
        self._write_record()

    def _start_stage(self, stage: int) -> None:
        if stage == CHORES:
            self._do_chores()
            return
        started = [one for one in self._supervised.values() if one.service.stage == stage]
        for one in started:
            self._prepare(one.service.name)
            one.start()
        for one in started:
            self._await(one, one.service.ready_seconds)

    def _prepare(self, name: str) -> None:
        if name == "kafka" and self._runtime is not None and self._runtime.jars:
            node = kafka_node(self.layout, self.ports, self._runtime)
            node.prepare(new_cluster_id())

    def _do_chores(self) -> None:
        for chore in self._chore_table(self.layout, self.ports):
            if chore.needs in self._supervised:
                for line in chore.run():
                    self._tell(StackEvent(chore.name, "done", line))

    def stop(self) -> None:
        """Stop everything in reverse order; bounded by the sum of the services' deadlines."""
        self._stopping.set()
        if self._monitor is not None and self._monitor is not threading.current_thread():
            self._monitor.join(10)
        for one in reversed(list(self._supervised.values())):
            one.stop()
        if self._supervised:
            self._is_ready = False
            self._write_record()
        self._resources.close()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    @property
    def is_supervising(self) -> bool:
        """Whether the supervisor's thread lives; if not, nothing is started again."""
        return self._monitor is not None and self._monitor.is_alive()

    @property
    def bootstrap(self) -> str:
        """Kafka's address."""
        return f"127.0.0.1:{self.ports['kafka']}"

    def url(self, service: str) -> str:
        """Return the HTTP address of `clickhouse`, `gateway` or `gate` (or a probe's)."""
        return f"http://127.0.0.1:{self.ports[service]}"

    def pid(self, service: str) -> int | None:
        """Return the process id of a service; None while it has none."""
        return self._one(service).pid

    def kill(self, service: str) -> None:
        """SIGKILL a service; the supervisor starts it again after its backoff."""
        self._one(service).kill()

    def pause(self, service: str) -> None:
        """SIGSTOP a service."""
        self._one(service).signal(signal.SIGSTOP)

    def wait_ready(self, timeout_seconds: float = 60.0, services: Sequence[str] = ()) -> None:
        """Wait until services are ready; without names, all that are not stopped.

        Raises:
            FatalError: `CL-5006` at the deadline.
        """
        deadline = time.monotonic() + timeout_seconds
        wanted = [self._one(name) for name in services] or list(self._supervised.values())
        for one in wanted:
            while one.state != "ready" and (services or one.state != "stopped"):
                self._check_deadline(one, deadline, timeout_seconds)
                time.sleep(0.05)

    def _await(self, one: Supervised, timeout_seconds: float) -> None:
        deadline = time.monotonic() + timeout_seconds
        while one.state != "ready":
            if one.young_deaths >= _TRIES:
                name, log = one.service.name, one.service.reasons or one.service.log
                raise FatalError("CL-5005", service=name, reason=one.last_reason, log=log)
            self._check_deadline(one, deadline, timeout_seconds)
            time.sleep(0.02)

    def _check_deadline(self, one: Supervised, deadline: float, seconds: float) -> None:
        if time.monotonic() > deadline:
            name, seen = one.service.name, one.what_it_lacks()
            log = one.service.reasons or one.service.log
            raise FatalError("CL-5006", service=name, seconds=seconds, seen=seen, log=log)

    def _one(self, name: str) -> Supervised:
        try:
            return self._supervised[name]
        except KeyError:
            known = ", ".join(self._supervised)
            raise FatalError("CL-5009", service=name, known=known) from None

    def _chosen(self, services: Sequence[Service]) -> list[Service]:
        known = {service.name for service in services}
        for name in self._names or ():
            if name not in known:
                raise FatalError("CL-5009", service=name, known=", ".join(sorted(known)))
        return [one for one in services if self._names is None or one.name in self._names]

    def _kafka_runtime(self) -> KafkaRuntime:
        if self._names is not None and "kafka" not in self._names:
            return KafkaRuntime(())
        jars = ensure_jars(self.settings.cache, self.settings.maven_repository)
        return KafkaRuntime(jars, heap_mb=self.settings.kafka_heap_mb)

    def _watch(self) -> None:
        while not self._stopping.wait(_TICK_SECONDS):
            now = time.monotonic()
            for one in self._supervised.values():
                one.tick(now)
            rotate(self.layout.log_of("supervisor"))

    def _tell(self, event: StackEvent) -> None:
        self._write_record()
        self._on_event(event)

    def _write_record(self) -> None:
        with self._record_lock:
            me = ProcessIdentity.of(os.getpid()) or ProcessIdentity(os.getpid(), "")
            services = {name: one.record() for name, one in self._supervised.items()}
            write_record(self.layout, StackRecord(me, self._is_ready, self.ports, services))
