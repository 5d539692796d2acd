"""A record's headers as the spool's file keeps them."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from producers.spool.record import pack_headers, unpack_headers

HEADERS = st.lists(st.tuples(st.text(st.characters(codec="utf-8")), st.binary()))


@given(headers=HEADERS)
def test_headers_are_the_json_that_files_have_held_and_come_back(
    headers: list[tuple[str, bytes]],
) -> None:
    packed = pack_headers(headers)
    plain = [[name, value.decode("latin-1")] for name, value in headers]
    assert packed == json.dumps(plain).encode()
    assert unpack_headers(packed) == headers
