"""A Faust worker that writes down what it was given: run in a subprocess by the integration tests.

argv: a JSON object; every key is documented by its use below.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn, cast

import faust
from confluent_kafka import Consumer, Message

from processors.transport import Batch, BatchSchema, Ownership, TransportSettings, build_app
from processors.transport.consumer_thread import ConsumerThread

options: dict[str, Any] = json.loads(sys.argv[1])
journal = Path(options["journal"]).open("a", buffering=1)  # noqa: SIM115  # open until the end


def note(what: str, **data: object) -> None:
    # One write per line: what was written survives kill -9.
    journal.write(json.dumps({"what": what, "pid": os.getpid(), "at": time.time(), **data}) + "\n")


def end(code: int, reason: str, facts: Mapping[str, object]) -> NoReturn:
    note("exit", code=int(code), reason=reason, facts={k: str(v) for k, v in facts.items()})
    os._exit(code)


async def on_assigned(ownerships: Sequence[Ownership]) -> None:
    note("assigned", starts={o.partition: o.start for o in ownerships})
    await asyncio.sleep(options.get("load_seconds", 0))
    note("loaded", partitions=[o.partition for o in ownerships if o.live])


async def on_revoked(ownerships: Sequence[Ownership]) -> None:
    note("revoked", ends={o.partition: o.committable for o in ownerships})


def plant_drop() -> None:
    """Lose the third record of the first fetch that has four."""
    real = ConsumerThread._fetch
    done: list[bool] = []

    def lossy(self: ConsumerThread, consumer: Consumer) -> list[Message]:
        fetched = real(self, consumer)
        records = [message for message in fetched if message.error() is None]
        if len(records) > 3 and not done:
            done.append(True)
            fetched.remove(records[2])
        return fetched

    ConsumerThread._fetch = lossy  # type: ignore[method-assign]  # the fault under test


def finish(event: faust.EventT[Batch]) -> None:
    """Do the work, then acknowledge it."""
    batch = cast(Batch, event.value)
    offsets = [message.offset() for message in batch.records]
    note("done", partition=batch.partition, offsets=offsets)
    event.ack()


settings = TransportSettings(
    bootstrap_servers=options["bootstrap"],
    group_id=options["group"],
    client_id="tiny",
    session_timeout_ms=6000,
    heartbeat_interval_ms=1000,
    commit_interval_ms=options.get("commit_interval_ms", 200),
    max_batch_records=options.get("max_batch_records", 1000),
    stall_seconds=options.get("stall_seconds", 30),
)
app = build_app(
    settings,
    Path(options["data_dir"]),
    on_assigned=on_assigned,
    on_revoked=on_revoked,
    exit_=end,
)


@app.agent(app.topic(options["topic"], schema=BatchSchema()))
async def fold(stream: faust.StreamT[Batch]) -> None:
    # Faust's interface type does not name `noack`.
    async for event in cast("faust.Stream[Batch]", stream).noack().events():
        batch = event.value
        note(
            "batch",
            partition=batch.partition,
            generation=batch.ownership.generation,
            ready=batch.ownership.ready,
            first=batch.first_offset,
            next=batch.next_offset,
            offsets=[message.offset() for message in batch.records],
            hole=batch.hole,
        )
        if options.get("acks", True):
            asyncio.get_running_loop().call_later(options.get("ack_seconds", 0), finish, event)


if options.get("drop"):
    plant_drop()
note("started")
logging.basicConfig(level=logging.INFO)
sys.argv[1:] = []
faust.Worker(app, loglevel="INFO").execute_from_commandline()
