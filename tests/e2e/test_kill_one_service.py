"""Kill -9 one service in the middle of a load: nothing acknowledged is lost, nothing is allowed."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from consentlog.local.services import NAMES
from consentlog.local.stack import LocalStack
from tests.support.gate_watch import GateWatch, ask, gate_of, is_refused, seconds_until_allowed
from tests.support.load import Load
from tests.support.settled import history_findings, missing_from, read_log, state_differences

pytestmark = [pytest.mark.integration, pytest.mark.timeout(300)]

ALLOWS_AGAIN_WITHIN_S = 30.0
FRESH_FOR_S = 18.0
KILL_AFTER = 300


@pytest.mark.parametrize("service", NAMES)
def test_kill_9_in_the_middle_of_a_load(stack: LocalStack, service: str, tmp_path: Path) -> None:
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
    # Past the limit of freshness: what progress said before the kill no longer carries an answer.
    time.sleep(max(0.0, killed + FRESH_FOR_S - time.monotonic()))
    with gate_of(stack) as gate:
        for one in refused[:: len(refused) // 100]:
            assert is_refused(ask(gate, one.act.number)), one
        for person in load.willing[::10]:
            assert ask(gate, load.senders.number(person)).allowed
