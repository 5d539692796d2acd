"""A spool that is full, or whose disk is: 503 and never a false 2xx; and it recovers by itself."""

from __future__ import annotations

import json
import resource
import stat
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from consentlog.errors import FatalError
from consentlog.wire.events import decode_event
from producers.spool.store import SpoolStore
from tests.support.gateway import refusal
from tests.support.gateway_process import GatewayProcess, running_gateway
from tests.support.spools import NOWHERE, rows_of


def _lists() -> Iterator[list[dict[str, object]]]:
    for n in count():
        numbers = [f"1380{n:03}{m:04}" for m in range(100)]
        yield [refusal(number=number, source_ref=number) for number in numbers]


def _fill(gateway: GatewayProcess) -> tuple[set[str], str]:
    """Send lists until one is not taken; returns the ids that were answered, and the code."""
    answered: set[str] = set()
    for body in _lists():
        answer = gateway.post(body)
        if answer.status_code == 503:
            assert int(answer.headers["retry-after"]) > 0
            return answered, answer.json()["code"]
        assert answer.status_code == 202
        answered |= {one["event_id"] for one in answer.json()["results"]}
    raise AssertionError


def _ids(spool: Path) -> set[str]:
    return {decode_event(value).fact.event_id.hex() for (value,) in rows_of(spool, "value")}


def _limit(gateway: GatewayProcess, size: int) -> None:
    resource.prlimit(gateway.process.pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))


def test_a_full_disk_is_a_503_and_everything_answered_before_is_there(tmp_path: Path) -> None:
    with running_gateway(tmp_path, NOWHERE) as gateway:
        gateway.wait_for("/readyz", 200)
        _limit(gateway, 400_000)
        answered, code = _fill(gateway)
        assert code == "CL-1402"
        assert answered
        gateway.wait_for("/readyz", 503)
        assert gateway.post(next(_lists())).status_code == 503
        gateway.wait_for_metric('consentlog_spool_alarm{of="disk"}', 1)
        assert answered <= _ids(gateway.spool)

        _limit(gateway, resource.RLIM_INFINITY)
        gateway.wait_for("/readyz", 200)
        answer = gateway.post(refusal(source_ref="after"))
        assert answer.status_code == 202
        gateway.kill()
        assert answered | {answer.json()["event_id"]} <= _ids(gateway.spool)
        printed = [json.loads(line) for line in gateway.output.read_text().splitlines()]
    assert {"spool_not_writable", "spool_writable_again"} <= {line["event"] for line in printed}
    assert not any("1380" in json.dumps(line) for line in printed)


@pytest.mark.parametrize(
    ("setting", "value"),
    [("CONSENTLOG_SPOOL__MAX_ROWS", "150"), ("CONSENTLOG_SPOOL__MAX_BYTES", str(1 << 20))],
)
def test_a_full_spool_is_a_503_also_after_a_restart(
    tmp_path: Path, setting: str, value: str
) -> None:
    with running_gateway(tmp_path, NOWHERE, settings={setting: value}) as gateway:
        gateway.wait_for("/readyz", 200)
        answered, code = _fill(gateway)
        assert (code, bool(answered)) == ("CL-1401", True)
        gateway.kill()
        assert answered <= _ids(gateway.spool)
        gateway.start_again()
        gateway.wait_for("/healthz", 200)
        body = next(_lists())
        assert gateway.post(body).status_code == 503


def test_nobody_else_may_read_the_spool(tmp_path: Path) -> None:
    directory = tmp_path / "spool"
    directory.mkdir(mode=0o777)
    store = SpoolStore(directory)
    store.commit([], [], probe=True)
    assert stat.S_IMODE(directory.stat().st_mode) == 0o700
    modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in directory.iterdir()}
    assert len(modes) == 4
    assert set(modes.values()) == {0o600}
    store.close()


def test_two_gateways_never_share_a_spool(tmp_path: Path) -> None:
    store = SpoolStore(tmp_path)
    with pytest.raises(FatalError) as caught:
        SpoolStore(tmp_path)
    assert caught.value.code == "CL-1403"
    store.close()
    SpoolStore(tmp_path).close()


def test_a_file_of_another_version_is_not_touched(tmp_path: Path) -> None:
    store = SpoolStore(tmp_path)
    store._writing.execute("PRAGMA user_version = 9")  # type: ignore[union-attr]  # it is open
    store.close()
    with pytest.raises(FatalError) as caught:
        SpoolStore(tmp_path)
    assert "version 9" in str(caught.value)
