"""Numbers planted at each door of the gateway beside the events route, links and one vendor."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from pathlib import Path

import httpx2

from producers.takeovers.manifest import digest_of

Fresh = Callable[[], str]
"""Returns a number that nobody used yet, in national form."""


def plant_at_other_doors(client: httpx2.Client, keys: dict[str, str], fresh: Fresh) -> None:
    """Good and bad input; the client talks to the gateway."""
    _vendors(client, keys, fresh)
    _phone_menus(client, keys, fresh)
    _app(client, keys, fresh)
    _lists(client, keys, fresh)
    _takeovers(client, keys, fresh)
    _reviews(client, keys, fresh)
    _desk(client, keys, fresh)


def plant_in_lists(directory: Path, fresh: Fresh) -> tuple[Path, Path]:
    """Write a list of refusals and one of consents, both with rows that are none."""
    refusals, consents = directory / "refusals.csv", directory / "consents.csv"
    refusals.write_text(f"number,note\n{fresh()},{fresh()}\n{fresh()}00,no\n", "utf-8")
    head = "number,method,occurred_at,consent_text_version,evidence_ref,channel\n"
    consents.write_text(f"{head}{fresh()},spoken,{fresh()},1,{fresh()},sms\n", "utf-8")
    return refusals, consents


def _key(keys: dict[str, str], source: str) -> dict[str, str]:
    return {"X-API-Key": keys[source]}


def _vendors(client: httpx2.Client, keys: dict[str, str], fresh: Fresh) -> None:
    for number, text in ((fresh(), "TD"), (fresh(), f"ring {fresh()}"), (f"{fresh()}1", "YES")):
        client.post(f"/v1/sms/tencent/{keys['tencent']}", json={"mobile": number, "text": text})
        huawei = {"from": number, "body": text, "smsMsgId": fresh()}
        client.post(f"/v1/sms/huawei/{keys['huawei']}", data=huawei)
        twilio = {"From": f"+86{number}", "Body": text, "To": fresh(), "MessageSid": fresh()}
        client.post(f"/v1/sms/twilio/{keys['twilio']}", data=twilio)


def _phone_menus(client: httpx2.Client, keys: dict[str, str], fresh: Fresh) -> None:
    pressed = {"number": fresh(), "menu": "acme-main", "choice": "1", "call_id": fresh()}
    for one in (
        pressed,
        pressed | {"choice": fresh()},
        pressed | {"menu": fresh()},
        pressed | {"number": f"{fresh()}/{fresh()}"},
        pressed | {fresh(): 1},
    ):
        client.post("/v1/ivr", json=one, headers=_key(keys, "ivr"))


def _app(client: httpx2.Client, keys: dict[str, str], fresh: Fresh) -> None:
    for number in (fresh(), f"{fresh()}9"):
        asked = _key(keys, "app") | {"X-Number": number}
        client.get("/v1/app/preferences", params={"entity": "acme"}, headers=asked)
        client.get("/v1/app/preferences", params={"entity": fresh()}, headers=asked)


def _lists(client: httpx2.Client, keys: dict[str, str], fresh: Fresh) -> None:
    act = {
        "action": "refused",
        "basis": "do_not_call_list",
        "method": "import",
        "scope": {"entity": "acme"},
        "actor": {"id": "import", "type": "system"},
        "nonce": f"list-{fresh()}",
    }
    rows = [[0, fresh()], [0, f"{fresh()}00"], [0, fresh(), fresh(), fresh()]]
    answer = client.post(
        "/v1/imports", json={"acts": [act], "rows": rows}, headers=_key(keys, "desk")
    )
    assert answer.status_code in (202, 207), answer.text
    client.post("/v1/imports", json={"acts": [fresh()], "rows": rows}, headers=_key(keys, "desk"))


def _takeovers(client: httpx2.Client, keys: dict[str, str], fresh: Fresh) -> None:
    row = {
        "number": fresh(),
        "method": "form",
        "occurred_at": "2026-03-01T10:00:00+08:00",
        "consent_text_version": "1",
        "evidence_ref": f"crm-{fresh()}",
        "channel": "sms",
    }
    manifest = {
        "list": f"crm {fresh()}",
        "entity": "acme",
        "rows": 1,
        "file_sha256": "ab" * 32,
        "first_at": "2026-03-01T02:00:00Z",
        "last_at": "2026-03-01T02:00:00Z",
        "batches": [digest_of([row])],
    }
    by = _key(keys, "takeover")
    proposed = client.post("/v1/takeovers", json=manifest, headers=by)
    assert proposed.status_code == 202, proposed.text
    path = f"/v1/takeovers/{proposed.json()['takeover_id']}/events"
    client.post(path, json={"manifest": manifest, "batch": 0, "rows": [row]}, headers=by)
    client.post("/v1/takeovers", json=manifest | {"entity": fresh()}, headers=by)


def _reviews(client: httpx2.Client, keys: dict[str, str], fresh: Fresh) -> None:
    by = _key(keys, "compliance")
    deadline = time.monotonic() + 30
    # A gateway that has just started may still read the cases.
    while (listed := client.get("/v1/reviews", params={"limit": 50}, headers=by)).is_server_error:
        assert time.monotonic() < deadline, listed.text
        time.sleep(0.1)
    for case in listed.json()["reviews"]:
        client.get(f"/v1/reviews/{case['review_id']}", headers=by)
    first = listed.json()["reviews"][0]["review_id"]
    client.post(f"/v1/reviews/{first}/owner", json={"owner": fresh()}, headers=by)
    decision = {"decision": "refused", "number": f"{fresh()}7", "reason": f"call {fresh()}"}
    client.post(f"/v1/reviews/{first}/decisions", json=decision, headers=by)
    client.get("/v1/reviews", params={"source": fresh()}, headers=by)
    client.get(f"/v1/reviews/{fresh()}", headers=by)


def _desk(client: httpx2.Client, keys: dict[str, str], fresh: Fresh) -> None:
    client.post("/desk/sign-in", data={"key": f"cl_{fresh()}"})
    assert client.post("/desk/sign-in", data={"key": keys["desk"]}).status_code == 303
    form = {"entity": "acme", "words": fresh(), "call_id": fresh(), "script_version": fresh()}
    for number in (fresh(), f"+86 {fresh()}", f"{fresh()}1", f"{fresh()},{fresh()}"):
        client.post("/desk", data=form | {"nonce": secrets.token_hex(16), "number": number})
    client.post("/desk/consent", data=form | {"nonce": fresh(), "number": fresh()})
    client.post(f"/desk/{fresh()}", data={"number": fresh()})
    client.cookies.clear()
