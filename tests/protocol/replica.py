"""A dialer's view, and the guarantees that it checks at every step."""

from __future__ import annotations

from consentlog.domain.state import EMPTY, SubjectState
from consentlog.protocol.reader import MonotoneReader, Outcome
from consentlog.wire.states import decode_state
from tests.protocol.logs import FRESH, Appended, Logs


class Broken(AssertionError):
    """A guarantee that did not hold."""


class WentBackwards(Broken): ...


class TokenNotVisible(Broken): ...


class NotTheFold(Broken): ...


class Replica:
    """A dialer's view: the monotone reader and the states that it admitted."""

    def __init__(self, logs: Logs) -> None:
        self.logs = logs
        self.reader = MonotoneReader()
        self.states: dict[bytes, SubjectState] = {}
        self.read_to = 0
        self.bootstrapped_at = logs.next_offset

    def follow(self, limit: int) -> None:
        for record in self.logs.since(self.read_to)[:limit]:
            self.read_to = record.offset + 1
            self.take(record)

    def take(self, record: Appended) -> None:
        decoded = decode_state(record.value)
        if not self.admits(decoded.position):
            return
        assert self.reader.apply(decoded) is Outcome.APPLIED or not self.drops
        if record.key.startswith(b"@"):
            return
        before = self.states.get(record.key, EMPTY).facts
        if self.answers and not set(before) <= set(decoded.state.facts):
            raise WentBackwards(record.key, record.offset)
        self.states[record.key] = decoded.state

    drops = True

    def admits(self, position: tuple[int, int]) -> bool:
        return self.reader.admits(position)

    @property
    def answers(self) -> bool:
        """Bootstrapped and fresh: otherwise every answer is deny."""
        return (
            self.read_to >= self.bootstrapped_at
            and self.logs.tick - self.reader.level_at_ms <= FRESH
            and self.reader.level_at_ms > 0
        )

    def check_tokens(self) -> None:
        """Whatever a passed token names is visible."""
        if not self.answers:
            return
        through = max(self.reader.as_of, self.reader.folded_through)
        for key, state in self.logs.truth(through).items():
            mine = self.states.get(key, EMPTY)
            if not set(state.facts) <= set(mine.facts):
                raise TokenNotVisible(key, through)


class LazyReplica(Replica):
    """The mistake of believing whatever comes last."""

    drops = False

    def admits(self, position: tuple[int, int]) -> bool:
        return True
