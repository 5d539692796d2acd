"""What lies where in a stack's data directory, and who owns it."""

from __future__ import annotations

import fcntl
import json
import os
import secrets
from dataclasses import asdict, dataclass
from io import TextIOWrapper
from pathlib import Path
from typing import Final

from consentlog.errors import FatalError

_LOCK_NAME: Final = "stack.lock"


@dataclass(frozen=True, slots=True)
class Layout:
    """Paths under one data directory (absolute)."""

    root: Path

    @property
    def record(self) -> Path:
        """What runs here: addresses and process identities."""
        return self.root / "stack.json"

    @property
    def lock(self) -> Path:
        """Held by the supervisor while it lives; also marks the directory as ours."""
        return self.root / _LOCK_NAME

    @property
    def logs(self) -> Path:
        """One file a service, and one older of each."""
        return self.root / "logs"

    @property
    def kafka(self) -> Path:
        """The node's files and data."""
        return self.root / "kafka"

    @property
    def clickhouse(self) -> Path:
        """The engine's data."""
        return self.root / "clickhouse"

    @property
    def spool(self) -> Path:
        """What the gateway accepted, until the log has it."""
        return self.root / "spool"

    @property
    def uploads(self) -> Path:
        """Lists that clerks hand in at the desk."""
        return self.root / "uploads"

    @property
    def registry(self) -> Path:
        """Who is who (TOML)."""
        return self.root / "registry.toml"

    @property
    def policy(self) -> Path:
        """Policy rows (TOML)."""
        return self.root / "policy.toml"

    @property
    def secrets(self) -> Path:
        """Deployment keys (TOML, 0600)."""
        return self.root / "secrets.toml"

    @property
    def keys(self) -> Path:
        """Plain API keys of this install (JSON, 0600)."""
        return self.root / "keys.json"

    @property
    def codes(self) -> Path:
        """Messages with one-time codes that would go to phones (JSON lines, 0600)."""
        return self.root / "codes.jsonl"

    @property
    def passwords(self) -> Path:
        """ClickHouse passwords of this install (JSON, 0600)."""
        return self.root / "clickhouse-passwords.json"

    def log_of(self, service: str) -> Path:
        """The log file of one service."""
        return self.logs / f"{service}.log"


@dataclass(frozen=True, slots=True)
class Passwords:
    """Of the two ClickHouse users."""

    writer: str
    auditor: str


def load_passwords(layout: Layout) -> Passwords:
    """Read the ClickHouse passwords, making them the first time (0600)."""
    if not layout.passwords.exists():
        made = Passwords(secrets.token_urlsafe(24), secrets.token_urlsafe(24))
        write_private(layout.passwords, json.dumps(asdict(made)))
    return Passwords(**json.loads(layout.passwords.read_text("utf-8")))


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner can read, whole or not at all."""
    write_whole(path, text, mode=0o600)


def write_whole(path: Path, text: str, mode: int = 0o644) -> None:
    """Replace a file in one step: a reader sees the old text or the new, never a part."""
    scratch = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    descriptor = os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    scratch.replace(path)


def own(layout: Layout) -> TextIOWrapper:
    """Take a data directory for this process until the returned file is closed.

    Raises:
        FatalError: `CL-5003` if another process has it, `CL-5013` if it is somebody else's.
    """
    check_vacant(layout)
    layout.logs.mkdir(parents=True, exist_ok=True)
    layout.root.chmod(0o700)  # the log and the history hold numbers
    lock = layout.lock.open("a+")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as exc:
        lock.seek(0)
        pid = lock.read().strip() or "?"
        lock.close()
        raise FatalError("CL-5003", path=layout.root, pid=pid) from exc
    lock.truncate(0)
    lock.write(str(os.getpid()))
    lock.flush()
    return lock


def check_vacant(layout: Layout) -> None:
    """Check that a data directory is a stack's, empty or new: it is closed to everybody else.

    Raises:
        FatalError: `CL-5013`.
    """
    root = layout.root
    if layout.lock.exists() or not root.exists():
        return
    # A volume of its own is born with that.
    if not root.is_dir() or any(one.name != "lost+found" for one in root.iterdir()):
        raise FatalError("CL-5013", path=root)


def is_owned(layout: Layout) -> bool:
    """Whether a living process has this data directory."""
    if not layout.lock.exists():
        return False
    with layout.lock.open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def rotate(log: Path, limit_bytes: int = 10 * 1024 * 1024) -> None:
    """Keep a log bounded: past the limit its text moves to `<name>.1` and it starts empty.

    The writer keeps its file open in append mode and goes on; a line written in between is lost.
    """
    try:
        if log.stat().st_size <= limit_bytes:
            return
    except FileNotFoundError:
        return
    text = log.read_bytes()
    os.truncate(log, 0)
    log.with_name(log.name + ".1").write_bytes(text[-limit_bytes:])
