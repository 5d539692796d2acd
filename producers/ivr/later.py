"""When a hold ends that somebody asked for by a digit: after some days, as far as policy goes."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from consentlog.domain.policy import Policy
from consentlog.domain.registry import Source
from consentlog.domain.stated import is_ahead, is_off
from consentlog.numbers.normalise import Normalised, normalise
from consentlog.numbers.place import place_of
from consentlog.ports import Clock
from producers.request import EventIn
from producers.stated import read_times

_DAY_MS: Final = 86_400_000


class Later:
    """Computes the end of a `not_now` hold.

    Args:
        policy: How long such a hold may last; a shorter row shortens what the menu says.
        clock: When the press came, where nobody says when it was made.
    """

    def __init__(self, policy: Policy, clock: Clock) -> None:
        self._policy = policy
        self._clock = clock

    def until(
        self, item: EventIn, entity: str, days: int, source: Source, offset_ms: int | None
    ) -> str:
        """Return the end as it is stated to the acceptor.

        Without a usable time of the press, its clock being wrong included, the days are counted
        from the end of today, UTC: from this instant, the same press told again would be another
        hold; from the start of the day the person would be called before their time.

        Args:
            item: The press: number, region, times.
            entity: Whom it was told to.
            days: What the menu promises.
            source: Its region and zone hold where the press names none.
            offset_ms: How far its clock was measured to be off; None if it was not.

        Returns:
            RFC 3339, UTC.

        Raises:
            RequestRefused: `CL-1001` for a time that cannot be read.
        """
        now_ms = self._clock.now_ms()
        stated_ms = read_times(item, source.zone).occurred_at_ms
        is_wrong = is_off(offset_ms, source.margin_ms)
        if stated_ms is None or is_wrong or is_ahead(stated_ms, now_ms, source.margin_ms):
            stated_ms = now_ms - now_ms % _DAY_MS + _DAY_MS
        number = normalise(item.number, item.region or source.region)
        region = place_of(number.subject).region if isinstance(number, Normalised) else None
        most_ms, _ = self._policy.not_now_max_ms(entity, now_ms, region)
        end_ms = min(stated_ms + days * _DAY_MS, min(stated_ms, now_ms) + most_ms)
        return datetime.fromtimestamp(end_ms / 1000, UTC).isoformat(timespec="milliseconds")
