"""`[webhooks.<source>]` of the secrets file, and the sources that may be capped."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from consentlog.errors import FatalError
from consentlog.reference.demo import render
from consentlog.reference.load import load_registry
from consentlog.reference.secrets import WebhookSecret, load_secrets
from consentlog.testing.event_log import MemoryEventLog
from producers.app import build_gateway
from tests.support.gateway import FixedClock, demo_reference

BASE = f"""id_key = "{"a" * 64}"
[link]
active = "k1"
[link.keys]
k1 = "{"b" * 64}"
"""
KEY = "0123456789abcdef"


def written(tmp_path: Path, more: str) -> Path:
    path = tmp_path / "secrets.toml"
    path.write_text(BASE + more)
    path.chmod(0o600)
    return path


def test_keys_address_and_tolerance(tmp_path: Path) -> None:
    more = f"""[webhooks.twilio]
base_url = "https://gateway.example:8443"
tolerance_s = 60
keys = {{ old = "{KEY}", new = "{KEY[::-1]}" }}
"""
    found = load_secrets(written(tmp_path, more)).webhooks
    wanted = WebhookSecret(
        {"old": KEY, "new": KEY[::-1]}, "https://gateway.example:8443", tolerance_ms=60_000
    )
    assert found == {"twilio": wanted}
    assert KEY not in repr(found)


def test_without_webhooks_there_are_none(tmp_path: Path) -> None:
    assert load_secrets(written(tmp_path, "")).webhooks == {}


@pytest.mark.parametrize(
    "more",
    [
        "[webhooks.twilio]\n",
        "[webhooks.twilio]\nkeys = {}\n",
        '[webhooks.twilio]\nkeys = { k = "short" }\n',
        f'[webhooks.twilio]\nkeys = {{ k = "{KEY}" }}\nbase_url = "gateway.example"\n',
        f'[webhooks.twilio]\nkeys = {{ k = "{KEY}" }}\nbase_url = "https://g.example/path"\n',
        f'[webhooks.twilio]\nkeys = {{ k = "{KEY}" }}\ntolerance_s = 0\n',
        f'[webhooks.twilio]\nkeys = {{ k = "{KEY}" }}\nscheme = "x"\n',
    ],
)
def test_what_is_misshapen_is_refused_without_its_value(tmp_path: Path, more: str) -> None:
    with pytest.raises(FatalError) as caught:
        load_secrets(written(tmp_path, more))
    assert caught.value.code == "CL-6063"
    assert KEY not in str(caught.value)


def test_a_source_that_nobody_knows_stops_the_gateway(tmp_path: Path) -> None:
    reference, _ = demo_reference(tmp_path)
    secrets = replace(reference.secrets, webhooks={"nobody": WebhookSecret({"k": KEY})})
    with pytest.raises(FatalError) as caught:
        build_gateway(replace(reference, secrets=secrets), MemoryEventLog(), FixedClock())
    assert caught.value.code == "CL-6063"


def test_the_cap_of_a_source_is_in_the_registry(tmp_path: Path) -> None:
    render(tmp_path)
    path = tmp_path / "registry.toml"
    text = path.read_text("utf-8")
    cut = text.replace('id = "twilio"\nkind', 'id = "twilio"\nunverified_per_hour = 3\nkind')
    path.write_text(cut, "utf-8")
    sources = load_registry(path).sources
    assert (sources["twilio"].unverified_per_hour, sources["huawei"].unverified_per_hour) == (3, 60)


def test_a_directory_of_an_older_version_is_left_as_it_is(tmp_path: Path) -> None:
    render(tmp_path)
    keys = tmp_path / "keys.json"
    older = {name: key for name, key in json.loads(keys.read_text()).items() if name != "twilio"}
    keys.write_text(json.dumps(older))
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    render(tmp_path)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before
