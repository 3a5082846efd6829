from __future__ import annotations

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from streams.packed import Packed


@given(st.binary(max_size=5000))
def test_what_is_packed_comes_back(data: bytes) -> None:
    packed: Packed[bytes] = Packed(bytes, bytes)
    assert packed.decode(packed.encode(data)) == data


def test_what_was_written_before_there_were_frames_is_read_too() -> None:
    assert Packed(str.encode, bytes.decode).decode(b"plain") == "plain"


def test_a_frame_that_is_cut_off_is_an_error() -> None:
    packed = Packed(str.encode, bytes.decode)
    with pytest.raises(zstandard.ZstdError):
        packed.decode(packed.encode("text " * 100)[:-3])


def test_a_frame_that_claims_more_than_a_record_can_have_is_an_error() -> None:
    bomb = zstandard.ZstdCompressor(write_content_size=False).compressobj()
    data = bomb.compress(bytes(80 * 2**20)) + bomb.flush()
    with pytest.raises(zstandard.ZstdError):
        Packed(bytes, bytes).decode(data)
