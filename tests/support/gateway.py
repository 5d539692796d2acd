"""The gateway on a log in memory, in the demo's world, with a clock that tests own."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import httpx2

from consentlog.domain.events import ConsentEvent
from consentlog.domain.policy import Policy
from consentlog.kafka.partition import partition_of
from consentlog.kafka.topics import EVENTS, PARTITIONS, REVIEWS
from consentlog.ports import EventLog
from consentlog.reference.demo import render
from consentlog.reference.load import load_policy, load_registry
from consentlog.reference.secrets import WebhookSecret, load_secrets
from consentlog.reference.words import Words, load_words
from consentlog.testing.event_log import MemoryEventLog
from consentlog.wire.events import decode_event
from consentlog.wire.reviews import ReviewEvent, decode_review
from producers.app import Reference, build_gateway
from producers.links import LinkSealer
from tests.support.asgi import client_of
from tests.support.histories import NOON_MS

NUMBER = "+8613800138000"


class FixedClock:
    """Stands still until it is set."""

    def __init__(self, at_ms: int = NOON_MS) -> None:
        self.at_ms = at_ms

    def now_ms(self) -> int:
        return self.at_ms


@dataclass
class Gateway:
    """A gateway under test: its client, keys, log and clock."""

    client: httpx2.Client
    keys: dict[str, str]
    log: MemoryEventLog
    clock: FixedClock
    reference: Reference

    def post(self, body: object, source: str = "desk", **headers: str) -> httpx2.Response:
        """State an act, or several."""
        headers = {"x-api-key": self.keys[source], **headers}
        return self.client.post("/v1/consent-events", json=body, headers=headers)

    def sms(self, *messages: object, secret: str | None = None) -> httpx2.Response:
        """Push text messages as the vendor does."""
        secret = self.keys["aliyun"] if secret is None else secret
        return self.client.post(f"/v1/sms/aliyun/{secret}", json=list(messages))

    def push(self, vendor: str, secret: str | None = None, **request: Any) -> httpx2.Response:
        """Push to a vendor's address, as `httpx2.Client.post` would be called."""
        return self.client.post(self.push_path(vendor, secret), **request)

    def push_path(self, vendor: str, secret: str | None = None) -> str:
        """Return a vendor's path with the secret in it."""
        return f"/v1/sms/{vendor}/{self.keys[vendor] if secret is None else secret}"

    @property
    def events(self) -> list[ConsentEvent]:
        """Every event in the log, by partition and offset."""
        return [decode_event(record.value) for record in self.log.records(EVENTS.name)]

    @property
    def event(self) -> ConsentEvent:
        """The only event in the log."""
        (found,) = self.events
        return found

    @property
    def reviews(self) -> list[ReviewEvent]:
        """Every review event in the log."""
        return [decode_review(record.value) for record in self.log.records(REVIEWS.name)]

    @property
    def is_untouched(self) -> bool:
        """Whether nothing at all was published."""
        return not self.events and not self.reviews

    @property
    def sealer(self) -> LinkSealer:
        """The gateway's own sealer."""
        return LinkSealer(self.reference.secrets.link_active, self.reference.secrets.link_keys)


@cache
def _words() -> Words:
    # Compiling every phrase takes half a second, and nothing in the words can be changed.
    return load_words()


def demo_reference(directory: Path) -> tuple[Reference, dict[str, str]]:
    """Render the demo world and read it, with its API keys by source."""
    render(directory)
    reference = Reference(
        load_registry(directory / "registry.toml"),
        load_policy(directory / "policy.toml"),
        load_secrets(directory / "secrets.toml"),
        _words(),
    )
    return reference, json.loads((directory / "keys.json").read_text())


@contextmanager
def memory_gateway(
    directory: Path,
    log: EventLog | None = None,
    policy: Policy | None = None,
    webhooks: Mapping[str, WebhookSecret] | None = None,
    **options: Any,
) -> Iterator[Gateway]:
    """Run a gateway without a socket, in the demo's world, or with another policy or webhooks.

    Options go to `build_gateway`.
    """
    reference, keys = demo_reference(directory)
    if policy is not None:
        reference = replace(reference, policy=policy)
    if webhooks is not None:
        reference = replace(reference, secrets=replace(reference.secrets, webhooks=webhooks))
    memory = MemoryEventLog(lambda key: partition_of(key, PARTITIONS))
    clock = FixedClock()
    app = build_gateway(reference, log or memory, clock, **options)
    with client_of(app) as client:
        yield Gateway(client, keys, memory, clock, reference)


def refusal(**fields: Any) -> dict[str, Any]:
    """A refusal as a phone agent's system states it."""
    return {
        "number": "13800138000",
        "action": "refused",
        "scope": {"entity": "acme"},
        "occurred_at": "2025-11-22T11:59:00+08:00",
        "method": "spoken",
        "actor": {"id": "agent-7", "type": "agent"},
        "source_ref": "call-1",
        **fields,
    }


def grant(**fields: Any) -> dict[str, Any]:
    """A grant as an app's back end states it."""
    return refusal(
        **{
            "action": "granted",
            "method": "app",
            "actor": {"id": "subject", "type": "person"},
            "evidence": {"consent_text_version": "v3"},
            **fields,
        }
    )


def ended(**fields: Any) -> dict[str, Any]:
    """An end of consent as customer service states it."""
    return _by_staff(**{"action": "consent_ended", "evidence": None, **fields})


def corrected(target: str | None = "ab" * 16, **fields: Any) -> dict[str, Any]:
    """A correction of one event as customer service states it."""
    return _by_staff(**{"action": "corrected", "target": target, **fields})


def approved(target: str | None = "ab" * 16, **fields: Any) -> dict[str, Any]:
    """An approval of one event by compliance."""
    actor = {"id": "legal-1", "type": "staff"}
    return _by_staff(**{"action": "approved", "target": target, "actor": actor, **fields})


def _by_staff(**fields: Any) -> dict[str, Any]:
    return refusal(
        **{
            "method": None,
            "actor": {"id": "care-3", "type": "staff"},
            "evidence": {"verbatim": "the caller had keyed another person's number"},
            **fields,
        }
    )


def message(content: str, **fields: Any) -> dict[str, Any]:
    """A text message as the vendor sends it."""
    return {
        "phone_number": "13800138000",
        "content": content,
        "send_time": "2025-11-22 11:59:00",
        "dest_code": "1069012345",
        "sequence_id": 1234567890,
        "sign_name": "Acme保险",
        **fields,
    }
