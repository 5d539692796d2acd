"""Every private or undocumented name of Faust that the transport leans on, with its version pinned.

A new release of faust-streaming or mode-streaming must pass this before its pin moves.
"""

from __future__ import annotations

import asyncio
import importlib.metadata
import inspect
import threading
from collections.abc import Sequence
from pathlib import Path

import faust
import pytest
from faust.agents.manager import AgentManager
from faust.app.base import App
from faust.serializers.schemas import Schema
from faust.tables.manager import TableManager
from faust.transport.conductor import Conductor
from faust.transport.consumer import Consumer
from faust.transport.drivers import aiokafka
from faust.types import TP, ConsumerMessage

from processors.transport import LibrdkafkaTransport, Ownership, TransportSettings, build_app
from processors.transport.driver import IdleFetcher, LibrdkafkaConsumer

source = inspect.getsource


async def no_hook(_: Sequence[Ownership]) -> None:
    """Do nothing."""


@pytest.fixture
def app(tmp_path: Path) -> faust.App:
    settings = TransportSettings(
        bootstrap_servers="127.0.0.1:1,127.0.0.1:2", group_id="contract", client_id="contract"
    )
    return build_app(settings, tmp_path, on_assigned=no_hook, on_revoked=no_hook)


def test_versions_are_the_ones_this_was_read_in() -> None:
    assert importlib.metadata.version("faust-streaming") == "0.15.3"
    assert importlib.metadata.version("mode-streaming") == "0.7.1"


def test_the_app_takes_our_transport_and_fetcher(app: faust.App) -> None:
    assert isinstance(app.transport, LibrdkafkaTransport)
    assert "self.transport.Fetcher" in source(App)
    assert LibrdkafkaTransport.Fetcher is IdleFetcher
    assert issubclass(LibrdkafkaTransport, aiokafka.Transport)  # its Producer is Faust's own
    assert [url.port for url in app.conf.broker_consumer] == [1, 2]
    assert app.conf.id == "contract"


def test_the_consumer_is_built_with_these_arguments() -> None:
    parameters = list(inspect.signature(Consumer.__init__).parameters)
    assert parameters[:5] == [
        "self",
        "transport",
        "callback",
        "on_partitions_revoked",
        "on_partitions_assigned",
    ]
    assert "callback=self.topics.on_message" in source(App._new_consumer)


def test_nothing_abstract_is_left_and_no_name_of_faust_or_mode_is_hidden(app: faust.App) -> None:
    async def build() -> LibrdkafkaConsumer:
        return app.consumer  # type: ignore[return-value]  # ConsumerT by Faust's types

    consumer = asyncio.run(build())
    assert type(consumer) is LibrdkafkaConsumer
    ours = {name for name in {*vars(consumer), *dir(LibrdkafkaConsumer)} if "rk_" in name}
    assert len(ours) >= 10
    assert not ours & set(dir(Consumer))
    assert callable(consumer.callback)


def test_commits_are_asked_for_periodically_through_commit() -> None:
    assert "await self.commit()" in source(Consumer._commit_handler.fun)
    livelock = source(Consumer._commit_livelock_detector.fun)
    assert "verify_all_partitions_active" in livelock
    assert "self.assignment()" in source(Consumer.verify_all_partitions_active)


def test_a_stop_suspends_streams_then_waits_for_the_consumer_while_agents_run() -> None:
    stop = source(App._stop_consumer)
    order = [
        "consumer.assignment()",
        "consumer.stop_flow()",
        "flow_control.clear()",
        "_stop_fetcher()",
        "_consumer_wait_empty",
    ]
    assert [stop.index(step) for step in order] == sorted(stop.index(step) for step in order)
    assert "stream_wait_empty" in source(App._consumer_wait_empty)
    assert "await self._stop_consumer()" in source(App.on_stop)


def test_streams_start_when_tables_say_that_they_are_recovered() -> None:
    assert "wait_until_recovery_completed" in source(App._wait_for_table_recovery_completed)
    assert "self.recovery.completed" in source(TableManager.wait_until_recovery_completed)
    assert "actives_ready = True" in source(TableManager.on_actives_ready)
    assert "standbys_ready = True" in source(TableManager.on_standbys_ready)


def test_rebalance_bookkeeping_has_these_names(app: faust.App) -> None:
    for name in ("on_rebalance_start", "on_rebalance_return", "on_rebalance_end"):
        assert not inspect.iscoroutinefunction(getattr(app, name))
    assert inspect.iscoroutinefunction(AgentManager.on_rebalance)
    assert inspect.iscoroutinefunction(Conductor.on_partitions_assigned)
    assert app.unassigned is False
    assert app.consumer_generation_id == 0
    assert app.flow_control.is_active() is False
    assert not app.tables


def test_streams_skip_other_generations_and_mark_what_they_take() -> None:
    assert hasattr(ConsumerMessage, "tracked")
    message = ConsumerMessage("t", 0, 1, 0.0, 0, headers=None, key=None, value=None, checksum=None)
    assert (message.acked, message.tracked, message.generation_id) == (False, False, None)
    from faust.streams import Stream

    assert "message.tracked = True" in source(Stream)
    assert "message.generation_id != self.app.consumer_generation_id" in source(Stream)


def test_an_ack_from_another_thread_reaches_the_consumer(app: faust.App) -> None:
    acked: list[str] = []

    class Recorder:
        def ack(self, message: ConsumerMessage) -> bool:
            acked.append(threading.current_thread().name)
            message.acked = True
            return True

    message = ConsumerMessage("t", 0, 1, 0.0, 0, headers=None, key=None, value=None, checksum=None)
    message.incref(1)
    thread = threading.Thread(target=message.ack, args=(Recorder(),), name="producer callback")
    thread.start()
    thread.join()
    assert acked == ["producer callback"]
    assert message.acked
    assert message.tp == TP("t", 0)


def test_schemas_are_asked_with_these_arguments() -> None:
    for method in (Schema.loads_key, Schema.loads_value):
        parameters = list(inspect.signature(method).parameters)
        assert parameters == ["self", "app", "message", "loads", "serializer"]


def test_tables_are_refused(app: faust.App) -> None:
    from faust.exceptions import ImproperlyConfigured

    app.Table("counts")

    async def start() -> None:
        await app.consumer.on_start()  # type: ignore[attr-defined]  # Service, not in ConsumerT

    with pytest.raises(ImproperlyConfigured):
        asyncio.run(start())
