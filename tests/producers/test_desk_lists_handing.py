"""Rows handed over within the gateway: what HTTP would ask is asked here, and a wait can end."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from consentlog.errors import InvalidEvent, TransientError
from consentlog.http.auth import Authenticator
from producers.accept import Acceptor
from producers.imports.sending import Stopping
from producers.intake import Intake
from producers.limits import LimitSettings, RateLimit
from producers.lists.receiving import Receiving
from producers.uploads.handing import Handing
from tests.support.desk_lists import HaltingLog
from tests.support.gateway import FixedClock, demo_reference

ACT = {"action": "refused", "scope": {"entity": "acme"}, "method": "import", "nonce": "weekly"}
ACT |= {"actor": {"id": "care-1", "type": "system"}}
BODY = json.dumps({"acts": [ACT], "rows": [[0, "13800138000"], [0, "12345"]]}).encode()


@pytest.fixture
def loop() -> Iterator[asyncio.AbstractEventLoop]:
    found = asyncio.new_event_loop()
    thread = threading.Thread(target=found.run_forever)
    thread.start()
    yield found
    found.call_soon_threadsafe(found.stop)
    thread.join()
    found.close()


def _handing(
    directory: Path, loop: asyncio.AbstractEventLoop, log: HaltingLog, **options: Any
) -> Handing:
    reference, keys = demo_reference(directory)
    clock = FixedClock()
    acceptor = Acceptor(reference.registry, reference.policy, reference.secrets.id_key, clock)
    limits = LimitSettings(acts_per_second=0, burst_acts=1, import_rows_per_second=0)
    limit, id_key = RateLimit(limits), reference.secrets.id_key
    receiving = Receiving(acceptor, Intake(log), limit, id_key)
    principal = Authenticator(reference.registry, clock).of_secret(keys["care"])
    holds = options.pop("holds", lambda: True)
    return Handing(receiving, principal, holds, loop, "en", **options)


def test_only_rows_that_are_not_plain_are_told(
    tmp_path: Path, loop: asyncio.AbstractEventLoop
) -> None:
    told = _handing(tmp_path, loop, HaltingLog()).send(BODY, 2)
    assert list(told) == [1]
    assert told[1]["status"] == "rejected"


def test_a_key_that_no_longer_holds_ends_the_import(
    tmp_path: Path, loop: asyncio.AbstractEventLoop
) -> None:
    log = HaltingLog()
    with pytest.raises(InvalidEvent, match=r"CL-1505.*CL-1102"):
        _handing(tmp_path, loop, log, holds=lambda: False).send(BODY, 2)
    assert log.records("consent.events.v1") == []


def test_what_is_no_request_of_ours_is_turned_away(
    tmp_path: Path, loop: asyncio.AbstractEventLoop
) -> None:
    for body, rows in ((b"{}", 2), (BODY, 3)):
        with pytest.raises(InvalidEvent, match="CL-1505"):
            _handing(tmp_path, loop, HaltingLog()).send(body, rows)


def test_patience_ends(tmp_path: Path, loop: asyncio.AbstractEventLoop) -> None:
    log = HaltingLog()
    log.is_full = True
    with pytest.raises(TransientError, match="CL-1506"):
        _handing(tmp_path, loop, log, patience_s=0.1).send(BODY, 2)


def test_a_wait_for_a_log_that_does_not_answer_can_be_ended(
    tmp_path: Path, loop: asyncio.AbstractEventLoop
) -> None:
    log = HaltingLog()
    log.batches_until_closed = 0
    handing = _handing(tmp_path, loop, log)
    threading.Timer(0.1, handing.stop).start()
    with pytest.raises(Stopping):
        handing.send(BODY, 2)
