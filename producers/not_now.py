"""How long *later, please* may last: never instead of a refusal (rules of refusal 2 and 9)."""

from __future__ import annotations

from typing import Final

from consentlog.domain.facts import Fact
from consentlog.domain.policy import BUILT_IN_DAYS, Policy, What
from consentlog.domain.vocabulary import HoldKind
from consentlog.http.problems import RequestRefused

_DAY_MS: Final = 86_400_000


def check_not_now(fact: Fact, policy: Policy, region: str | None) -> None:
    """Check the end of a `not_now` hold; every other fact passes.

    A hold without an end lasts the 30 days of the rules. Where a row allows less, its end must be
    stated: one that the gateway made up would differ from one delivery to the next.

    Args:
        fact: The hold.
        policy: The deployment's rows.
        region: Where the number lives, ISO 3166; None if its plan does not say.

    Raises:
        RequestRefused: `CL-1210` for an end later than the policy allows, `CL-1211` for none where
            a row allows less than the rules, `CL-1001` for one that lies before the act. The first
            two name the row.
    """
    if fact.hold_kind is not HoldKind.NOT_NOW:
        return
    most_ms, row = policy.not_now_max_ms(fact.entity, fact.accepted_at_ms, region)
    days = most_ms // _DAY_MS
    if fact.until_ms is None:
        if days < BUILT_IN_DAYS[What.NOT_NOW_MAX]:
            raise RequestRefused("CL-1211", days=days, row=row)
        return
    if fact.until_ms <= fact.acted_at_ms:
        errors = [{"pointer": "/until", "message": "it does not lie after the act"}]
        raise RequestRefused("CL-1001", extra={"errors": errors})
    # The margin: a source whose clock is a little ahead may ask for the whole time.
    if fact.until_ms > fact.acted_at_ms + most_ms + fact.margin_ms:
        raise RequestRefused("CL-1210", days=days, row=row)
