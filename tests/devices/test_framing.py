"""The protocol's frames, also out of noise and in pieces."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from integrations.devices.samv import framing
from integrations.devices.samv.framing import BadChecksum, Replies, Reply, Splitter

_STATUS = st.tuples(*[st.integers(0, 255)] * 3)
_DATA = st.binary(max_size=2314)
_NOISE = st.binary(max_size=300).filter(lambda noise: framing.PREAMBLE[:1] not in noise)


def test_requests_are_the_bytes_of_the_makers_manual() -> None:
    assert framing.request(framing.FIND).hex(" ") == "aa aa aa 96 69 00 03 20 01 22"
    assert framing.request(framing.SELECT).hex(" ") == "aa aa aa 96 69 00 03 20 02 21"
    assert framing.request(framing.READ).hex(" ") == "aa aa aa 96 69 00 03 30 01 32"
    assert framing.request(framing.SAM_ID).hex(" ") == "aa aa aa 96 69 00 03 12 ff ee"


def test_the_manuals_answer_to_find_is_read() -> None:
    received = bytes.fromhex("AAAAAA9669 0008 00009F 00000000 97")
    assert Replies().feed(received) == [Reply((0, 0, 0x9F), bytes(4))]


def test_a_reading_of_text_and_photo_is_1295_bytes() -> None:
    assert len(framing.reply((0, 0, 0x90), bytes.fromhex("01000400") + bytes(1280))) == 1295


@given(st.lists(st.tuples(_NOISE, _STATUS, _DATA), max_size=4), st.data())
def test_replies_are_found_in_noise_and_in_pieces(
    sent: list[tuple[bytes, tuple[int, int, int], bytes]], data: st.DataObject
) -> None:
    stream = b"".join(noise + framing.reply(status, part) for noise, status, part in sent)
    cuts = data.draw(st.lists(st.integers(0, len(stream)), max_size=8))
    replies, found = Replies(), []
    for start, end in pairwise(sorted({0, *cuts, len(stream)})):
        found += replies.feed(stream[start:end])
    assert found == [Reply(status, part) for _, status, part in sent]


@given(_STATUS, st.binary(max_size=60), st.data())
def test_no_altered_frame_is_taken_for_a_whole_one(
    status: tuple[int, int, int], part: bytes, data: st.DataObject
) -> None:
    frame = bytearray(framing.reply(status, part))
    at = data.draw(st.integers(0, len(frame) - 1))
    frame[at] ^= data.draw(st.integers(1, 255))
    found = Replies().feed(bytes(frame))
    assert Reply(status, part) not in found


@given(st.binary(max_size=400))
def test_noise_never_breaks_the_splitter_and_a_frame_behind_quiet_is_found(noise: bytes) -> None:
    replies = Replies()
    replies.feed(noise)
    replies.clear()  # as the driver does before each request
    assert replies.feed(framing.reply((0, 0, 0x90))) == [Reply((0, 0, 0x90), b"")]


def test_a_frame_begun_inside_a_broken_one_is_found() -> None:
    lost = framing.reply((0, 0, 0x90), bytes(20))[:12]
    found = Replies().feed(lost + framing.reply((0, 0, 0x80), b"") + bytes(12))
    assert any(isinstance(one, BadChecksum) for one in found)
    assert found[-1] == Reply((0, 0, 0x80), b"")


def test_an_impossible_length_does_not_swallow_what_follows() -> None:
    splitter = Splitter()
    assert splitter.feed(framing.PREAMBLE + b"\xff\xff") == []
    assert splitter.feed(framing.reply((0, 0, 0x90))) == [bytes((0, 0, 0x90))]


def test_a_replys_data_is_not_in_its_repr() -> None:
    assert "secret" not in repr(Reply((0, 0, 0x90), b"secret"))
