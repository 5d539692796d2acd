"""Only the pinned jars are ever used, and none is fetched twice."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import pytest

from consentlog.errors import FatalError
from consentlog.local.jars import Fetch, Jar, ensure_jars, read_lock

GOOD = b"the pinned bytes"
JAR = Jar("org.example:thing:1.0", hashlib.sha256(GOOD).hexdigest(), len(GOOD))


def bringing(content: bytes, log: list[str]) -> Fetch:
    """A repository that serves `content` for everything."""

    def fetch(jar: Jar, scratch: Path) -> Path:
        log.append(jar.coordinate)
        path = scratch / "download"
        path.write_bytes(content)
        return path

    return fetch


def no_network(jar: Jar, _scratch: Path) -> Path:
    """A repository that cannot be reached."""
    raise ConnectionError(jar.coordinate)


def test_the_lock_pins_kafka_and_its_logging() -> None:
    jars = {jar.coordinate: jar for jar in read_lock()}
    assert len(jars) == 46
    assert "org.apache.kafka:kafka_2.13:4.3.1" in jars
    assert "org.apache.kafka:kafka-clients:4.3.1" in jars
    assert "org.apache.logging.log4j:log4j-slf4j-impl:2.25.4" in jars
    assert all(re.fullmatch("[0-9a-f]{64}", jar.sha256) for jar in jars.values())
    assert len({jar.file_name for jar in jars.values()}) == 46


def test_a_fetched_jar_is_not_fetched_again(tmp_path: Path) -> None:
    log: list[str] = []
    fetch = bringing(GOOD, log)
    paths = ensure_jars(tmp_path, jars=[JAR], fetch=fetch)
    assert [path.read_bytes() for path in paths] == [GOOD]
    assert ensure_jars(tmp_path, jars=[JAR], fetch=no_network) == paths
    assert log == [JAR.coordinate]


def test_a_jar_with_other_bytes_is_refused_and_not_kept(tmp_path: Path) -> None:
    with pytest.raises(FatalError, match=r"CL-5001.*org\.example:thing:1\.0"):
        ensure_jars(tmp_path, jars=[JAR], fetch=bringing(b"planted", []))
    assert list((tmp_path / "jars").iterdir()) == []


def test_a_cached_jar_that_was_changed_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "jars" / JAR.file_name
    path.parent.mkdir()
    path.write_bytes(b"changed later")
    with pytest.raises(FatalError, match="CL-5001"):
        ensure_jars(tmp_path, jars=[JAR], fetch=no_network)


def test_without_network_it_says_which_jar(tmp_path: Path) -> None:
    with pytest.raises(FatalError, match=r"CL-5002: org\.example:thing:1\.0.*ConnectionError"):
        ensure_jars(tmp_path, jars=[JAR], fetch=no_network)
    assert list((tmp_path / "jars").iterdir()) == []
