"""One service under supervision: started, seen ready, started again when it dies."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from consentlog.errors import FatalError
from consentlog.local.backoff import Backoff
from consentlog.local.layout import rotate
from consentlog.local.process import ManagedProcess
from consentlog.local.record import ServiceRecord, ServiceState
from consentlog.local.services import Service

EventKind = Literal["starting", "ready", "died", "stopped", "done"]


@dataclass(frozen=True, slots=True)
class StackEvent:
    """Something that a person who watches the stack wants to know; `detail` is one sentence."""

    service: str
    kind: EventKind
    detail: str = ""


OnEvent = Callable[[StackEvent], None]


class Supervised:
    """One service and its process.

    Its methods may be called from any thread; `tick` belongs to the supervisor's.

    Args:
        service: What to run.
        env: The whole environment.
        on_event: Told of each change, from the thread that made it.
    """

    def __init__(self, service: Service, env: Mapping[str, str], on_event: OnEvent) -> None:
        self.service = service
        self.env = env
        self.restarts = 0
        self.young_deaths = 0
        self.last_reason = ""
        self._on_event = on_event
        self._process = ManagedProcess(
            service.name, service.argv, service.log, env, reasons=service.reasons
        )
        self._backoff = Backoff()
        self._lock = threading.RLock()
        self._state: ServiceState = "stopped"
        self._started_at = self._start_at = 0.0

    @property
    def state(self) -> ServiceState:
        """Where it stands; a death is seen within a tick."""
        return self._state

    @property
    def pid(self) -> int | None:
        """Process id while it runs."""
        identity = self._process.identity
        return identity.pid if identity and self._process.is_running else None

    def what_it_lacks(self) -> str:
        """Say why it is not ready: its own word, else the last of its log."""
        return self.service.unready() if self.service.unready else self._process.last_words()

    def record(self) -> ServiceRecord:
        """Return what stack.json says of it."""
        identity = self._process.identity if self._process.is_running else None
        return ServiceRecord(self._state, identity, self.restarts, str(self.service.log))

    def start(self) -> None:
        """Start it and keep it running from now on.

        Raises:
            FatalError: `CL-5005` if its program cannot be started at all.
        """
        with self._lock:
            if self._process.is_running:
                return
            self._started_at = time.monotonic()
            self._process.start()
            self._state = "starting"
        self._tell("starting")

    def stop(self, timeout_seconds: float | None = None) -> None:
        """Stop it, hard at the deadline, and leave it stopped."""
        with self._lock:
            was, self._state = self._state, "stopped"
            seconds = self.service.stop_seconds if timeout_seconds is None else timeout_seconds
            self._process.stop(seconds)
        if was != "stopped":
            self._tell("stopped")

    def kill(self) -> None:
        """SIGKILL; it is started again after its backoff, as after any death."""
        with self._lock:
            self._process.kill()
            self._mind_death(time.monotonic())

    def signal(self, number: signal.Signals) -> None:
        """Send a signal (SIGSTOP and SIGCONT in fault tests)."""
        self._process.signal(number)

    def tick(self, now: float) -> None:
        """Look after it once: mind its death, start it when due, ask whether it is ready."""
        with self._lock:
            if self._state == "stopped":
                return
            self._mind_death(now)
            if self._state == "waiting" and now >= self._start_at:
                self._start_again(now)
        rotate(self.service.log)
        if self._state == "starting" and self.service.is_ready():
            self._mind_ready()

    def _start_again(self, now: float) -> None:
        self.restarts += 1
        try:
            self.start()
        except FatalError as error:  # no memory, no descriptors: as passing as any other death
            self._state, self._start_at = "waiting", now + self._backoff.delay_after(0.0)
            self._tell("died", error.what())

    def _mind_ready(self) -> None:
        with self._lock:
            if self._state != "starting" or not self._process.is_running:
                return  # it died or was stopped while it was being asked
            self._state, self.young_deaths = "ready", 0
        self._tell("ready", f"after {time.monotonic() - self._started_at:.1f} s")

    def _mind_death(self, now: float) -> None:
        code = self._process.exit_code
        if self._state not in {"starting", "ready"} or code is None:
            return
        self.young_deaths += 1
        delay = self._backoff.delay_after(now - self._started_at)
        self._state, self._start_at = "waiting", now + delay
        # Who was killed had no say: its last line is about something else.
        self.last_reason = _ending(code) + ("" if code == -signal.SIGKILL else self._last_words())
        self._tell("died", f"{self.last_reason}; again in {delay:.1f} s")

    def _last_words(self) -> str:
        words = self._process.last_words()
        return f": {words}" if words else ""

    def _tell(self, kind: EventKind, detail: str = "") -> None:
        self._on_event(StackEvent(self.service.name, kind, detail))


def _ending(code: int) -> str:
    if code < 0:
        return f"ended by {signal.Signals(-code).name}"
    return f"ended with exit code {code}"
