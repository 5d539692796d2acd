"""Who may cause what, and which scope an act means (rules 1, 2 and 6)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consentlog.domain.acts import (
    BACKFILL,
    RULES,
    TIGHTENING,
    held_instead,
    may_come_by,
    meant_scope,
)
from consentlog.domain.scope import Contact, Scope, overlaps
from consentlog.domain.vocabulary import Action, ActorType, Channel, Method, Purpose

actions = st.sampled_from(sorted(RULES))
purposes = st.none() | st.sampled_from([Purpose.MARKETING, Purpose.SERVICE, Purpose.ALL])
of_campaigns = st.none() | st.sampled_from([Purpose.MARKETING, Purpose.SERVICE])
channels = st.sampled_from([Channel.VOICE, Channel.SMS, Channel.ALL])


def meant(action: Action, **stated: Purpose | None) -> Purpose:
    """The purpose that an act on a campaign means."""
    purpose, of_campaign = stated.get("purpose"), stated.get("of_campaign")
    return meant_scope(action, "acme", None, "x", purpose, Channel.ALL, of_campaign).purpose


def test_every_action_has_its_rule() -> None:
    assert set(RULES) == set(Action) - {Action.UNKNOWN}
    assert all(set(rule.needs) <= {*rule.fields, "method"} for rule in RULES.values())


def test_what_takes_a_block_away_is_a_person_s_act_with_a_reason() -> None:
    for action in set(RULES) - TIGHTENING - {Action.GRANTED}:
        assert (RULES[action].actors, RULES[action].reason) == ({ActorType.STAFF}, True)
        assert RULES[action].needs == ("target",)


def test_only_compliance_releases_and_approves() -> None:
    found = {action for action, rule in RULES.items() if rule.role == "compliance"}
    assert found == {Action.HOLD_RELEASED, Action.APPROVED}


def test_no_key_can_approve_what_it_could_have_stated() -> None:
    stating = {*RULES[Action.CORRECTED].permissions, *RULES[Action.GRANTED].permissions}
    stating |= {BACKFILL}
    assert stating == set(RULES[Action.APPROVED].without)


@pytest.mark.parametrize("action", sorted(RULES))
def test_an_import_brings_refusals_and_holds_only(action: Action) -> None:
    assert may_come_by(action, Method.IMPORT) == (action in (Action.REFUSED, Action.HELD))
    assert may_come_by(action, Method.LETTER)


@given(actions, of_campaigns)
def test_a_purpose_that_was_not_stated_is_the_campaigns(
    action: Action, of_campaign: Purpose | None
) -> None:
    found = meant(action, of_campaign=of_campaign)
    if action in (Action.REFUSED, Action.HELD) and of_campaign is Purpose.SERVICE:
        assert found is Purpose.ALL
    else:
        assert found is (of_campaign or Purpose.MARKETING)


@given(purposes, of_campaigns)
def test_whoever_refuses_service_refuses_everything(
    purpose: Purpose | None, of_campaign: Purpose | None
) -> None:
    for action in (Action.REFUSED, Action.HELD):
        found = meant(action, purpose=purpose, of_campaign=of_campaign)
        assert (found is Purpose.ALL) == (
            Purpose.SERVICE in (purpose, of_campaign) or purpose is Purpose.ALL
        )


def test_consent_that_ends_without_a_word_about_purpose_ends_for_every_purpose() -> None:
    found = meant_scope(Action.CONSENT_ENDED, "acme", None, None, None, Channel.ALL, None)
    assert found == Scope("acme", None, None, Purpose.ALL, Channel.ALL)


@given(purposes, of_campaigns, channels, st.booleans())
def test_what_stands_in_for_an_unknown_name_blocks_whatever_the_act_could_have_blocked(
    purpose: Purpose | None, of_campaign: Purpose | None, channel: Channel, is_campaign: bool
) -> None:
    campaign = "lost" if is_campaign else None
    stated = meant_scope(Action.REFUSED, "acme", None, campaign, purpose, channel, of_campaign)
    wide = held_instead(stated, purpose_is_open=is_campaign and purpose is None)
    for entity in ("acme", "beta"):
        for named in (campaign, None):
            for meant_for in (Purpose.MARKETING, Purpose.SERVICE):
                for way in (Channel.VOICE, Channel.SMS):
                    contact = Contact(entity, meant_for, way, campaign=named)
                    assert not overlaps(stated, contact) or overlaps(wide, contact)


@given(purposes, of_campaigns)
def test_on_the_preference_page_service_is_refused_by_itself(
    purpose: Purpose | None, of_campaign: Purpose | None
) -> None:
    found = meant_scope(
        Action.REFUSED, "acme", None, None, purpose, Channel.ALL, of_campaign, is_chosen=True
    )
    assert found.purpose is (purpose or of_campaign or Purpose.MARKETING)
