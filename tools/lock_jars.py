"""Remake consentlog/local/kafka-jars.lock: `.venv/bin/python tools/lock_jars.py`.

Resolves Kafka's own dependencies apart from the logging binding's: resolved together, the binding's
parent POM manages kafka-clients down to 3.9.1.
"""

from __future__ import annotations

import hashlib
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from jgo.maven import MavenContext

from consentlog.local.jars import LOCK_NAME
from consentlog.local.settings import LocalSettings

ROOTS = (
    "org.apache.kafka:kafka_2.13:4.3.1",
    # Without a binding for slf4j the broker logs nothing.
    "org.apache.logging.log4j:log4j-slf4j-impl:2.25.4",
)
LOCK = Path(__file__).parents[1] / "consentlog" / "local" / LOCK_NAME
HEAD = "# coordinate sha256 bytes; made by tools/lock_jars.py from: "


def main() -> None:
    """Resolve, fetch, hash, write."""
    with tempfile.TemporaryDirectory() as scratch:
        mirror = LocalSettings.read().maven_repository
        remotes = {"configured": mirror.rstrip("/")} if mirror else None
        context = MavenContext(repo_cache=Path(scratch), remote_repos=remotes, timeout=60)
        found: dict[tuple[str, str], Any] = {}
        for root in ROOTS:
            inputs, transitive = context.resolver.resolve([context.create_dependency(root)])
            for dependency in inputs + transitive:
                found.setdefault((dependency.groupId, dependency.artifactId), dependency)

        def line(dependency: Any) -> str:
            path = Path(dependency.artifact.resolve())
            digest = hashlib.sha256(path.read_bytes()).hexdigest()
            name = f"{dependency.groupId}:{dependency.artifactId}:{dependency.version}"
            return f"{name} {digest} {path.stat().st_size}\n"

        with ThreadPoolExecutor(8) as pool:
            lines = sorted(pool.map(line, found.values()))
    LOCK.write_text(HEAD + ", ".join(ROOTS) + "\n" + "".join(lines), "utf-8")


if __name__ == "__main__":
    main()
