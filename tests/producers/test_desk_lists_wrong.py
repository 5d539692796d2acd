"""What is wrong with a list that is handed in is told on the form, and nothing of it is kept."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path
from typing import cast

import anyio
import httpx2
import pytest

from consentlog.domain.registry import ApiKey
from consentlog.errors import InvalidEvent
from consentlog.http.problems import RequestRefused
from producers.uploads.desk_lists import DeskLists
from producers.uploads.multipart import FormWithFile, boundary_of, read_upload_form
from producers.uploads.wording import wording
from tests.support.asgi import client_of
from tests.support.desk import errors_of
from tests.support.desk_lists import ListClerk, list_app
from tests.support.gateway import Gateway, memory_gateway
from tests.support.imports import write_xlsx

WORDS = wording("en")
LIMIT = 200_000
GOOD = b"phone\n13800138000\n"


@pytest.fixture
def world(tmp_path: Path) -> Iterator[tuple[Gateway, DeskLists]]:
    app, gateway, lists = list_app(tmp_path, max_bytes=LIMIT)
    with client_of(app) as client:
        gateway.client = client
        yield gateway, lists
    lists.stop()


@pytest.fixture
def clerk(world: tuple[Gateway, DeskLists]) -> ListClerk:
    gateway, _ = world
    found = ListClerk(gateway)
    found.sign_in("care")
    return found


def _is_empty(lists: DeskLists) -> bool:
    root = lists.shelf.list_of("x").parent.parent
    return [path.name for path in root.iterdir()] == ["lists"]


def _post(clerk: ListClerk, content: bytes, kind: str) -> httpx2.Response:
    headers = {**clerk.headers, "content-type": kind, "cookie": _cookie(clerk)}
    return clerk.gateway.client.post("/desk/import?lang=en", content=content, headers=headers)


def _cookie(clerk: ListClerk) -> str:
    return "; ".join(f"{name}={value}" for name, value in clerk.cookies.items())


@pytest.mark.parametrize(
    ("content", "fields", "wrong"),
    [
        (None, {}, {"file": "missing_file"}),
        (b"", {}, {"file": "empty_file"}),
        (GOOD, {"list": ""}, {"list": "wrong_list"}),
        (GOOD, {"list": "a#1"}, {"list": "wrong_list"}),
        (GOOD, {"list": "x" * 101}, {"list": "wrong_list"}),
        (GOOD, {"list": "a\x00b"}, {"list": "wrong_list"}),
        (GOOD, {"entity": "gamma"}, {"entity": "wrong_entity"}),
        (GOOD, {"basis": "whim"}, {"basis": "wrong_basis"}),
        (GOOD, {"zone": "Mars"}, {"zone": "wrong_zone"}),
        (GOOD, {"region": "XX"}, {"region": "wrong_region"}),
        (GOOD, {"column": "x" * 201}, {"column": "wrong_column"}),
        (None, {"list": "", "zone": "Mars"}, {"file": "missing_file", "list": "wrong_list"}
         | {"zone": "wrong_zone"}),
    ],
)  # fmt: skip
def test_wrong_terms_are_told_by_field(
    world: tuple[Gateway, DeskLists],
    clerk: ListClerk,
    content: bytes | None,
    fields: dict[str, str],
    wrong: dict[str, str],
) -> None:
    answer = clerk.hand_in(content, **fields)
    assert answer.status_code == 422
    assert errors_of(answer.text) == {name: WORDS.say(key) for name, key in wrong.items()}
    if fields.get("zone"):
        assert 'value="Mars"' in answer.text
    gateway, lists = world
    assert _is_empty(lists)
    assert gateway.is_untouched


@pytest.mark.parametrize(
    ("content", "fields", "field", "code"),
    [
        (b'phone\n"13800138000\n', {}, "file", "CL-1501"),
        (b"PK\x03\x04 is no workbook", {}, "file", "CL-1501"),
        (b"\xd0\xcf\x11\xe0 is an old one", {}, "file", "CL-1501"),
        (b"\x00\xff\xfe\x81 in no encoding \xff", {}, "file", "CL-1501"),
        (b"name,place\nx,y\n", {}, "column", "CL-1502"),
        (GOOD, {"column": "nowhere"}, "column", "CL-1502"),
        (GOOD, {"entity": ""}, "column", "CL-1502"),
        (b"\n \n", {}, "column", "CL-1502"),
        (b"id\n" + b"12\n" * 20, {}, "column", "CL-1502"),
    ],
)
def test_a_list_that_cannot_be_read_is_told_with_its_code(
    world: tuple[Gateway, DeskLists],
    clerk: ListClerk,
    content: bytes,
    fields: dict[str, str],
    field: str,
    code: str,
) -> None:
    answer = clerk.hand_in(content, "my.csv", **fields)
    assert answer.status_code == 422
    (told,) = errors_of(answer.text).items()
    assert told[0] == field
    assert code in told[1]
    assert (code != "CL-1501") or "my.csv" in told[1]
    gateway, lists = world
    assert _is_empty(lists)
    assert gateway.is_untouched


def test_a_workbook_that_would_fill_the_memory_is_not_opened(
    clerk: ListClerk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("producers.uploads.looking.MAX_TEXTS_BYTES", 50_000)
    write_xlsx(tmp_path / "small", [["phone"], ["13800138000"]])
    write_xlsx(tmp_path / "large", [["phone"], ["9" * 50_000]])
    assert clerk.hand_in((tmp_path / "small").read_bytes()).status_code == 303
    answer = clerk.hand_in((tmp_path / "large").read_bytes())
    assert "too large once it is unpacked" in errors_of(answer.text)["file"]


def test_a_file_over_the_limit_is_a_413_and_one_at_it_is_taken(
    world: tuple[Gateway, DeskLists], clerk: ListClerk
) -> None:
    line = b"13800138000\n"
    at_limit = line * (LIMIT // len(line))
    at_limit += b"\n" * (LIMIT - len(at_limit))
    _, lists = world
    for over in (at_limit + b"\n", at_limit * 3):
        answer = clerk.hand_in(over)
        assert answer.status_code == 413
        assert "CL-1005" in errors_of(answer.text)["file"]
        assert _is_empty(lists)
    assert clerk.hand_in(at_limit).status_code == 303


def test_what_is_no_form_with_a_file_is_told(
    world: tuple[Gateway, DeskLists], clerk: ListClerk
) -> None:
    plain = _post(clerk, b"list=weekly&file=13800138000", "application/x-www-form-urlencoded")
    bare = _post(clerk, GOOD, "multipart/form-data")
    json = _post(clerk, b"{}", "application/json")
    assert [one.status_code for one in (plain, bare, json)] == [415] * 3
    cut = b'--b\r\nContent-Disposition: form-data; name="file"; filename="x.csv"\r\n\r\n138001'
    broken = _post(clerk, cut, "multipart/form-data; boundary=b")
    damaged = _post(clerk, b"nothing like it", "multipart/form-data; boundary=b")
    assert [one.status_code for one in (broken, damaged)] == [422] * 2
    for one in (plain, bare, json, broken, damaged):
        assert "CL-1507" in one.text
        assert "138001" not in one.text
    gateway, lists = world
    assert _is_empty(lists)
    assert gateway.is_untouched


def test_only_clerks_of_this_place_hand_in_lists(
    world: tuple[Gateway, DeskLists], clerk: ListClerk
) -> None:
    gateway, lists = world
    nobody = ListClerk(gateway)
    ended = nobody.hand_in(GOOD)
    assert ended.status_code == 403
    assert 'name="key"' in ended.text
    clerk.headers = {"sec-fetch-site": "cross-site"}
    assert clerk.hand_in(GOOD).status_code == 403
    clerk.headers = {}
    list_id = clerk.list_id(clerk.hand_in(GOOD))
    clerk.headers = {"origin": "http://elsewhere"}
    assert clerk.go(list_id).status_code == 403
    upload = lists.shelf.find(list_id)
    assert upload is not None
    assert upload.state == "looked"


def test_a_key_that_may_not_record_sees_no_tab(
    world: tuple[Gateway, DeskLists], clerk: ListClerk
) -> None:
    gateway, lists = world
    assert 'href="/desk/import' in clerk.get("/desk/consent").text
    keys = cast(dict[str, ApiKey], gateway.reference.registry.keys)
    keys["care-1"] = replace(keys["care-1"], scopes=keys["care-1"].scopes - {"events:write"})
    assert 'href="/desk/import' not in clerk.get("/desk/consent").text
    assert clerk.get("/desk/import").status_code == 403
    assert clerk.hand_in(GOOD).status_code == 403
    assert _is_empty(lists)


def test_a_desk_without_a_place_for_lists_has_no_tab(tmp_path: Path) -> None:
    with memory_gateway(tmp_path) as gateway:
        clerk = ListClerk(gateway)
        clerk.sign_in("care")
        assert "/desk/import" not in clerk.get("/desk").text
        assert clerk.get("/desk/import").status_code == 404
        # Nor has anybody else more room than all.
        assert _post(clerk, b"x" * 1_100_000, "text/csv").status_code == 413


def test_too_many_lists_that_wait_are_told(
    world: tuple[Gateway, DeskLists], clerk: ListClerk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("producers.uploads.arriving.MOST_UNFINISHED", 1)
    assert clerk.hand_in(GOOD).status_code == 303
    answer = clerk.hand_in(GOOD)
    assert answer.status_code == 422
    assert "CL-1509" in answer.text


def test_a_disk_that_takes_nothing_is_a_503(
    world: tuple[Gateway, DeskLists], clerk: ListClerk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("producers.uploads.multipart.os.fsync", full)
    answer = clerk.hand_in(GOOD)
    assert answer.status_code == 503
    assert "CL-1509" in answer.text
    assert int(answer.headers["retry-after"]) > 0
    _, lists = world
    assert _is_empty(lists)


def _parts(boundary: bytes, *parts: tuple[bytes, bytes]) -> bytes:
    body = b"".join(
        b"--%b\r\nContent-Disposition: form-data; %b\r\n\r\n%b\r\n" % (boundary, head, value)
        for head, value in parts
    )
    return body + b"--%b--\r\n" % boundary


def _read(body: bytes, directory: Path, piece: int, most: int = 1000) -> FormWithFile:
    async def pieces() -> AsyncIterator[bytes]:
        for at in range(0, len(body), piece):
            yield body[at : at + piece]

    async def read() -> FormWithFile:
        return await read_upload_form(pieces(), b"b", directory / f"list-{piece}", most)

    return anyio.run(read)


def test_a_form_is_the_same_in_pieces_of_any_size(tmp_path: Path) -> None:
    content = b"13800138000\r\n--c is no end\r\n" * 9
    head = b'name="file"; filename="C:\\\\lists\\\\\xe5\x90\x8d\xe5\x8d\x95.csv"'
    body = _parts(b"b", (b'name="list"', b"weekly"), (head, content), (b'name="zone"', b""))
    for piece in (1, 2, 7, 64, len(body)):
        form = _read(body, tmp_path, piece)
        assert (form.fields, form.file_name) == ({"list": "weekly", "zone": ""}, "名单.csv")
        assert (tmp_path / f"list-{piece}").read_bytes() == content
        assert form.size == len(content)


@pytest.mark.parametrize(
    "parts",
    [
        [(b'name="file"; filename="a"', b"1"), (b'name="file"; filename="b"', b"2")],
        [(b'name="list"', b"x" * 70_000)],
        [(b'name="f%d"' % n, b"") for n in range(40)],
    ],
)
def test_a_form_that_is_not_ours_is_refused(
    parts: list[tuple[bytes, bytes]], tmp_path: Path
) -> None:
    with pytest.raises(InvalidEvent, match="CL-1507"):
        _read(_parts(b"b", *parts), tmp_path, 4096)


def test_a_larger_file_is_read_to_its_end_and_not_kept(tmp_path: Path) -> None:
    body = _parts(b"b", (b'name="file"; filename="a"', b"x" * 100_000))
    with pytest.raises(RequestRefused, match="CL-1005"):
        _read(body, tmp_path, 4096)
    assert (tmp_path / "list-4096").stat().st_size <= 4096


def test_a_boundary_is_needed() -> None:
    assert boundary_of('multipart/form-data; boundary="a b"') == b"a b"
    for kind in ("", "multipart/form-data", "multipart/mixed; boundary=b", "text/csv; boundary=b"):
        assert boundary_of(kind) is None
