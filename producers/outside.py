"""What the pages ask of others, made from the settings: a gate to ask, a file to put codes into."""

from __future__ import annotations

from pathlib import Path

from consentlog.domain.registry import Registry
from consentlog.ports import Clock
from producers.channels.pages import Outside
from producers.code_outbox import CodeOutbox
from producers.desk.spread import GateSpread
from producers.gate_client import GateClient
from producers.preference.gate import GateState
from producers.settings import CodeSettings, GateAccess


def outside_of(gate: GateAccess, codes: CodeSettings, registry: Registry, clock: Clock) -> Outside:
    """Make the outside of the pages; it is to be closed at the end.

    Args:
        gate: Whom to ask how things stand, if anybody.
        codes: Where messages with codes go, if anywhere.
        registry: Which contacts a line of the page can mean.
        clock: Of the gateway.
    """
    key = gate.key.get_secret_value()
    sender = CodeOutbox(Path(codes.outbox), clock) if codes.outbox else None
    if not gate.url:
        return Outside(sender=sender)
    # Connections of their own: a crowd on the preference page makes no clerk wait.
    state = GateState(GateClient(gate.url, key), registry, clock)
    return Outside(state, sender, GateSpread(GateClient(gate.url, key)))
