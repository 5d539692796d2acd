"""What of one topic was handed to the producer, and what may be handed over next.

A record is handed over once, in the order of acceptance, unless something failed. Then nothing more
is handed over until everything under way is settled, and it goes on from the first that failed. A
refusal of the broker's can hit a whole batch for one bad record in it, so records that were refused
go again one by one: only one that is refused alone is the broker's no.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

MAX_IN_FLIGHT: Final = 10_000
"""Records in the producer's memory at most; the others wait on disk."""
_FIRST_PAUSE_S: Final = 0.5
_LONGEST_PAUSE_S: Final = 10.0


@dataclass
class Lane:
    """One topic's records on their way, in ids; times are of the monotonic clock, in seconds.

    Attributes:
        topic: Without prefix.
        tip: Highest id that was committed.
        cursor: Every waiting record up to here was handed over.
        in_flight: Size in bytes of what was handed over and is not settled, by id.
    """

    topic: str
    tip: int = 0
    cursor: int = 0
    in_flight: dict[int, int] = field(default_factory=dict)
    _back_to: int | None = None
    _singly_to: int = 0
    _alone: int | None = None
    _not_before_s: float = 0.0
    _pause_s: float = _FIRST_PAUSE_S

    @property
    def is_in_step(self) -> bool:
        """Whether a record that is committed now may be handed over at once."""
        return (
            self.cursor >= self.tip
            and self._back_to is None
            and len(self.in_flight) < MAX_IN_FLIGHT
        )

    def room(self, now_s: float) -> int:
        """Return how many of the records above `cursor` may be handed over now."""
        if now_s < self._not_before_s:
            return 0
        if self._back_to is not None:
            if self.in_flight:
                return 0
            self.cursor, self._back_to = self._back_to, None
        if self.cursor >= self.tip:
            return 0
        if self.cursor < self._singly_to:
            return 0 if self.in_flight else 1
        return max(0, MAX_IN_FLIGHT - len(self.in_flight))

    def hand_over(self, row_id: int, size: int) -> None:
        """Note that a record was handed to the producer."""
        self._alone = row_id if row_id <= self._singly_to and not self.in_flight else None
        self.cursor = row_id
        self.in_flight[row_id] = size

    def delivered(self, row_id: int) -> int:
        """Note that the log has a record; return its size."""
        self._pause_s = _FIRST_PAUSE_S
        return self.in_flight.pop(row_id, 0)

    def failed(self, row_id: int, now_s: float) -> bool:
        """Note a failure that may pass: this record and what follows go again after a pause.

        Returns:
            Whether it is the first of those that now go again.
        """
        self.in_flight.pop(row_id, None)
        is_first = self._back_to is None
        if is_first:
            self.pause(now_s)
        self._go_back(row_id)
        return is_first

    def pause(self, now_s: float) -> None:
        """Hand nothing over for a while, longer each time until a record is delivered."""
        self._not_before_s = now_s + self._pause_s
        self._pause_s = min(2 * self._pause_s, _LONGEST_PAUSE_S)

    def refused(self, row_id: int) -> int | None:
        """Note a refusal for good.

        Returns:
            The record's size if it was refused alone, so that the refusal is its own; None if it
            goes again, alone.
        """
        size = self.in_flight.pop(row_id, 0)
        if row_id == self._alone:
            return size
        self._go_back(row_id)
        self._singly_to = max(self._singly_to, row_id)
        return None

    def _go_back(self, row_id: int) -> None:
        before = row_id - 1
        self._back_to = before if self._back_to is None else min(self._back_to, before)

    def start_over(self, tip: int) -> None:
        """Look at every record that waits again, once everything under way is settled."""
        self.tip = max(self.tip, tip)
        self._back_to = 0
