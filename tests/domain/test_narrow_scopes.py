"""A narrow refusal touches its own scope and whatever is too vague to be outside of it.

`make test`: 120 pairs of a refusal and a contact; `make test-faults`: 3,000.
"""

from __future__ import annotations

from hypothesis import strategies as st

from consentlog.domain.decision import ReasonCode, Verdict, decide
from consentlog.domain.policy import Policy
from consentlog.domain.scope import Contact
from consentlog.domain.state import fold
from consentlog.domain.vocabulary import Channel, Purpose
from tests.support.histories import DAY_MS, NOON_MS, granted, refused
from tests.support.two_sizes import in_two_sizes

NAMES = ("entity", "purpose", "channel", "brand", "campaign")
VALUES = {
    "entity": ("acme", "beta"),
    "purpose": (Purpose.MARKETING, Purpose.SERVICE),
    "channel": (Channel.VOICE, Channel.SMS),
    "brand": ("life", "auto"),
    "campaign": ("spring", "claims"),
}


def _values(*extra: str) -> st.SearchStrategy[dict[str, str]]:
    """Fill all five fields; those that `extra` names may be missing."""
    return st.fixed_dictionaries(
        {
            name: st.sampled_from([*VALUES[name], None] if name in extra else VALUES[name])
            for name in NAMES
        }
    )


def _allows(refusal: dict[str, str], contact: dict[str, str]) -> bool:
    wide = granted(2, NOON_MS - 1, entity=contact["entity"], purpose=Purpose.ALL)
    state = fold([wide, refused(1, NOON_MS, **refusal)])
    answer = decide(state, Contact(**contact), NOON_MS + DAY_MS, Policy())  # type: ignore[arg-type]  # filled by name
    assert {reason.code for reason in answer.reasons} <= {ReasonCode.REFUSED}
    return answer.verdict is Verdict.ALLOW


def _a_full_contact_is_touched_only_inside(
    refusal: dict[str, str], contact: dict[str, str]
) -> None:
    inside = all(refusal[name] in (None, contact[name]) for name in NAMES)
    assert _allows(refusal, contact) is not inside


test_full_contact, test_full_contact_long = in_two_sizes(
    refusal=_values("brand", "campaign"), contact=_values()
)(_a_full_contact_is_touched_only_inside)


def _a_vague_contact_is_touched(refusal: dict[str, str], vague: set[str]) -> None:
    contact = {name: None if name in vague else refusal[name] for name in NAMES}
    assert not _allows(refusal, contact)  # type: ignore[arg-type]  # what is not named is None


test_vague_contact, test_vague_contact_long = in_two_sizes(
    refusal=_values(), vague=st.sets(st.sampled_from(["brand", "campaign"]), min_size=1)
)(_a_vague_contact_is_touched)
