"""A gate over a view that a test fills by hand."""

from __future__ import annotations

from dataclasses import dataclass, field

from consentlog.domain.facts import Fact
from consentlog.domain.policy import Policy
from consentlog.domain.registry import (
    ApiKey,
    Brand,
    Campaign,
    Entity,
    Registry,
    Source,
)
from consentlog.domain.state import SubjectState, fold
from consentlog.domain.vocabulary import Channel, Purpose
from consentlog.numbers.normalise import normalise
from consentlog.numbers.place import place_of
from consentlog.wire.build import Progress
from consentlog.wire.states import StateRecord, encode_state, progress_subject
from dialers.gate import Answer, Gate, Question
from dialers.view import View
from tests.support.histories import DAY_MS, NOON_MS, NUMBER

PARTITIONS = 12
WRITER = bytes(16)
LATER_MS = NOON_MS + 20 * DAY_MS
KEY_HASH = "5e884898da28047151d0e56f8dc6292773603d0d6aabbdd62a11ef721d1542d8"
"""SHA-256 of `password`."""
SMALL_KEY_HASH = "65e84be33532fb784c48129675f9eff3a682b27168c0ea744b2cf58ee02337c5"
"""SHA-256 of `qwerty`."""

REGISTRY = Registry(
    entities={name: Entity(name) for name in ("acme", "beta")}
    | {"old": Entity("old", successor="acme")},
    brands={name: Brand(name, "acme") for name in ("a", "b")},
    campaigns={
        "x": Campaign("x", "acme", Purpose.MARKETING),
        "claims": Campaign("claims", "acme", Purpose.SERVICE),
        "loan": Campaign("loan", "beta", Purpose.MARKETING),
    },
    sources={
        "dialer": Source("dialer", "dialer", frozenset({"acme", "beta"}), 0, region="CN"),
        "small": Source("small", "dialer", frozenset({"beta"}), 0, region="CN"),
    },
    keys={
        "d1": ApiKey("d1", "dialer", KEY_HASH, frozenset({"check:read"})),
        "d2": ApiKey("d2", "dialer", SMALL_KEY_HASH, frozenset({"events:write"})),
    },
)


@dataclass
class ManualClock:
    """A clock that a test sets."""

    at_ms: int = LATER_MS

    def now_ms(self) -> int:
        """Return what was set."""
        return self.at_ms


@dataclass
class Bench:
    """A gate, and hands on all that it looks at; level and bootstrapped unless told otherwise."""

    clock: ManualClock = field(default_factory=ManualClock)
    view: View = field(default_factory=lambda: View(PARTITIONS))
    bootstrapped: bool = True
    registry: Registry = REGISTRY
    policy: Policy = field(default_factory=Policy)

    def __post_init__(self) -> None:
        self.gate = Gate(
            view=self.view,
            is_bootstrapped=lambda: self.bootstrapped,
            registry=self.registry,
            policy=self.policy,
            normalise=normalise,
            place_of=place_of,
            clock=self.clock,
        )
        self.level()

    def level(self, at_ms: int | None = None, through: int = 0) -> None:
        """Let every partition report that it was level at `at_ms` (now)."""
        level_at_ms = self.clock.at_ms if at_ms is None else at_ms
        for partition in range(PARTITIONS):
            part = Progress(through, level_at_ms, bytes(32))
            subject = progress_subject(partition)
            value = encode_state(StateRecord(subject, through, WRITER, progress=part))
            self.view.apply(partition, subject.encode(), value)

    def know(self, *history: Fact, as_of: int = 1, number: str = NUMBER) -> None:
        """Let the state of a number arrive."""
        self.know_state(fold(history), as_of, number)

    def know_state(self, state: SubjectState, as_of: int = 1, number: str = NUMBER) -> None:
        """Let a state arrive."""
        value = encode_state(StateRecord(number, as_of, WRITER, state))
        self.view.apply(self.view.partition_of(number), number.encode(), value)

    def ask(
        self,
        entity: str = "acme",
        brand: str | None = None,
        campaign: str | None = None,
        channel: Channel = Channel.VOICE,
        number: str = NUMBER,
    ) -> Answer:
        """Ask the gate."""
        return self.gate.answer(Question(number, "CN", entity, brand, campaign, channel))
