"""Apache Kafka's jars: fetched once, pinned by SHA-256, used from a cache afterwards.

`kafka-jars.lock` lists coordinate, SHA-256 and size of each; `tools/lock_jars.py` remakes it. Which
repository is asked is jgo's default or the setting `CONSENTLOG_LOCAL__MAVEN_REPOSITORY`; because of
the hashes a mirror need not be trusted.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Final

from consentlog.errors import FatalError
from consentlog.local.progress import download_progress

LOCK_NAME: Final = "kafka-jars.lock"
_TIMEOUT_SECONDS: Final = 60
_PARALLEL: Final = 8


@dataclass(frozen=True, slots=True)
class Jar:
    """One pinned jar: Maven coordinate `group:artifact:version`, SHA-256 in hex, size in bytes."""

    coordinate: str
    sha256: str
    size_bytes: int

    @property
    def file_name(self) -> str:
        """The name under which it lies in the cache."""
        _group, artifact, version = self.coordinate.split(":")
        return f"{artifact}-{version}.jar"


Fetch = Callable[[Jar, Path], Path]
"""Brings one jar into the given scratch directory and returns its path."""


def read_lock() -> tuple[Jar, ...]:
    """Read the lock file that ships with the package."""
    text = (resources.files("consentlog.local") / LOCK_NAME).read_text("utf-8")
    rows = (line.split() for line in text.splitlines() if line and not line.startswith("#"))
    return tuple(Jar(coordinate, sha256, int(size)) for coordinate, sha256, size in rows)


def missing_jars(directory: Path, jars: Sequence[Jar]) -> list[Jar]:
    """Return the jars that are not in the cache.

    Raises:
        FatalError: `CL-5001` if a cached file is not the pinned one.
    """
    missing = []
    for jar in jars:
        path = directory / jar.file_name
        if path.exists():
            verify(jar, path)
        else:
            missing.append(jar)
    return missing


def verify(jar: Jar, path: Path) -> None:
    """Refuse a file that is not the pinned one.

    Raises:
        FatalError: `CL-5001` if its SHA-256 differs from the lock's.
    """
    with path.open("rb") as file:
        actual = hashlib.file_digest(file, "sha256").hexdigest()
    if actual != jar.sha256:
        raise FatalError(
            "CL-5001", jar=jar.coordinate, path=path, expected=jar.sha256, actual=actual
        )


def ensure_jars(
    cache: Path,
    repository: str | None = None,
    *,
    jars: Sequence[Jar] | None = None,
    fetch: Fetch | None = None,
) -> tuple[Path, ...]:
    """Return the paths of all jars, fetching what the cache lacks.

    Safe for several processes at once: a jar appears in the cache whole and verified, or not at
    all. Asks no network when nothing is missing.

    Args:
        cache: The download directory; the jars lie in its `jars` folder.
        repository: Another Maven repository's address; None = jgo's default.
        jars: Other jars than the lock's (tests).
        fetch: Another way to fetch (tests).

    Raises:
        FatalError: `CL-5001` for a jar that is not the pinned one, `CL-5002` if one cannot be
            fetched.
    """
    wanted = read_lock() if jars is None else jars
    directory = cache / "jars"
    directory.mkdir(parents=True, exist_ok=True)
    if missing := missing_jars(directory, wanted):
        _fetch_all(missing, directory, repository, fetch)
    return tuple(directory / jar.file_name for jar in wanted)


def _fetch_all(
    missing: Sequence[Jar], directory: Path, repository: str | None, fetch: Fetch | None
) -> None:
    total = sum(jar.size_bytes for jar in missing)
    with (
        download_progress(f"Apache Kafka, {len(missing)} jars", total) as advance,
        _scratch(directory) as scratch,
        ThreadPoolExecutor(_PARALLEL) as pool,
    ):
        fetch_one = fetch or _maven(repository)

        def bring(jar: Jar) -> None:
            path = _fetched(fetch_one, jar, scratch)
            verify(jar, path)
            path.replace(directory / jar.file_name)
            advance(jar.size_bytes)

        list(pool.map(bring, missing))


def _fetched(fetch: Fetch, jar: Jar, scratch: Path) -> Path:
    try:
        return fetch(jar, scratch)
    except Exception as exc:  # third-party: requests', OS and plain RuntimeErrors
        raise FatalError("CL-5002", jar=jar.coordinate, reason=_short(exc)) from exc


def _short(exc: Exception) -> str:
    return f"{type(exc).__name__}: {exc}".splitlines()[0][:200]


@contextmanager
def _scratch(directory: Path) -> Iterator[Path]:
    """A folder on the cache's own file system, so that the last step is one rename."""
    path = Path(tempfile.mkdtemp(prefix=f".fetch-{os.getpid()}-", dir=directory))
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


def _maven(repository: str | None) -> Fetch:
    from jgo.maven import MavenContext

    remotes = {"configured": repository.rstrip("/")} if repository else None

    def fetch(jar: Jar, scratch: Path) -> Path:
        context = MavenContext(repo_cache=scratch, remote_repos=remotes, timeout=_TIMEOUT_SECONDS)
        path = context.create_dependency(jar.coordinate).artifact.resolve()
        if path is None:
            raise FileNotFoundError(jar.coordinate)
        return Path(path)

    return fetch
