"""One child process: started so that it dies with us, stopped in bounded time, found again later.

A process is known by id and start time together: ids are used again, and nothing that is not ours
may ever be signalled.
"""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from consentlog.errors import FatalError

_PR_SET_PDEATHSIG: Final = 1
_POLL_SECONDS: Final = 0.02
# A value, not the check itself: mypy takes `sys.platform` as given and would skip the other branch.
_LINUX: Final = bool(sys.platform.startswith("linux"))


@dataclass(frozen=True, slots=True)
class ProcessIdentity:
    """A process id together with when that process started (the kernel's own figure)."""

    pid: int
    started: str

    @classmethod
    def of(cls, pid: int) -> ProcessIdentity | None:
        """Identify a living process; None if there is none with this id (zombies count as none)."""
        started = _start_mark(pid)
        return None if started is None else cls(pid, started)

    def is_alive(self) -> bool:
        """Whether this very process still runs."""
        return _start_mark(self.pid) == self.started

    def send(self, number: signal.Signals) -> None:
        """Signal this process; nothing happens if it is gone."""
        if self.is_alive():
            try:
                os.kill(self.pid, number)
            except ProcessLookupError:
                return

    def end(self, timeout_seconds: float) -> None:
        """Ask to stop, then kill at the deadline, and wait until it is gone."""
        self.send(signal.SIGTERM)
        if not wait_until(lambda: not self.is_alive(), timeout_seconds):
            self.send(signal.SIGKILL)
            wait_until(lambda: not self.is_alive(), 5.0)


def wait_until(condition: Callable[[], bool], timeout_seconds: float) -> bool:
    """Poll a condition; True as soon as it holds, False at the deadline."""
    deadline = time.monotonic() + timeout_seconds
    while not condition():
        if time.monotonic() >= deadline:
            return False
        time.sleep(_POLL_SECONDS)
    return True


class ManagedProcess:
    """A child with its output in one file.

    Args:
        name: For messages.
        argv: Program and arguments.
        log: Takes stdout and stderr, appended.
        env: Whole environment; None = this process's.
        cwd: Working directory; None = this process's.
        reasons: Where it says why it ended, if not in `log`.
    """

    def __init__(  # noqa: PLR0913  # what any child needs to be told
        self,
        name: str,
        argv: Sequence[str],
        log: Path,
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
        reasons: Path | None = None,
    ) -> None:
        self.name = name
        self.log = log
        self.reasons = reasons or log
        self._reasons_from = 0
        self._argv, self._env, self._cwd = list(argv), env, cwd
        self._process: subprocess.Popen[bytes] | None = None
        self.identity: ProcessIdentity | None = None

    def start(self) -> ProcessIdentity:
        """Start it.

        Raises:
            FatalError: `CL-5005` if the program cannot be started at all.
        """
        self.log.parent.mkdir(parents=True, exist_ok=True)
        self._reasons_from = self.reasons.stat().st_size if self.reasons.exists() else 0
        try:
            self._process = _spawner().submit(self._spawn).result()
        except OSError as exc:
            raise FatalError("CL-5005", service=self.name, reason=exc, log=self.log) from exc
        identity = ProcessIdentity.of(self._process.pid)
        self.identity = identity or ProcessIdentity(self._process.pid, "gone")
        return self.identity

    def _spawn(self) -> subprocess.Popen[bytes]:
        with self.log.open("ab") as output:
            return subprocess.Popen(  # noqa: S603  # our own argv
                self._argv,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=None if self._env is None else dict(self._env),
                cwd=self._cwd,
                start_new_session=True,  # Ctrl-C goes to the supervisor, which stops in order
                preexec_fn=_die_with_parent(os.getpid()),
            )

    @property
    def exit_code(self) -> int | None:
        """None while it runs or before it was started; -N if signal N ended it."""
        return None if self._process is None else self._process.poll()

    @property
    def is_running(self) -> bool:
        """Whether it was started and has not ended."""
        return self._process is not None and self._process.poll() is None

    def signal(self, number: signal.Signals) -> None:
        """Send a signal; nothing happens if it has ended."""
        if self._process is not None:
            self._process.send_signal(number)

    def kill(self) -> None:
        """SIGKILL, and wait until it is gone."""
        self.stop(0.0)

    def stop(self, timeout_seconds: float) -> None:
        """SIGTERM, then SIGKILL at the deadline, and wait until it is gone."""
        if self._process is None:
            return
        if timeout_seconds > 0:
            self.signal(signal.SIGTERM)
            self.signal(signal.SIGCONT)  # a paused child would not see the SIGTERM
            if wait_until(lambda: not self.is_running, timeout_seconds):
                return
        self.signal(signal.SIGKILL)
        self._process.wait()

    def last_words(self, limit: int = 300) -> str:
        """Return the line that most likely says why it ended, of this run only; empty if none."""
        return last_error_line(self.reasons, limit, self._reasons_from)


def last_error_line(log: Path, limit: int = 300, start_bytes: int = 0) -> str:
    """Return the line of a log's end that most likely says why its writer ended; empty if none.

    Args:
        log: The file.
        limit: Longest answer in characters.
        start_bytes: What stands before this place is of an earlier run; ignored if the log shrank.
    """
    try:
        size = log.stat().st_size
        with log.open("rb") as file:
            file.seek(max(start_bytes if start_bytes <= size else 0, size - 65_536))
            return reason_in(file.read().decode("utf-8", "replace"), limit)
    except OSError:
        return ""


def reason_in(text: str, limit: int = 300) -> str:
    """Return the last line that speaks of an error, else the last; stack frames do not count."""
    lines = [line.strip() for line in text.splitlines()]
    lines = [line for line in lines if line and not line.startswith(("at ", "File ", "^"))]
    blame = [line for line in lines if any(word in line for word in _BLAME)]
    return (blame or lines or [""])[-1][:limit]


_BLAME: Final = ("Error", "ERROR", "FATAL", "Exception", "CL-")


@cache
def _spawner() -> ThreadPoolExecutor:
    """The one thread that starts children.

    Linux sends the parent-death signal when the *thread* that forked ends, so a child started from
    a short-lived thread would be killed at random.
    """
    return ThreadPoolExecutor(1, thread_name_prefix="spawn")


@cache
def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def _die_with_parent(parent: int) -> Callable[[], None] | None:
    """Between fork and exec: be killed when the parent dies, however it dies (Linux only)."""
    if not _LINUX:
        return None
    prctl = _libc().prctl

    def set_signal() -> None:
        prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != parent:  # it died before the line above
            os._exit(70)

    return set_signal


def _start_mark(pid: int) -> str | None:
    if _LINUX:
        return _linux_start_mark(pid)
    answer = subprocess.run(  # noqa: S603  # our own argv
        ["/bin/ps", "-o", "stat=,lstart=", "-p", str(pid)],
        capture_output=True,
        text=True,
        check=False,
    ).stdout.strip()
    state, _, started = answer.partition(" ")
    return None if not answer or state.startswith("Z") else started.strip()


def _linux_start_mark(pid: int) -> str | None:
    try:
        text = Path(f"/proc/{pid}/stat").read_text("utf-8", "replace")
        boot = Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()
    except (OSError, ValueError):
        return None
    fields = text.rpartition(")")[2].split()  # the name before it may hold spaces
    return None if fields[0] in "ZX" else f"{fields[19]}@{boot}"
