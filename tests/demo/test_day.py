"""The checked-in day is whole: its payloads are what the channels take, its table fits its list."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from consentlog.demo.script import Contact, Outcome, Step, read_day
from consentlog.demo.stage import ZONE, played_day
from consentlog.demo.template import day_lookup, fill
from consentlog.demo.words import CHANNELS
from consentlog.numbers.normalise import Normalised, normalise
from consentlog.observability.masking import mask
from consentlog.reference.demo import KEY_SCOPES
from dialers.sample import read_call_list
from producers.request import EventIn
from producers.sms import Message

DAY = read_day()
ENTRIES = read_call_list(DAY.call_list)
EVENT_STEPS = [one for one in DAY.steps if one.request.get("path") == "/v1/consent-events"]
SMS_STEPS = [one for one in DAY.steps if one.channel == "sms"]


def look_up(name: str) -> str:
    """Dates as they are played; anything that an earlier answer gives has a stand-in."""
    return "0" * 32 if ":" in name or name == "secret" else day_lookup(played_day())(name)


def items_of(step: Step) -> list[dict[str, Any]]:
    body = fill(step.request["json"], look_up)
    return body if isinstance(body, list) else [body]


def instants(item: dict[str, Any]) -> Iterator[datetime]:
    for name in ("occurred_at", "recorded_at"):
        if "T" in item.get(name, ""):
            yield datetime.fromisoformat(item[name])
    if "send_time" in item:
        yield datetime.fromisoformat(item["send_time"]).replace(tzinfo=ZONE)


def test_the_table_has_a_row_for_each_line_of_the_call_list() -> None:
    listed = [Contact(mask(e.number), e.entity, e.campaign, e.channel) for e in ENTRIES]
    assert [row.contact for row in DAY.expected] == listed
    assert len(set(listed)) == len(listed)


def test_masked_numbers_tell_numbers_apart() -> None:
    numbers = {entry.number for entry in ENTRIES}
    assert len({mask(number) for number in numbers}) == len(numbers) >= 40


def test_one_number_has_one_history() -> None:
    histories = {row.contact.number: row.history for row in DAY.expected}
    assert all(histories[row.contact.number] == row.history for row in DAY.expected)


def test_the_day_has_what_it_must_show() -> None:
    assert {step.channel for step in DAY.steps} == set(CHANNELS)
    flips = [row for row in DAY.expected if (row.before.verdict, row.after.verdict) == FLIP]
    words = {word.rstrip("=") for row in flips for word in row.history}
    sources = {word for word in words if word.startswith("refused@")}
    assert sources == {"refused@desk", "refused@care", "refused@aliyun", "refused@web"}
    kept = [row for row in DAY.expected if row.after == Outcome("allow")]
    assert any("refused@desk" in row.history for row in kept), "a renewed consent"
    assert any(word.endswith("=") for row in DAY.expected for word in row.history), "a repeat"
    assert sum("CL-1203" in step.expect.problems for step in DAY.steps) == 3


FLIP = ("allow", "deny")


def test_steps_follow_one_another_in_time() -> None:
    times = [fill(step.at, look_up) for step in DAY.steps]
    assert times == sorted(times)
    assert [step.phase for step in DAY.steps] == sorted(step.phase for step in DAY.steps)


@pytest.mark.parametrize("step", DAY.steps, ids=lambda step: step.name)
def test_every_step_is_told_in_both_languages(step: Step) -> None:
    assert set(step.what) == {"en", "zh"}
    assert all(step.what.values())


@pytest.mark.parametrize("step", EVENT_STEPS, ids=lambda step: step.name)
def test_stated_acts_have_the_form_that_the_gateway_takes(step: Step) -> None:
    assert step.request["key"] in KEY_SCOPES
    for item in items_of(step):
        EventIn.model_validate_json(json.dumps(item))


@pytest.mark.parametrize("step", SMS_STEPS, ids=lambda step: step.name)
def test_text_messages_have_the_form_that_the_vendor_sends(step: Step) -> None:
    for item in items_of(step):
        assert set(item) == SMS_UP
        assert Message.model_validate(item).nonce
    assert step.expect.body == {"code": 0, "msg": "接收成功"}


SMS_UP = {"phone_number", "content", "send_time", "dest_code", "sign_name", "sequence_id"}


@pytest.mark.parametrize("step", [*EVENT_STEPS, *SMS_STEPS], ids=lambda step: step.name)
def test_no_time_lies_ahead_and_every_number_is_on_the_call_list(step: Step) -> None:
    listed = {entry.number for entry in ENTRIES}
    for item in items_of(step):
        assert all(at < datetime.now(ZONE) for at in instants(item))
        number = normalise(item.get("number") or item["phone_number"], "CN")
        assert not isinstance(number, Normalised) or number.subject in listed


def test_a_file_of_another_form_is_refused(tmp_path: Path) -> None:
    (tmp_path / "0000-x.json").write_text('{"at": "", "expect": {}}', "utf-8")
    with pytest.raises(ValueError, match="does not have the form of a step"):
        read_day(tmp_path)


def test_a_table_with_another_heading_is_refused(tmp_path: Path) -> None:
    (tmp_path / "expected.csv").write_text("number,verdict\n", "utf-8")
    with pytest.raises(ValueError, match="another heading"):
        read_day(tmp_path)
