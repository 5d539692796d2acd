"""The clocks of a stated act, read once."""

from __future__ import annotations

from dataclasses import dataclass

from consentlog.domain.stated import instant_ms, zone_of
from consentlog.domain.vocabulary import Precision, SetBy
from consentlog.http.problems import RequestRefused
from producers.request import EventIn


@dataclass(frozen=True, slots=True)
class StatedTimes:
    """Times as the source stated them, ms UTC; `zone` is kept for the end of a local day."""

    occurred_at_ms: int | None
    set_by: SetBy
    precision: Precision
    zone: str | None
    recorded_at_ms: int | None
    until_ms: int | None


def read_times(item: EventIn, source_zone: str) -> StatedTimes:
    """Read the times of an act.

    Args:
        item: The act.
        source_zone: Zone of times without an offset, where the act names none.

    Raises:
        RequestRefused: `CL-1001` pointing at each time or zone that cannot be read.
    """
    zone = item.zone or source_zone
    precision = Precision(item.precision)
    errors: list[dict[str, str]] = []

    def read(field: str, text: str | None, how: Precision = Precision.INSTANT) -> int | None:
        if text is None:
            return None
        try:
            return instant_ms(text, zone, how, later=item.action != "granted")
        except ValueError as exc:
            errors.append({"pointer": f"/{field}", "message": str(exc)})
            return None

    try:
        zone_of(zone)
    except ValueError as exc:
        raise RequestRefused(
            "CL-1001", extra={"errors": [{"pointer": "/zone", "message": str(exc)}]}
        ) from None
    occurred = read("occurred_at", item.occurred_at, precision)
    recorded = read("recorded_at", item.recorded_at)
    until = read("until", item.until)
    if errors:
        raise RequestRefused("CL-1001", extra={"errors": errors})
    if occurred is None:
        return StatedTimes(None, SetBy.UNKNOWN, Precision.UNKNOWN, None, recorded, until)
    return StatedTimes(occurred, SetBy.SOURCE, precision, zone, recorded, until)
