"""The registry's read paths, as a client of Confluent's registry meets them."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from pathlib import Path

import fastavro
import httpx2
import pytest

from consentlog.kafka.topics import EVENTS
from producers.channels.schemas import MEDIA_TYPE
from producers.limits import LimitSettings
from tests.support.gateway import NUMBER, Gateway, memory_gateway, refusal

SUBJECT = "consent.events.v1-value"


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    with memory_gateway(tmp_path_factory.mktemp("gateway")) as found:
        yield found


def _read(gateway: Gateway, path: str, status: int = 200) -> httpx2.Response:
    response = gateway.client.get(path)
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == MEDIA_TYPE
    return response


def test_subjects_and_versions_are_listed(gateway: Gateway) -> None:
    subjects = _read(gateway, "/subjects").json()
    assert subjects == sorted(subjects)
    assert {SUBJECT, "consent.state.v1-value", "review.events.v1-value"} <= set(subjects)
    for subject in subjects:
        versions = _read(gateway, f"/subjects/{subject}/versions").json()
        for version in (*versions, "latest", "-1"):
            found = _read(gateway, f"/subjects/{subject}/versions/{version}").json()
            assert found.keys() == {"subject", "id", "version", "schema"}
            assert (found["subject"], found["version"] in versions) == (subject, True)
            by_id = _read(gateway, f"/schemas/ids/{found['id']}").json()
            assert by_id == {"schema": found["schema"]}


def test_a_stranger_reads_the_log_with_what_the_registry_says(gateway: Gateway) -> None:
    gateway.post(refusal())
    value = gateway.log.records(EVENTS.name)[0].value
    assert value is not None
    text = _read(gateway, f"/schemas/ids/{int.from_bytes(value[1:5])}").json()["schema"]
    schema = fastavro.parse_schema(json.loads(text))
    record = fastavro.schemaless_reader(io.BytesIO(value[5:]), schema, None)
    assert isinstance(record, dict)
    assert record["subject"] == NUMBER


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/subjects/nobody/versions", 404, 40401),
        ("/subjects/nobody/versions/1", 404, 40401),
        (f"/subjects/{SUBJECT}/versions/77", 404, 40402),
        (f"/subjects/{SUBJECT}/versions/0", 422, 42202),
        (f"/subjects/{SUBJECT}/versions/-2", 422, 42202),
        (f"/subjects/{SUBJECT}/versions/one", 422, 42202),
        (f"/subjects/{SUBJECT}/versions/²", 422, 42202),
        (f"/subjects/{SUBJECT}/versions/2147483648", 422, 42202),
        ("/schemas/ids/77", 404, 40403),
        ("/schemas/ids/-1", 404, 40403),
        ("/schemas/ids/x", 404, 40403),
        (f"/schemas/ids/{'9' * 5000}", 404, 40403),
    ],
)
def test_errors_are_the_registrys(gateway: Gateway, path: str, status: int, code: int) -> None:
    body = _read(gateway, path, status).json()
    assert body.keys() == {"error_code", "message"}
    assert body["error_code"] == code


def test_a_number_in_a_path_is_masked_in_the_answer(gateway: Gateway) -> None:
    assert "13800138000" not in _read(gateway, "/subjects/13800138000/versions", 404).text


def test_nothing_can_be_registered(gateway: Gateway) -> None:
    answer = gateway.client.post(f"/subjects/{SUBJECT}/versions", json={"schema": "{}"})
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET")


def test_readers_that_are_too_fast_come_later(tmp_path: Path) -> None:
    with memory_gateway(tmp_path, limits=LimitSettings(acts_per_second=1, burst_acts=1)) as slow:
        _read(slow, "/subjects")
        answer = slow.client.get("/subjects")
    assert (answer.status_code, answer.json()["code"]) == (429, "CL-1109")
    assert answer.headers["retry-after"] == "1"
