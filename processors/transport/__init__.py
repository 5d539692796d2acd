"""Faust's transport over librdkafka: Faust runs the agents, librdkafka reads the log.

In the data path: `consent.events.v1` -> here -> the fold's agent. `driver` is the event-loop side,
`consumer_thread` the librdkafka side; `ownership` and `batch` are what passes between them.
Measured against Faust's own consumer in docs/adr/0004-faust-transport.md.
"""

from processors.transport.app import build_app
from processors.transport.batch import Batch
from processors.transport.driver import LibrdkafkaTransport, OwnershipHook
from processors.transport.exit import Exit, ExitCode, exit_process
from processors.transport.ownership import Ownership
from processors.transport.schema import BatchSchema
from processors.transport.settings import TransportSettings

__all__ = [
    "Batch",
    "BatchSchema",
    "Exit",
    "ExitCode",
    "LibrdkafkaTransport",
    "Ownership",
    "OwnershipHook",
    "TransportSettings",
    "build_app",
    "exit_process",
]
