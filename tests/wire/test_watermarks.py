"""What a gateway reports about itself."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consentlog.errors import CodecError
from consentlog.wire.watermarks import ReporterKind, Watermark, decode_watermark, encode_watermark

_COUNTS = st.integers(0, 2**62)


@given(
    st.builds(
        Watermark,
        st.text(max_size=40),
        st.sampled_from(ReporterKind),
        st.integers(0, 253_402_300_799_999),
        st.none() | _COUNTS,
        _COUNTS,
        _COUNTS,
    )
)
def test_what_is_encoded_comes_back(watermark: Watermark) -> None:
    assert decode_watermark(encode_watermark(watermark)) == watermark


def test_anything_else_is_an_error_of_ours() -> None:
    value = encode_watermark(Watermark("g", ReporterKind.GATEWAY, 0))
    for wrong in (None, b"", value[:-1], value + b"\x00"):
        with pytest.raises(CodecError):
            decode_watermark(wrong)
