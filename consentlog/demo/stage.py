"""What the day is played on: one running local stack, and the demo's hands and eyes on it."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any, Final
from zoneinfo import ZoneInfo

import httpx2
from pydantic import SecretStr

from consentlog.clickhouse.client import ClickHouseClient, build_client
from consentlog.demo import log
from consentlog.demo.history import HistoryRow, read_history
from consentlog.demo.player import Mint, Player
from consentlog.demo.script import Contact, Day, Outcome
from consentlog.demo.template import day_lookup
from consentlog.local.layout import load_passwords
from consentlog.local.stack import LocalStack
from consentlog.settings import ClickHouseSettings
from dialers.client import GateClient, Reply
from dialers.sample import CallRow, Entry, read_call_list, work

ZONE: Final = ZoneInfo("Asia/Shanghai")
_CATCH_UP_MS: Final = 10_000
DENY_WITHIN_S: Final = 15.0
"""Patience with a loaded machine; how long it took is measured and shown all the same."""
_ASK_EVERY_S: Final = 0.002


@dataclass(slots=True)
class Stage:
    """One running stack.

    Attributes:
        bootstrap: Kafka's address.
        gate: What the dialer asks.
        clickhouse: Connected as the auditor, who may only read.
        player: Sends the day's steps.
        entries: The dialer's call list.
        calls: Calls that the sample dialer made, in all.
    """

    bootstrap: str
    gate: GateClient
    clickhouse: ClickHouseClient
    player: Player
    entries: list[Entry]
    calls: list[Entry] = field(default_factory=list)

    def work_list(self) -> list[CallRow]:
        """Let the sample dialer work its whole list: it asks before each call."""
        return list(work(self.entries, self.gate, self.calls.append))

    def ask(self, entry: Entry, token: str | None = None) -> Reply:
        """Ask the gate about one entry, after the write that `token` names."""
        asked = {
            "number": entry.number,
            "entity": entry.entity,
            "campaign": entry.campaign,
            "channel": entry.channel,
            "min_token": token,
        }
        return self.gate.decide(asked)

    def wait_denied(self, entry: Entry, token: str | None) -> tuple[int | None, bool]:
        """Ask until the gate denies.

        Args:
            entry: Whom to ask about.
            token: Of the refusal, where the channel answers with one.

        Returns:
            Monotonic clock (ns) of the first denial, None if there was none within
            `DENY_WITHIN_S`; and whether the gate ever allowed although the token was passed, which
            must never be.
        """
        deadline = time.monotonic() + DENY_WITHIN_S
        broke_token = False
        while True:
            reply = self.ask(entry, token)
            now = time.monotonic_ns()
            if reply.status == 200 and not reply.allowed:
                return now, broke_token
            broke_token = broke_token or (token is not None and reply.allowed)
            if time.monotonic() > deadline:
                return None, broke_token
            time.sleep(_ASK_EVERY_S)

    def ends(self) -> dict[int, int]:
        """Return the next offset of each partition of the log."""
        return log.ends(self.bootstrap)

    def catch_up(self) -> list[str]:
        """Wait until the gate has applied all that is in the log now.

        Returns:
            Tokens that did not become visible within 10 s.
        """
        tokens = [f"{partition}:{end - 1}" for partition, end in self.ends().items() if end]
        return [token for token in tokens if not self._is_visible(token)]

    def history(self, ends: Mapping[int, int]) -> list[HistoryRow]:
        """Read the history once it reaches the ends."""
        return read_history(self.clickhouse, ends)

    def reviews(self) -> set[str]:
        """Return ids of all reviews, and the tokens of the records that they name."""
        return log.reviews(self.bootstrap)

    def _is_visible(self, token: str) -> bool:
        first = self.entries[0]
        asked = {"number": first.number, "entity": first.entity, "channel": first.channel}
        return self.gate.decide(asked | {"min_token": token, "wait_ms": _CATCH_UP_MS}).status == 200


@contextmanager
def stage_on(stack: LocalStack, day: Day, mint: Mint) -> Iterator[Stage]:
    """Connect to a running stack.

    Args:
        stack: Started and ready.
        day: What will be played.
        mint: Makes one-click tokens of this deployment.
    """
    keys = json.loads(stack.layout.keys.read_text("utf-8"))
    with ExitStack() as opened:
        # Environment proxies are not followed: the requests hold phone numbers.
        gateway = opened.enter_context(
            httpx2.Client(base_url=stack.url("gateway"), trust_env=False)
        )
        gate = opened.enter_context(GateClient(stack.url("gate"), keys["dialer"]))
        clickhouse = build_client(_as_auditor(stack))
        opened.callback(clickhouse.close)
        append = partial(log.append, stack.bootstrap)
        player = Player(gateway, keys, day_lookup(played_day()), mint, append)
        yield Stage(stack.bootstrap, gate, clickhouse, player, read_call_list(day.call_list))


def played_day() -> date:
    """Return yesterday in Shanghai: no time of the day lies ahead of any clock."""
    return datetime.now(ZONE).date() - timedelta(days=1)


def outcomes(rows: list[CallRow]) -> dict[Contact, Outcome]:
    """Shorten what the dialer reports, by contact."""
    return {contact_of(row): outcome_of(row) for row in rows}


def contact_of(row: CallRow) -> Contact:
    """Name a row's contact."""
    return Contact(row.number, row.entity, row.campaign, row.channel)


def outcome_of(row: CallRow) -> Outcome:
    """Shorten a row's verdict and reasons."""
    reasons: tuple[dict[str, Any], ...] = row.reasons
    return Outcome.of(row.verdict, reasons, row.problem)


def _as_auditor(stack: LocalStack) -> ClickHouseSettings:
    return ClickHouseSettings(
        url=stack.url("clickhouse"),
        user="auditor",
        password=SecretStr(load_passwords(stack.layout).auditor),
        database="consentlog",
    )
