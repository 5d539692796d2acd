"""Requests in the form of each channel, for people whose numbers no other load uses."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from consentlog.domain.scope import Scope
from consentlog.domain.vocabulary import Channel, Purpose
from consentlog.local.stack import LocalStack
from consentlog.reference.secrets import load_secrets
from producers.links import LinkSealer
from tests.support.gateway import grant, message, refusal


@dataclass(frozen=True, slots=True)
class Act:
    """One act of one person: E.164 number, what they did, and the source that states it."""

    number: str
    action: str
    source: str


@dataclass(frozen=True, slots=True)
class Request:
    """What a client sends, however often it must."""

    path: str
    acts: tuple[Act, ...]
    headers: Mapping[str, str] = field(default_factory=dict)
    json: Any = None
    form: Mapping[str, str] | None = None


class Senders:
    """Makes requests in the form of each channel.

    Args:
        stack: Running; its keys and link secrets are used.
        run: 0 to 99; keeps the numbers of two loads on one stack apart.
    """

    def __init__(self, stack: LocalStack, run: int) -> None:
        self._keys: dict[str, str] = json.loads(stack.layout.keys.read_text("utf-8"))
        secrets = load_secrets(stack.layout.secrets)
        self._sealer = LinkSealer(secrets.link_active, secrets.link_keys)
        self._run = run
        self._yesterday = (datetime.now(UTC) - timedelta(days=1)).isoformat(timespec="seconds")

    def number(self, n: int) -> str:
        """E.164 of the nth person of this run."""
        return f"+86139{self._run:02}{n:06}"

    def grants(self, people: range) -> Request:
        """A list of grants from yesterday, by the app."""
        return self._events("app", "granted", people)

    def refusals(self, source: str, people: range) -> Request:
        """One refusal, or a list of several, by `desk` or `care`."""
        return self._events(source, "refused", people)

    def texts(self, people: range) -> Request:
        """One push of the SMS vendor."""
        now = datetime.now(ZoneInfo("Asia/Shanghai")).strftime("%Y-%m-%d %H:%M:%S")
        pushed = [
            message(
                "TD",
                phone_number=self.number(n)[3:],
                send_time=now,
                sequence_id=f"{self._run}-{n}",
            )
            for n in people
        ]
        path = f"/v1/sms/aliyun/{self._keys['aliyun']}"
        return Request(path, self._acts("aliyun", "refused", people), json=pushed)

    def click(self, person: int) -> Request:
        """The button on the page of one link."""
        scope = Scope("acme", None, None, Purpose.MARKETING, Channel.ALL)
        token = self._sealer.mint(self.number(person), scope)
        acts = self._acts("web", "refused", range(person, person + 1))
        return Request(f"/p/{token}", acts, form={"nonce": f"r{self._run}n{person}"})

    def _events(self, source: str, action: str, people: range) -> Request:
        make = grant if action == "granted" else refusal
        when = self._yesterday if action == "granted" else datetime.now(UTC).isoformat()
        items = [
            make(
                number=self.number(n),
                occurred_at=when,
                source_ref=f"{source}-{action}-{self._run}-{n}",
            )
            for n in people
        ]
        return Request(
            "/v1/consent-events",
            self._acts(source, action, people),
            {"X-API-Key": self._keys[source]},
            items if len(items) > 1 else items[0],
        )

    def _acts(self, source: str, action: str, people: range) -> tuple[Act, ...]:
        return tuple(Act(self.number(n), action, source) for n in people)
