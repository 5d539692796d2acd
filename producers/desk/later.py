"""When *not now* may end, as the days that a clerk can choose from (rules of refusal 2 and 9)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from consentlog.domain.policy import DAY_MS, Policy
from producers.desk.clerk import Clerk

_USUAL_DAYS: Final = 14


@dataclass(frozen=True, slots=True)
class Later:
    """Days of the source's zone (`YYYY-MM-DD`): the first, the usual, the last, `days` from now."""

    first: str
    usual: str
    last: str
    days: int


def later_of(clerk: Clerk, policy: Policy, now_ms: int) -> Later:
    """Return the days that hold for every entity that the clerk records for.

    The number is not known yet, so its region is taken to be the source's; what is allowed for the
    number that is typed is checked when it is recorded.

    Args:
        clerk: Whose source has zone, region and entities.
        policy: The deployment's rows.
        now_ms: Gateway's clock, ms UTC.
    """
    source = clerk.principal.source
    most_ms = min(policy.not_now_max_ms(one, now_ms, source.region)[0] for one in source.entities)
    days = most_ms // DAY_MS
    today = datetime.fromtimestamp(now_ms / 1000, ZoneInfo(source.zone)).date()

    def after(count: int) -> str:
        return (today + timedelta(days=count)).isoformat()

    return Later(after(1), after(min(_USUAL_DAYS, days)), after(days), days)
