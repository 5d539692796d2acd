"""Asks the gate all the time, as dialers do, and remembers every *allow* that must not be."""

from __future__ import annotations

import json
import random
import threading
import time
from collections import Counter
from typing import Self

from consentlog.errors import TransientError
from consentlog.local.stack import LocalStack
from dialers.client import GateClient, Reply
from tests.support.load import Acked, Load

CAMPAIGN = "acme-life-spring"
_NEWEST = 30


def gate_of(stack: LocalStack) -> GateClient:
    """A dialer's connection to the stack's gate."""
    keys = json.loads(stack.layout.keys.read_text("utf-8"))
    return GateClient(stack.url("gate"), keys["dialer"])


def ask(gate: GateClient, number: str, token: str | None = None, wait_ms: int = 300) -> Reply:
    """Ask about a call for marketing."""
    asked = {"number": number, "entity": "acme", "campaign": CAMPAIGN, "channel": "voice"}
    return gate.decide(asked | {"min_token": token, "wait_ms": wait_ms})


def is_refused(reply: Reply) -> bool:
    """Whether the gate knows of a refusal."""
    return reply.status == 200 and any(one["code"] == "refused" for one in reply.reasons)


class GateWatch:
    """Two dialers that ask about acknowledged refusals until the block ends.

    `wrong` holds each number that was allowed although the token of its refusal was passed, or
    although the gate had denied it for its refusal before (which needs no token).

    Args:
        stack: Running.
        load: Whose acknowledged refusals to ask about.
    """

    def __init__(self, stack: LocalStack, load: Load) -> None:
        self._stack, self._load = stack, load
        self.wrong: list[tuple[str, Reply]] = []
        self.answers: Counter[str] = Counter()
        self._known: set[str] = set()
        self._failures: list[Exception] = []
        self._stop = threading.Event()
        self._threads = [
            threading.Thread(target=self._run, args=(n,), name=f"dialer-{n}") for n in range(2)
        ]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_exc: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def verify(self) -> None:
        """Fail if a number was allowed that must not be, or if nothing was ever seen."""
        assert not self._failures, self._failures
        assert not self.wrong, self.wrong[:5]
        assert self.answers["200 deny"] > 100, self.answers

    def _run(self, seed: int) -> None:
        chosen = random.Random(seed)
        try:
            with gate_of(self._stack) as gate:
                while not self._stop.wait(0.02):
                    if refused := self._load.refused:
                        some = refused[-_NEWEST:] if chosen.random() < 0.7 else refused
                        self._ask(gate, chosen.choice(some))
        except Exception as error:  # noqa: BLE001  # told by `verify`, in the test's own thread
            self._failures.append(error)

    def _ask(self, gate: GateClient, one: Acked) -> None:
        number = one.act.number
        was_known = number in self._known  # before asking: another dialer may learn it meanwhile
        try:
            reply = ask(gate, number, one.token)
        except TransientError:
            self.answers["no answer"] += 1
            self._stop.wait(0.1)
            return
        self.answers[f"{reply.status} {reply.body.get('verdict')}"] += 1
        if is_refused(reply):
            self._known.add(number)
        elif reply.allowed and (one.token is not None or was_known):
            self.wrong.append((number, reply))


def seconds_until_allowed(stack: LocalStack, load: Load, person: int, limit_s: float) -> float:
    """Grant for a fresh number and ask with its token until the gate allows; returns seconds.

    The whole path must work for that: gateway, log, fold, state, gate.
    """
    started = time.monotonic()
    (granted,) = load.clients.send(load.senders.grants(range(person, person + 1)))
    load.acked.append(granted)
    said: object = None
    with gate_of(stack) as gate:
        while time.monotonic() - started < limit_s:
            try:
                reply = ask(gate, granted.act.number, granted.token)
            except TransientError as error:
                said = error.what()
            else:
                if reply.allowed:
                    return time.monotonic() - started
                said = reply.body
            time.sleep(0.1)
    raise AssertionError(f"not allowed within {limit_s} s: {said}")
