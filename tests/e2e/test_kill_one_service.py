"""Kill -9 one service in the middle of a load: nothing acknowledged is lost, nothing is allowed."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from consentlog.local.services import NAMES
from consentlog.local.stack import LocalStack
from tests.support.gate_watch import GateWatch, ask, gate_of, is_refused, seconds_until_allowed
from tests.support.load import Acked, Load
from tests.support.settled import history_findings, missing_from, read_log, state_differences

pytestmark = [pytest.mark.integration, pytest.mark.timeout(300)]

ALLOWS_AGAIN_WITHIN_S = 30.0
FRESH_FOR_S = 18.0
KILL_AFTER = 300


@dataclass(frozen=True, slots=True)
class Killed:
    """After one kill: when, and who was refused, and who was not and agreed."""

    at: float
    refused: list[Acked]
    willing: list[str]

    def ask(self, stack: LocalStack) -> None:
        """Ask the gate past the limit of freshness: progress from before carries no answer."""
        time.sleep(max(0.0, self.at + FRESH_FOR_S - time.monotonic()))
        with gate_of(stack) as gate:
            for one in self.refused[:: len(self.refused) // 100]:
                assert is_refused(ask(gate, one.act.number)), one
            for number in self.willing[::10]:
                assert ask(gate, number).allowed


@pytest.fixture(scope="session")
def killed_before(stack: LocalStack) -> Iterator[list[Killed]]:
    """Kills that are still to be asked about: what the run does next is part of the wait."""
    found: list[Killed] = []
    yield found
    for one in found:
        one.ask(stack)


@pytest.mark.parametrize("service", NAMES)
def test_kill_9_in_the_middle_of_a_load(
    stack: LocalStack, service: str, tmp_path: Path, killed_before: list[Killed]
) -> None:
    run = NAMES.index(service)
    with Load(stack, run) as load, GateWatch(stack, load) as watch:
        load.wait_refused(KILL_AFTER)
        stack.kill(service)
        killed = time.monotonic()
        assert load.is_running
        fresh = load.willing.stop
        took = seconds_until_allowed(stack, load, fresh, 2 * ALLOWS_AGAIN_WITHIN_S)
        load.wait()
        stack.wait_ready(120)
        whole = time.monotonic() - killed
    refused = load.refused
    print(
        f"\n{service}: {len(load.acked)} acknowledged ({len(refused)} refusals), gate allows again "
        f"after {took:.1f} s, all ready and sent after {whole:.1f} s; "
        f"clients {dict(load.clients.answers)}, dialers {dict(watch.answers)}"
    )
    assert took < ALLOWS_AGAIN_WITHIN_S
    assert len(load.acked) >= 2000
    watch.verify()
    log = read_log(stack.bootstrap)
    assert list(missing_from(log, load.acked))[:5] == []
    assert state_differences(stack, tmp_path)[:5] == []
    assert history_findings(stack, log) == []
    while killed_before:
        killed_before.pop().ask(stack)
    willing = [load.senders.number(person) for person in load.willing]
    killed_before.append(Killed(killed, refused, willing))
