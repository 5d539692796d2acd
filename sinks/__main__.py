"""`consentlog-sink`: build the parties from the environment, run the loop, end in bounded time."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from typing import Final, NoReturn

from consentlog.clickhouse.client import ClickHouseClient, build_client
from consentlog.errors import ConsentLogError, FatalError, TransientError
from consentlog.kafka.self_fence import SelfFence
from consentlog.kafka.topics import EVENTS
from consentlog.observability.logging import configure_logging, get_logger
from consentlog.observability.probe import ProbeServer
from sinks.buffer import Limits
from sinks.feed import KafkaFeed
from sinks.group import SESSION_TIMEOUT_MS, KafkaGroup
from sinks.log import KafkaLog
from sinks.loop import SinkLoop, Tuning
from sinks.partition import PartitionSink
from sinks.patience import Patience
from sinks.settings import SinkSettings
from sinks.writer import ClickHouseHistory

_log = get_logger(__name__)

GROUP: Final = "consent.sink.v1"
EXIT_FATAL: Final = 70
EXIT_FENCED: Final = 75
_STOP_SECONDS: Final = 25.0
"""An insert under way may take 20 s; then the process ends however far it is."""


def main() -> None:
    """Run until SIGTERM or SIGINT, or until doubt.

    Ends by `os._exit`: nothing may be inserted or committed on the way out of an error.
    """
    try:
        settings = SinkSettings.read()
    except FatalError as error:
        sys.stderr.write(f"{error}\n")
        _leave(EXIT_FATAL)
    configure_logging(settings.log, "sink")
    stopping = threading.Event()
    _on_signals(stopping)
    try:
        _run(settings, stopping)
    except ConsentLogError as error:
        _log.critical("sink_ended", code=error.code, reason=str(error), advice=error.do())
        _leave(EXIT_FATAL)
    except Exception:  # noqa: BLE001  # the top loop: whatever it is, end without another insert
        _log.critical("sink_crashed", exc_info=True)
        _leave(EXIT_FATAL)
    _log.info("sink_stopped")
    _leave(0)


def _run(settings: SinkSettings, stopping: threading.Event) -> None:
    topic = EVENTS.named(settings.kafka.topic_prefix)
    bootstrap = settings.kafka.bootstrap_servers
    fence = SelfFence(SESSION_TIMEOUT_MS / 2000, _stood_still)
    fence.start()
    client = _connected(settings, stopping)
    if client is None:
        return
    history, log = ClickHouseHistory(client, topic), KafkaLog(bootstrap, topic)
    feed = KafkaFeed(bootstrap, topic)
    group = KafkaGroup(
        bootstrap, settings.kafka.topic_prefix + GROUP, topic, lambda owned: loop.own(owned)
    )
    loop = SinkLoop(
        group,
        feed,
        lambda partition: PartitionSink(partition, group, log, history, fence),
        Patience(settings.sink.backoff_max_seconds, time.monotonic),
        _tuning(settings),
    )
    ProbeServer(settings.probe.port, lambda: loop.is_live, lambda: loop.is_ready).start()
    group.join()
    _log.info("sink_started", topic=topic, database=settings.clickhouse.database)
    while not stopping.is_set():
        loop.turn()
    group.leave()
    feed.close()
    log.close()


def _connected(settings: SinkSettings, stopping: threading.Event) -> ClickHouseClient | None:
    """Connect, waiting for ClickHouse as long as it takes."""
    patience = Patience(settings.sink.backoff_max_seconds, time.monotonic)
    while not stopping.is_set():
        try:
            return build_client(settings.clickhouse)
        except TransientError as error:
            wait_s = patience.failed()
            _log.warning("history_awaited", reason=str(error), wait_seconds=wait_s)
            stopping.wait(wait_s)
    return None


def _tuning(settings: SinkSettings) -> Tuning:
    one = settings.sink
    limits = Limits(one.batch_rows, one.batch_bytes, one.linger_ms / 1000)
    return Tuning(limits, one.check_interval_seconds)


def _on_signals(stopping: threading.Event) -> None:
    def stop(_number: int, _frame: object) -> None:
        stopping.set()
        deadline = threading.Timer(_STOP_SECONDS, _leave, (EXIT_FATAL,))
        deadline.daemon = True
        deadline.start()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)


def _stood_still(gap_seconds: float) -> NoReturn:
    _log.critical("fenced_after_pause", gap_seconds=round(gap_seconds, 3))
    os._exit(EXIT_FENCED)


def _leave(code: int) -> None:
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


if __name__ == "__main__":
    main()
