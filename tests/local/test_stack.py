"""The supervisor: starts in order, starts again what dies, leaves nothing behind."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from consentlog.errors import FatalError
from consentlog.local.kafka_node import KafkaRuntime
from consentlog.local.layout import Layout, rotate
from consentlog.local.openings import end_leftovers
from consentlog.local.ports import LOOPBACK
from consentlog.local.process import ProcessIdentity, wait_until
from consentlog.local.record import (
    ServiceRecord,
    StackRecord,
    read_record,
    running_stack,
    write_record,
)
from consentlog.local.services import (
    CHORES,
    DOORS,
    FOLLOWERS,
    NAMES,
    STORES,
    Service,
    plan_services,
)
from consentlog.local.settings import LocalSettings
from consentlog.local.stack import LocalStack
from consentlog.local.supervised import StackEvent
from tests.local.dummies import dummy, no_chores, two_dummies

SERVICES = ["first", "second"]


def build(data_dir: Path, events: list[StackEvent] | None = None) -> LocalStack:
    """A stack of the two dummies."""
    return LocalStack(
        data_dir,
        SERVICES,
        settings=LocalSettings.any_ports(),
        on_event=None if events is None else events.append,
        table=two_dummies,
        chores=no_chores,
    )


def test_stages_start_in_order_and_stop_in_reverse(tmp_path: Path) -> None:
    events: list[StackEvent] = []
    with build(tmp_path, events) as stack:
        record = running_stack(stack.layout)
        assert record.is_ready
        assert {service.state for service in record.services.values()} == {"ready"}
    assert [(one.service, one.kind) for one in events] == [
        *(("first", "starting"), ("first", "ready"), ("second", "starting"), ("second", "ready")),
        *(("second", "stopped"), ("first", "stopped")),
    ]
    with pytest.raises(FatalError, match="CL-5007"):
        running_stack(stack.layout)


def test_the_log_is_checked_before_a_door_opens_and_only_on_loopback(tmp_path: Path) -> None:
    ports = dict.fromkeys(("kafka", "controller", "clickhouse", "fold", "sink"), 1)
    ports |= {"gateway": 2, "gate": 3}
    plan = plan_services(Layout(tmp_path), ports, KafkaRuntime(()))
    assert tuple(one.name for one in plan) == NAMES
    stages = {one.name: one.stage for one in plan}
    assert stages["kafka"] == stages["clickhouse"] == STORES
    assert stages["fold"] == stages["sink"] == FOLLOWERS
    assert stages["gateway"] == stages["gate"] == DOORS
    assert STORES < CHORES < FOLLOWERS < DOORS
    for one in plan:
        assert one.env.get("CONSENTLOG_HTTP__HOST", LOOPBACK) == LOOPBACK
    assert {one.name for one in plan if "CONSENTLOG_HTTP__HOST" in one.env} == {"gateway", "gate"}


def test_what_is_killed_comes_back(tmp_path: Path) -> None:
    with build(tmp_path) as stack:
        before = stack.pid("first")
        stack.kill("first")
        stack.wait_ready(20)
        assert stack.pid("first") not in {before, None}
        record = read_record(stack.layout)
        assert record is not None
        assert record.services["first"].restarts == 1


def test_a_directory_belongs_to_one_stack(tmp_path: Path) -> None:
    with build(tmp_path), pytest.raises(FatalError, match=rf"CL-5003.*{os.getpid()}"):
        build(tmp_path).start()


def test_a_service_that_cannot_start_says_why_in_one_sentence(tmp_path: Path) -> None:
    def table(layout: Layout, _p: Mapping[str, int], _r: KafkaRuntime) -> Sequence[Service]:
        script = "raise ValueError('no such broker')"
        log = layout.log_of("first")
        argv = (sys.executable, "-c", script)
        return [Service("first", argv, {}, lambda: False, FOLLOWERS, log)]

    stack = LocalStack(
        tmp_path, ["first"], settings=LocalSettings.any_ports(), table=table, chores=no_chores
    )
    with pytest.raises(FatalError, match=r"CL-5005: first ended.*no such broker") as caught:
        stack.start()
    assert "\n" not in str(caught.value)
    assert str(stack.layout.log_of("first")) in caught.value.do()


def test_an_unknown_service_is_named(tmp_path: Path) -> None:
    with build(tmp_path) as stack, pytest.raises(FatalError, match="CL-5009"):
        stack.kill("third")


def test_ports_stay_and_give_way_when_taken(tmp_path: Path) -> None:
    with build(tmp_path) as stack:
        ports = dict(stack.ports)
    assert len(set(ports.values())) == len(ports)
    with socket.create_server(("127.0.0.1", ports["gate"])), build(tmp_path) as stack:
        assert {name for name in ports if stack.ports[name] != ports[name]} == {"gate"}


def test_a_paused_service_is_stopped_in_bounded_time(tmp_path: Path) -> None:
    with build(tmp_path) as stack:
        stack.pause("first")
        started = time.monotonic()
    assert time.monotonic() - started < 6


SUPERVISOR = """
import sys, time
from pathlib import Path
from tests.local.test_stack import build
with build(Path(sys.argv[1])) as stack:
    print("up", flush=True)
    time.sleep(600)
"""


def test_kill_9_of_the_supervisor_blocks_nothing(tmp_path: Path) -> None:
    argv = [sys.executable, "-c", SUPERVISOR, str(tmp_path)]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as supervisor:
        assert supervisor.stdout is not None
        assert supervisor.stdout.readline() == "up\n"
        record = read_record(Layout(tmp_path))
        assert record is not None
        children = [service.identity for service in record.services.values()]
        supervisor.send_signal(signal.SIGKILL)
    if sys.platform.startswith("linux"):
        assert wait_until(lambda: not any(one and one.is_alive() for one in children), 5)
    with build(tmp_path) as stack:
        assert stack.ports == record.ports


def test_leftovers_are_ended_and_strangers_are_not(tmp_path: Path) -> None:
    layout = Layout(tmp_path)
    argv = [sys.executable, "-c", "import time; time.sleep(600)"]
    with subprocess.Popen(argv) as left, subprocess.Popen(argv) as stranger:
        try:
            ours, other = ProcessIdentity.of(left.pid), ProcessIdentity.of(stranger.pid)
            assert ours is not None
            assert other is not None
            reused = ProcessIdentity(other.pid, "another start")
            services = {
                name: ServiceRecord("ready", identity, 0, "log")
                for name, identity in (("fold", ours), ("sink", reused))
            }
            write_record(layout, StackRecord(reused, True, {}, services))
            reaper = threading.Thread(target=left.wait)  # else it stays a zombie of this test
            reaper.start()
            assert end_leftovers(layout) == ["fold"]
            reaper.join()
            assert stranger.poll() is None
        finally:
            stranger.kill()


def test_a_log_stays_bounded(tmp_path: Path) -> None:
    service = dummy(Layout(tmp_path), "first", 1, FOLLOWERS)
    service.log.parent.mkdir()
    with service.log.open("ab") as writer:
        writer.write(b"x" * 3000)
        writer.flush()
        rotate(service.log, limit_bytes=1000)
        writer.write(b"after")
    assert service.log.read_bytes() == b"after"
    assert service.log.with_name("first.log.1").stat().st_size == 1000


@pytest.mark.integration
def test_stores_come_up_with_their_chores(kafka_runtime: KafkaRuntime, tmp_path: Path) -> None:
    assert kafka_runtime.jars
    events: list[StackEvent] = []
    stack = LocalStack(
        tmp_path,
        ["kafka", "clickhouse"],
        settings=LocalSettings.any_ports(),
        on_event=events.append,
    )
    with stack:
        done = [one for one in events if one.kind == "done"]
        assert {one.service for one in done} == {"topics", "migrations"}
        stack.kill("kafka")
        stack.kill("clickhouse")
        stack.wait_ready(40)
        assert "ended by SIGKILL" in next(one.detail for one in events if one.kind == "died")
    with LocalStack(
        tmp_path, ["kafka", "clickhouse"], settings=stack.settings, on_event=events.append
    ):
        assert len([one for one in events if one.kind == "done"]) == len(done)
