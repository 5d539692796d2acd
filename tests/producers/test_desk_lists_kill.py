"""A gateway that is killed in the middle of a list: it goes on, and nothing is lost or doubled."""

from __future__ import annotations

import re
from pathlib import Path

from consentlog.testing.event_log import MemoryEventLog
from consentlog.wire.events import decode_event
from producers.uploads.wording import wording
from tests.support.desk_lists import ListClerk, counts_of
from tests.support.gateway import FixedClock, Gateway
from tests.support.gateway_process import GatewayProcess, running_gateway
from tests.support.spools import NOWHERE, rows_of

WORDS = wording("en")
ROWS = 4000


def _clerk(process: GatewayProcess) -> ListClerk:
    process.wait_for("/readyz", 200)
    gateway = Gateway(
        process.client, process.keys, MemoryEventLog(), FixedClock(), process.reference
    )
    found = ListClerk(gateway)
    found.sign_in("care")
    return found


def test_a_list_survives_the_kill_of_its_gateway(tmp_path: Path) -> None:
    content = "\n".join(f"138{n:08d}" for n in range(ROWS)).encode()
    # Without a broker each batch waits for it, and is spooled: time to be killed in.
    settings = {"CONSENTLOG_DESK__UPLOADS": str(tmp_path / "uploads")}
    with running_gateway(tmp_path, NOWHERE, settings=settings) as process:
        clerk = _clerk(process)
        list_id = clerk.list_id(clerk.hand_in(content))
        clerk.go(list_id)
        clerk.until(list_id, 'value="1000"')
        process.kill()
        process.start_again()
        clerk = _clerk(process)
        assert WORDS.html("interrupted_text") in clerk.page(list_id)
        clerk.go(list_id)
        page = clerk.until(list_id, WORDS.html("title_finished"))
        assert counts_of(page, "what_comes") == {WORDS.say("sent_recorded"): ROWS}
        events = [decode_event(value) for (value,) in rows_of(process.spool, "value")]
        assert len({event.fact.event_id for event in events}) == ROWS
        assert len({event.subject for event in events}) == ROWS
        printed = process.output.read_text()
    assert not re.search(r"138\d{8}", printed)
