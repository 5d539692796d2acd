"""Three rounds of load under random kills, one and two services at once, on one stack."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from consentlog.local.services import NAMES
from consentlog.local.settings import LocalSettings
from consentlog.local.stack import LocalStack
from tests.support.gate_watch import GateWatch, ask, gate_of, is_refused, seconds_until_allowed
from tests.support.load import Load
from tests.support.settled import history_findings, missing_from, read_log, state_differences

pytestmark = [pytest.mark.integration, pytest.mark.faults, pytest.mark.timeout(600)]

SEED = 20_261_122
ROUNDS = 3
PATIENCE_S = 120.0


@pytest.fixture
def own_stack(tmp_path: Path) -> Iterator[LocalStack]:
    """A stack that no other test shares: some services are killed while they recover."""
    with LocalStack(tmp_path / "stack", settings=LocalSettings.any_ports()) as stack:
        yield stack


def kills(chosen: random.Random) -> Iterator[tuple[float, list[str]]]:
    """Seconds to wait, then whom to kill: one alone, then two at once, and so on."""
    for turn in count():
        yield chosen.uniform(1.5, 5.0), chosen.sample(NAMES, 1 + turn % 2)


def test_random_kills_lose_nothing_and_allow_nothing(own_stack: LocalStack, tmp_path: Path) -> None:
    chosen, loads = random.Random(SEED), list[Load]()
    for turn in range(ROUNDS):
        with Load(own_stack, turn, rate=80) as load, GateWatch(own_stack, load) as watch:
            loads.append(load)
            load.wait_refused(50)
            killed, started = list[str](), time.monotonic()
            for wait_s, services in kills(chosen):
                time.sleep(wait_s)
                if not load.is_running or len(killed) > 6:
                    break
                for service in services:
                    own_stack.kill(service)
                killed.append("+".join(services))
            took = seconds_until_allowed(own_stack, load, load.willing.stop, PATIENCE_S)
            load.wait()
            own_stack.wait_ready(PATIENCE_S)
        print(
            f"\nround {turn}: killed {', '.join(killed)}; {len(load.acked)} acknowledged; allows "
            f"{took:.1f} s after the last kill, whole after {time.monotonic() - started:.1f} s; "
            f"clients {dict(load.clients.answers)}, dialers {dict(watch.answers)}"
        )
        assert any("+" in one for one in killed)
        watch.verify()
    log = read_log(own_stack.bootstrap)
    assert list(missing_from(log, (one for load in loads for one in load.acked)))[:5] == []
    assert state_differences(own_stack, tmp_path)[:5] == []
    assert history_findings(own_stack, log) == []
    with gate_of(own_stack) as gate:
        for load in loads:
            for one in load.refused[::20]:
                assert is_refused(ask(gate, one.act.number)), one
