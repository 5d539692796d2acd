"""Yesterday's bytes: every published example decodes to the same values.

And today's code writes the same.
"""

from __future__ import annotations

from importlib import resources

import pytest

from consentlog.wire.events import decode_event, encode_event
from consentlog.wire.framing import decode, schema_id_of
from consentlog.wire.schemas import EVENT_ID, STATE_ID
from consentlog.wire.states import decode_state, encode_state
from tools.build_examples import as_json, examples

FOLDER = resources.files("schemas") / "examples"
NAMES = sorted(one.name[: -len(".hex")] for one in FOLDER.iterdir() if one.name.endswith(".hex"))


def published(name: str) -> bytes:
    return bytes.fromhex((FOLDER / f"{name}.hex").read_text("ascii"))


def test_every_schema_has_examples() -> None:
    assert set(NAMES) == set(examples())
    assert {schema_id_of(published(name)) for name in NAMES} == {1, 2, 3, 4, 5, 6}


@pytest.mark.parametrize("name", NAMES)
def test_published_bytes_still_mean_the_same(name: str) -> None:
    value = published(name)
    assert as_json(value) == (FOLDER / f"{name}.json").read_text("utf-8")
    assert examples()[name] == value
    assert decode(value, schema_id_of(value))


@pytest.mark.parametrize("name", NAMES)
def test_domain_values_round_trip(name: str) -> None:
    value = published(name)
    if schema_id_of(value) == EVENT_ID:
        assert encode_event(decode_event(value)) == value
    elif schema_id_of(value) == STATE_ID:
        assert encode_state(decode_state(value)) == value
