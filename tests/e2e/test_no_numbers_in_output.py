"""No phone number leaves the stack through a log, a metric, an answer to a command, or an error."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import quote

import httpx2
import pytest

from consentlog.domain.scope import Scope
from consentlog.domain.vocabulary import Channel, Purpose
from consentlog.local.stack import LocalStack
from consentlog.reference.secrets import load_secrets
from producers.links import LinkSealer
from tests.support.gate_watch import CAMPAIGN
from tests.support.gateway import grant, message, refusal
from tests.support.other_doors import plant_at_other_doors, plant_in_lists
from tests.support.planted import append_raw, found_in

FORMS = (
    "13612340001",
    "+8613612340001",
    "008613612340001",
    "8613612340001",
    "%2B8613612340001",
    "136 1234 0001",
    "+86 136-1234-0001",
    "136%201234%200001",
    "(136) 1234.0001",
    "１３６１２３４０００１",
    r"\uff11\uff13612340001",
    r"\\uff11\\uff13612340001",
    "tel:+86-136-1234-0001;ext=5",
    "b'+8613612340001'",
    "x13612340001y",
)


@pytest.mark.parametrize("form", FORMS)
def test_a_leak_is_found_in_any_form(form: str) -> None:
    line = f'{{"event": "request_served", "path": "{form}", "seconds": 0.1}}\n'
    assert found_in(line, ["13612340001", "13612340002"]) == {"13612340001"}


def test_masked_numbers_and_other_digits_are_no_leak() -> None:
    text = "+86136****0001 2026-11-22T20:16:08.123400Z offset 136 of 12340001x 1361234000"
    assert found_in(text, ["13612340001"]) == set()


class Plants:
    """Numbers that no test used before, each handed out once (national form)."""

    def __init__(self) -> None:
        self._base = f"135{int(time.time()) % 100_000:05}"
        self.all: list[str] = []

    def fresh(self) -> str:
        self.all.append(f"{self._base}{len(self.all):03}")
        return self.all[-1]


def plant_in_gateway(stack: LocalStack, keys: dict[str, str], plants: Plants) -> None:
    """Good and bad input through every channel."""
    fresh = plants.fresh
    secrets = load_secrets(stack.layout.secrets)
    sealer = LinkSealer(secrets.link_active, secrets.link_keys)
    scope = Scope("acme", None, None, Purpose.MARKETING, Channel.ALL)
    spaced = fresh()
    with httpx2.Client(base_url=stack.url("gateway"), timeout=30, trust_env=False) as client:
        events, desk = "/v1/consent-events", {"X-API-Key": keys["desk"]}
        good = (
            refusal(number=fresh()),
            refusal(number=f"+86{fresh()}"),
            refusal(number=f"{spaced[:3]} {spaced[3:7]} {spaced[7:]}"),
            refusal(number=f"tel:+86{fresh()}", source_ref=f"call-{plants.all[-1]}"),
            grant(number=fresh(), evidence={"verbatim": f"call me on {fresh()}"}),
            refusal(number=fresh(), scope={"entity": "nobody"}),
        )
        for item in good:
            answer = client.post(events, json=item, headers=desk)
            assert answer.status_code == 202, answer.text
        bad = (
            refusal(number=f"{fresh()},{fresh()}"),
            refusal(number=f"{fresh()}9999"),
            refusal(number=fresh(), **{fresh(): 1}),
            refusal(number=int(fresh())),
            refusal(number=fresh(), action=fresh()),
            refusal(number=fresh(), occurred_at=fresh(), zone=fresh()),
            refusal(number=fresh(), scope={"entity": fresh(), fresh(): "x"}),
            grant(number=fresh(), scope={"entity": fresh()}),
            {fresh(): fresh()},
        )
        for thing in bad:
            answer = client.post(events, json=thing, headers=desk)
            assert 400 <= answer.status_code < 500 or answer.json().get("held"), answer.text
            # A pointer names the caller's own field; nothing else is given back.
            rest = re.sub(r'"pointer":"[^"]*"', "", answer.text)
            assert not found_in(rest, plants.all), rest
        client.post(events, json=list(bad), headers=desk)
        client.post(events, content=f'{{"number": "{fresh()}"'.encode(), headers=desk)
        client.post(events, json=good[0], headers={"X-API-Key": fresh()})
        client.post(events, json=good[0], headers=desk | {"Idempotency-Key": fresh()})
        client.post(f"{events}?number={quote('+86' + fresh())}", json=good[0], headers=desk)
        client.get(f"/{fresh()}")
        client.get(f"/v1/check/{quote('+86' + fresh())}")
        sms = f"/v1/sms/aliyun/{keys['aliyun']}"
        pushed = [
            message("TD", phone_number=fresh(), sequence_id=fresh()),
            message(f"call {fresh()} instead", phone_number=fresh()),
            message("TD", phone_number=f"{fresh()}00", dest_code=fresh()),
            message("YES", phone_number=fresh(), sign_name=fresh()),
            {"phone_number": fresh()},
            fresh(),
        ]
        assert client.post(sms, json=pushed).status_code == 200
        client.post(f"/v1/sms/aliyun/{fresh()}", json=pushed)
        client.post(sms, content=f'[{{"phone_number": {fresh()}'.encode())
        link = f"/p/{sealer.mint('+86' + fresh(), scope)}"
        assert client.get(link).status_code == 200
        assert client.post(link, data={"nonce": fresh()}).status_code == 200
        client.get(f"/p/{fresh()}")
        client.post(f"/p/k1.{fresh()}", data={"nonce": fresh()})
        plant_at_other_doors(client, keys, fresh)


def plant_on_the_log(stack: LocalStack, plants: Plants) -> None:
    """Records that cannot be read, keys that are no number or lie in another partition."""
    fresh = plants.fresh
    for key in (f"+86{fresh()}", f"86{fresh()}", f"tel:{fresh()}"):
        append_raw(stack.bootstrap, key.encode(), f"number={fresh()}".encode())
    append_raw(stack.bootstrap, None, fresh().encode())
    append_raw(stack.bootstrap, f"+86{fresh()}".encode(), None)


def plant_in_gate(stack: LocalStack, keys: dict[str, str], plants: Plants) -> None:
    """Good and bad questions."""
    fresh, headers = plants.fresh, {"X-API-Key": keys["dialer"]}
    with httpx2.Client(base_url=stack.url("gate"), timeout=30, trust_env=False) as client:
        for asked in (
            {"number": fresh(), "entity": "acme"},
            {"number": f"{fresh()}/{fresh()}", "entity": "acme"},
            {"number": fresh(), "entity": fresh(), "campaign": fresh()},
            {"number": fresh(), "entity": "acme", fresh(): 1},
            {"number": fresh(), "entity": "acme", "min_token": fresh()},
            {"number": fresh(), "entity": "acme", "region": fresh()},
        ):
            client.post("/v1/decisions", json=asked, headers=headers)
        for path in (fresh(), quote("+86" + fresh()), f"{fresh()}%20x", f"{fresh()}/x"):
            client.get(f"/v1/check/{path}", params={"entity": "acme"}, headers=headers)
        client.get(f"/v1/check/{fresh()}", params={"x": fresh(), "entity": "a"}, headers=headers)
        client.get(f"/{fresh()}", headers={"Authorization": f"Bearer {fresh()}"})


def plant_in_commands(stack: LocalStack, plants: Plants, directory: Path) -> str:
    """Commands about planted numbers; returns all that they printed."""
    refusals, consents = plant_in_lists(directory, plants.fresh)
    env = os.environ | {"CONSENTLOG_LOCAL__DATA_DIR": str(stack.layout.root)}
    known, printed = plants.all[0], ""
    for arguments in (
        ["check", f"+86{known}", "--entity", "acme", "--campaign", CAMPAIGN],
        ["check", f"+86{known}", "--entity", "acme", "--json"],
        ["check", plants.fresh(), "--entity", "acme"],
        ["check", f"{plants.fresh()}99", "--entity", plants.fresh()],
        ["history", f"+86{known}"],
        ["history", f"+86{known}", "--json"],
        ["history", f"+86{plants.all[3]}", "--json"],
        ["history", f"+86 {plants.fresh()}"],
        ["link", "--number", f"+86{plants.fresh()}", "--entity", "acme"],
        ["link", "--number", f"{plants.fresh()}77", "--entity", "acme"],
        [
            "import",
            str(refusals),
            "--source",
            "care",
            "--list",
            "planted",
            "--entity",
            "acme",
            "--yes",
        ],
        ["takeover", str(consents), "--list", "planted", "--entity", "acme", "--yes"],
        ["review", "list"],
        ["review", "list", "--json"],
        ["review", "show", plants.fresh()],
        ["audit", "check", "--full"],
    ):
        ran = subprocess.run(
            [sys.executable, "-P", "-m", "consentlog.cli.main", *arguments],
            env=env,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert "Traceback" not in ran.stderr, ran.stderr
        printed += f"{arguments[0]} {ran.returncode}\n{ran.stdout}\n{ran.stderr}\n"
    return printed


def outputs(stack: LocalStack) -> dict[str, str]:
    """Every log file and every page of metrics."""
    found = {
        path.name: path.read_text("utf-8", "replace")
        for path in sorted(stack.layout.logs.iterdir())
    }
    for service in ("gateway", "gate", "fold", "sink"):
        answer = httpx2.get(f"{stack.url(service)}/metrics", trust_env=False)
        assert "consentlog_" in answer.text
        found[f"metrics of {service}"] = answer.text
    return found


@pytest.mark.integration
def test_no_planted_number_stands_in_any_output(
    stack: LocalStack, capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    keys = json.loads(stack.layout.keys.read_text("utf-8"))
    plants = Plants()
    plant_in_gateway(stack, keys, plants)
    plant_on_the_log(stack, plants)
    plant_in_gate(stack, keys, plants)
    commands = plant_in_commands(stack, plants, tmp_path)
    assert re.search(rf"\+86{plants.all[0][:3]}\*{{4}}{plants.all[0][-4:]}", commands)
    assert re.search(r"^import [01]$", commands, re.MULTILINE)
    assert "\nreview 0\n" in commands
    time.sleep(2)  # fold and sink read what was put on the log
    out, err = capfd.readouterr()
    said = outputs(stack) | {"commands": commands, "stdout": out, "stderr": err}
    assert {"fold.log", "gate.log", "gateway.log", "kafka.log", "sink.log"} <= said.keys()
    assert "request_served" in said["gateway.log"]
    leaks = {name: found_in(text, plants.all) for name, text in said.items()}
    assert {name: found for name, found in leaks.items() if found} == {}
    assert len(plants.all) > 120
