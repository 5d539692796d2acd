"""Ids: those of refusals err towards different, those of grants towards same (rules 2)."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consentlog.domain.derive import derive
from consentlog.domain.facts import Fact, key_of
from consentlog.domain.ids import ID_BYTES, Named, act_id, case_id, id_of_bytes
from consentlog.domain.scope import Scope
from consentlog.domain.state import fold
from consentlog.domain.vocabulary import Action, HoldKind, Method
from tests.support.histories import NOON_MS, NUMBER, granted, held, refused

KEY = b"k" * 32
_fresh = itertools.count()

texts = st.text(min_size=1, max_size=8)
given_names = st.builds(
    Named, nonce=st.none() | texts, source_ref=st.none() | texts, batch=st.none() | texts
)
nothing = Named()


def naming(action: Action, **fields: Any) -> Fact:
    """A correction, an approval or a release of event 1."""
    return refused(9, action=action, target=(1).to_bytes(16, "big"), **fields)


def ended(**fields: Any) -> Fact:
    """An end of consent."""
    return refused(9, action=Action.CONSENT_ENDED, **fields)


kinds = st.sampled_from(
    [
        refused(),
        granted(),
        held(),
        ended(),
        naming(Action.CORRECTED),
        naming(Action.APPROVED),
        naming(Action.HOLD_RELEASED),
    ]
)
never_opening = st.sampled_from([refused(), held(), held(hold_kind=HoldKind.NOT_NOW), ended()])


def id_of(fact: Fact, named: Named = nothing, subject: str = NUMBER) -> bytes:
    """The id of an act, as the gateway asks for it: with fresh text each time."""
    return act_id(KEY, subject, fact, named, f"fresh-{next(_fresh)}")


def kept(*acts: tuple[Fact, Named]) -> list[Fact]:
    """What stays of acts in the map, each under its id."""
    return [fact._replace(event_id=id_of(fact, named)) for fact, named in acts]


@given(kinds, given_names.filter(lambda named: named != nothing), st.integers(0, 10**9))
def test_an_act_that_is_named_is_the_same_act_however_often_and_whenever_it_comes(
    fact: Fact, named: Named, later_ms: int
) -> None:
    again = fact._replace(accepted_at_ms=fact.accepted_at_ms + later_ms)
    assert len(id_of(fact, named)) == ID_BYTES
    first, second = kept((fact, named), (again, named))
    assert key_of(first) == key_of(second)


@given(never_opening)
def test_without_any_name_what_tightens_is_a_new_act_each_time(fact: Fact) -> None:
    assert len({id_of(fact) for _ in range(3)}) == 3


@given(st.integers(-(10**12), 10**12), st.none() | texts, st.none() | texts)
def test_without_a_name_of_its_own_a_grant_is_known_by_its_time(
    at_ms: int, one: str | None, other: str | None
) -> None:
    fact = granted(occurred_at_ms=at_ms)
    assert id_of(fact, Named(batch=one)) == id_of(fact, Named(batch=other))
    assert id_of(fact) != id_of(fact._replace(occurred_at_ms=at_ms + 1))


@given(
    st.sampled_from([Action.CORRECTED, Action.APPROVED, Action.HOLD_RELEASED]),
    given_names.filter(lambda named: named.batch is None),
)
def test_two_targets_or_two_people_under_one_ticket_are_two_acts_and_never_a_conflict(
    action: Action, named: Named
) -> None:
    mine = naming(action)
    others = (mine._replace(target=b"\x07" * 16), mine._replace(actor_id="somebody-else"))
    facts = kept((mine, named), *((other, named) for other in others))
    assert len({fact.event_id for fact in facts}) == 3
    assert not derive(fold(facts).facts).holds
    assert id_of(mine, named) == id_of(mine, named)


def test_refuse_grant_refuse_through_one_link_are_three_acts() -> None:
    presses = [Named(nonce=press) for press in ("press-1", "press-2")]
    acts = kept((refused(), presses[0]), (granted(), nothing), (refused(), presses[1]))
    assert len({fact.event_id for fact in acts}) == 3


def test_two_refusals_of_one_call_both_count() -> None:
    call = Named(source_ref="call-1")
    early, late = kept((refused(), call), (refused(at_ms=NOON_MS + 60_000), call))
    assert early.event_id == late.event_id
    derived = derive(fold([early, late]).facts)
    assert (len(derived.refusals), derived.holds, derived.review) == (2, (), True)


def test_a_row_of_a_list_is_one_act_whichever_file_or_batch_it_comes_in() -> None:
    row = refused(method=Method.IMPORT, occurred_at_ms=None)
    monday, next_monday = (Named(nonce="national list", batch=f"upload-{n}#7") for n in (1, 2))
    assert id_of(row, monday) == id_of(row, next_monday)
    returned = Named(nonce="national list, back since May")
    assert id_of(row, returned) != id_of(row, monday)


def test_a_batch_without_references_names_its_items_by_key_and_index() -> None:
    items = [id_of(refused(), Named(batch=f"key-1#{index}")) for index in range(3)]
    assert len(set(items)) == 3
    assert items == [id_of(refused(), Named(batch=f"key-1#{index}")) for index in range(3)]


def test_a_source_reference_counts_before_the_batch() -> None:
    ids = {id_of(refused(), Named(source_ref="call-1", batch=f"key-{n}#0")) for n in range(3)}
    assert len(ids) == 1


@pytest.mark.parametrize(
    "other",
    [
        refused(source="care"),
        refused(entity="beta"),
        refused(brand="acme-life"),
        refused(campaign="acme-life"),
        granted(),
    ],
)
def test_another_source_scope_or_action_is_another_act(other: Fact) -> None:
    named = Named(nonce="n", source_ref="r")
    assert id_of(other, named) != id_of(refused(), named)
    assert id_of(refused(), named, "+16502530000") != id_of(refused(), named)


def test_the_key_is_part_of_every_id() -> None:
    fact, named = refused(), Named(source_ref="call-1")
    assert act_id(b"other", NUMBER, fact, named, "") != act_id(KEY, NUMBER, fact, named, "")
    assert case_id(b"other", "desk", "unknown", b"x") != case_id(KEY, "desk", "unknown", b"x")


@given(st.tuples(texts, texts, st.binary(max_size=4)), st.tuples(texts, texts, st.binary()))
def test_a_case_is_named_by_source_reason_and_payload(
    one: tuple[str, str, bytes], other: tuple[str, str, bytes]
) -> None:
    assert (case_id(KEY, *one) == case_id(KEY, *other)) == (one == other)


@given(st.none() | st.binary(), st.none() | st.binary(), st.none() | st.binary())
def test_bytes_are_named_by_key_and_value_apart(
    key: bytes | None, value: bytes | None, other: bytes | None
) -> None:
    assert id_of_bytes(key, value) == id_of_bytes(key, value)
    assert (id_of_bytes(key, value) == id_of_bytes(key, other)) == (value == other)


def test_an_empty_name_is_not_a_missing_one() -> None:
    scopes = [Scope("acme"), Scope("acme", brand="a"), Scope("acme", campaign="a")]
    facts = [refused(brand=scope.brand, campaign=scope.campaign) for scope in scopes]
    assert len({id_of(fact, Named(source_ref="r")) for fact in facts}) == 3
