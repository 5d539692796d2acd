"""stack.json: what runs in a data directory, for the CLI, tests and the next start."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Literal

from consentlog.errors import FatalError
from consentlog.local.layout import Layout, is_owned, write_whole
from consentlog.local.process import ProcessIdentity

ServiceState = Literal["starting", "ready", "waiting", "stopped"]
"""`waiting` = it died and is started again after its backoff."""


@dataclass(frozen=True, slots=True)
class ServiceRecord:
    """One service: its process (None while it has none), state, how often it was started again."""

    state: ServiceState
    identity: ProcessIdentity | None
    restarts: int
    log: str


@dataclass(frozen=True, slots=True)
class StackRecord:
    """One stack: its supervisor, whether all is up, ports by name, services by name."""

    supervisor: ProcessIdentity
    is_ready: bool
    ports: Mapping[str, int]
    services: Mapping[str, ServiceRecord] = field(default_factory=dict)

    @property
    def bootstrap(self) -> str:
        """Kafka's address."""
        return f"127.0.0.1:{self.ports['kafka']}"

    def url(self, service: str) -> str:
        """Return the HTTP address of `clickhouse`, `gateway` or `gate`."""
        return f"http://127.0.0.1:{self.ports[service]}"


def write_record(layout: Layout, record: StackRecord) -> None:
    """Replace stack.json in one step."""
    write_whole(layout.record, json.dumps(asdict(record), indent=2) + "\n")


def read_record(layout: Layout) -> StackRecord | None:
    """Read stack.json; None if there is none or it is not ours."""
    try:
        raw = json.loads(layout.record.read_text("utf-8"))
        services = {name: _service(row) for name, row in raw["services"].items()}
        identity = ProcessIdentity(**raw["supervisor"])
        return StackRecord(identity, raw["is_ready"], raw["ports"], services)
    except (FileNotFoundError, NotADirectoryError, ValueError, KeyError, TypeError):
        return None


def _service(row: Mapping[str, object]) -> ServiceRecord:
    raw = dict(row)
    identity = raw.pop("identity")
    known = ProcessIdentity(**identity) if isinstance(identity, dict) else None
    return ServiceRecord(identity=known, **raw)  # type: ignore[arg-type]  # from our own file


def running_stack(layout: Layout) -> StackRecord:
    """Return the record of the stack that runs in a data directory.

    Raises:
        FatalError: `CL-5007` if none runs.
    """
    record = read_record(layout)
    if record is None or not record.supervisor.is_alive() or not is_owned(layout):
        raise FatalError("CL-5007", path=layout.root)
    return record
