"""The textbook peer: a Faust Table with its changelog, one event at a time, equal work per event.

Started by `fold.py`: `python -m benchmarks.textbook BOOTSTRAP PREFIX default|tuned`. Tuned = `-l
info` and
`producer_linger=0.05`, the best form measured (docs/benchmarks.md).
"""

from __future__ import annotations

import sys
from typing import Any

import faust
from faust.serializers import codecs

from benchmarks import peer_codec
from consentlog.domain.state import EMPTY, evolve
from consentlog.kafka.topics import EVENTS, PARTITIONS, STATE

WRITER = b"textbook".ljust(16, b"\x00")


class StateCodec(codecs.Codec):
    """Serialises table values for the changelog; values are (subject, offset, state)."""

    def _dumps(self, obj: Any) -> bytes:
        subject, offset, state = obj
        return peer_codec.encode_state(subject, offset, WRITER, state)

    def _loads(self, s: bytes) -> Any:
        raise NotImplementedError("the benchmark never recovers")


def build_app(bootstrap: str, prefix: str, tuned: bool) -> faust.App:
    """Build the app."""
    codecs.register("consent-state", StateCodec())
    options: dict[str, Any] = {"producer_linger": 0.05} if tuned else {}
    app = faust.App(
        f"{prefix}textbook",
        broker="kafka://" + bootstrap,
        store="memory://",
        topic_partitions=PARTITIONS,
        topic_allow_declare=False,
        topic_disable_leader=True,
        table_standby_replicas=0,
        autodiscover=False,
        web_enabled=False,
        consumer_auto_offset_reset="earliest",
        broker_session_timeout=10,
        broker_heartbeat_interval=3,
        datadir=f"/tmp/consentlog-bench-{prefix}",
        **options,
    )
    events = app.topic(
        EVENTS.named(prefix), key_type=bytes, value_type=bytes,
        key_serializer="raw", value_serializer="raw",
    )  # fmt: skip
    changelog = app.topic(
        STATE.named(prefix), key_type=bytes, key_serializer="raw",
        value_serializer="consent-state", compacting=True, partitions=PARTITIONS,
    )  # fmt: skip
    table: Any = app.Table(
        "state", partitions=PARTITIONS, changelog_topic=changelog, key_type=bytes
    )
    # The constructor takes types only, and would write JSON.
    table.key_serializer, table.value_serializer = "raw", "consent-state"

    @app.agent(events)
    async def fold(stream: Any) -> None:
        async for message in stream.events():
            event = peer_codec.decode_event(message.value)
            known = table.get(message.key)
            state = evolve(known[2] if known else EMPTY, event.fact)
            table[message.key] = (event.subject, message.message.offset, state)

    return app


def main() -> None:
    """Run the worker until it is told to stop."""
    bootstrap, prefix, form = sys.argv[1:4]
    tuned = form == "tuned"
    app = build_app(bootstrap, prefix, tuned)
    sys.argv[1:] = []
    faust.Worker(app, loglevel="info" if tuned else "warn").execute_from_commandline()


if __name__ == "__main__":
    main()
