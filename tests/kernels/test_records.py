"""Frames are found in any octets, and in any pieces of them, as the oracle finds them."""

from __future__ import annotations

import struct

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.kernels import records as rc
from tests.builders.captures import (
    KUZNETZOV,
    Shot,
    block,
    enhanced,
    interface,
    obsolete,
    orders,
    pcap,
    pcapng,
    section,
    shots,
    simple,
)
from tests.builders.sweeping import form_of, interfaces_of
from tests.oracle import records as oracle

HEAD = 28 + 20  # octets of a section header and an interface description


def frames(octets, form, interfaces, at, ends):
    """(time, start, caplen, origlen) of each frame, reading up to each of `ends` in turn; and why it stopped."""
    array = np.frombuffer(bytearray(octets) or bytearray(1), np.uint8)
    found = []
    for end in ends:
        why = rc.FRAME
        while why == rc.FRAME:
            why, at, start, caplen, origlen, ns, _ = rc.next_frame(array, at, end, form, interfaces)
            if why == rc.FRAME:
                found.append((ns, start, caplen, origlen))
        if why != rc.MORE:
            break
    return found, why


def ends_of(cuts, size):
    """Sorted ends of pieces, the last one at the end of the octets."""
    return [*sorted(cut for cut in cuts if cut < size), size]


@settings(max_examples=60, deadline=None)
@given(shots(), orders, st.lists(st.integers(24, 2000)))
def test_classic_records_are_found_in_any_pieces(made, order, cuts):
    """Wherever the octets are cut into pieces, each frame is found once, with its time and lengths."""
    octets = pcap(made, order=order)
    found, why = frames(octets, form_of(order), interfaces_of(1), 24, ends_of(cuts, len(octets)))
    assert why == rc.MORE
    assert [octets[start : start + caplen] for _, start, caplen, _ in found] == [shot.octets for shot in made]
    assert [ns for ns, *_ in found] == [shot.ts_ns // 1000 * 1000 for shot in made]


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=300), orders, st.lists(st.integers(0, 300)))
def test_any_octets_as_classic_records_agree_with_the_oracle(rubbish, order, cuts):
    """Whatever follows a classic header, kernel and oracle find the same frames."""
    octets = pcap([], order=order) + rubbish
    found, why = frames(octets, form_of(order), interfaces_of(1), 24, ends_of([24 + c for c in cuts], len(octets)))
    expected, _, cut = oracle.walk_pcap(octets)
    assert [(ns, caplen, origlen) for ns, _, caplen, origlen in found] == [
        (one.ts_ns, one.caplen, one.origlen) for one in expected
    ]
    assert (why == rc.BAD) == (cut == "bad")


@settings(max_examples=60, deadline=None)
@given(shots(), orders, st.integers(0, 3000))
def test_a_cut_capture_gives_a_prefix(made, order, cut):
    """However much of the file is left, the frames before the cut are those of the whole file."""
    octets = pcap(made, order=order)
    whole, _ = frames(octets, form_of(order), interfaces_of(1), 24, [len(octets)])
    left, why = frames(octets[: max(cut, 24)], form_of(order), interfaces_of(1), 24, [min(max(cut, 24), len(octets))])
    assert left == whole[: len(left)]
    assert why == rc.MORE


@settings(max_examples=80, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from([enhanced, simple, obsolete]), st.binary(max_size=60)), max_size=8),
    orders,
    st.lists(st.integers(HEAD, 1500)),
    st.binary(max_size=40),
)
def test_pcapng_packets_are_found_in_any_pieces(parts, order, cuts, rubbish):
    """All three kinds of packet blocks, cut anywhere and followed by anything, give the oracle's frames."""
    made = [how(Shot(1_700_000_000_000_001_000, octets), order) for how, octets in parts]
    octets = section(order) + interface(order) + b"".join(made) + rubbish
    form = form_of(order, rc.PCAPNG)
    found, why = frames(octets, form, interfaces_of(1), HEAD, ends_of(cuts, len(octets)))
    expected, _, _ = oracle.walk_pcapng(octets)
    if why in (rc.MORE, rc.BAD):
        assert [(caplen, origlen) for _, _, caplen, origlen in found] == [(f.caplen, f.origlen) for f in expected]
        assert [None if ns < 0 else ns for ns, *_ in found] == [one.ts_ns for one in expected]
    assert len(found) >= len(parts)


@pytest.mark.parametrize("order", ["<", ">"])
def test_blocks_that_change_the_reading_are_handed_out(order):
    """A section header, an interface, statistics and secrets stop the walk; what nobody knows is passed over."""
    for kind, length in ((1, 20), (5, 24), (10, 20)):
        octets = block(order, 0x0BAD, b"\0" * 8) + block(order, kind, b"\0" * (length - 12))
        array = np.frombuffer(bytearray(octets), np.uint8)
        why, at, _, need, *_ = rc.next_frame(array, 0, array.size, form_of(order, rc.PCAPNG), interfaces_of(1))
        assert (why, at, need) == (rc.BLOCK, 20, length)
    array = np.frombuffer(bytearray(section(order)), np.uint8)
    assert rc.next_frame(array, 0, array.size, form_of(order, rc.PCAPNG), interfaces_of(1))[0] == rc.BLOCK


def test_a_packet_of_an_unknown_interface_is_bad():
    """An interface number past those described is damage, not an index."""
    octets = np.frombuffer(bytearray(enhanced(Shot(0, b"abcd"), index=1)), np.uint8)
    assert rc.next_frame(octets, 0, octets.size, form_of("<", rc.PCAPNG), interfaces_of(1))[0] == rc.BAD


def test_an_absurd_length_is_bad_and_told():
    """A record that claims 4 GB is damage; the claim is handed on for the message."""
    octets = np.frombuffer(bytearray(struct.pack("<IIII", 0, 0, 0xFFFFFFFF, 0)), np.uint8)
    assert rc.next_frame(octets, 0, 16, form_of(), interfaces_of(1))[::3] == (rc.BAD, 0xFFFFFFFF, 0)


def test_records_of_24_octets_are_those_of_kuznetzov():
    """The variant's longer record header is passed over."""
    made = [Shot(1_000_000_000, b"abc"), Shot(2_000_000_000, b"defg")]
    octets = pcap(made, magic=KUZNETZOV)
    found, _ = frames(octets, form_of(header=24), interfaces_of(1), 24, [len(octets)])
    assert [octets[start : start + caplen] for _, start, caplen, _ in found] == [b"abc", b"defg"]


@pytest.mark.parametrize(
    ("row", "ticks", "ns"),
    [
        ((1000, 0, 0), 5, 5000),
        ((0, 10, 0), 59, 5),
        ((0, 0, 1 << 20), (3 << 20) + (1 << 19), 3_500_000_000),
    ],
)
def test_ticks_become_nanoseconds(row, ticks, ns):
    """Ticks of µs, of a tenth of a ns, and of 2^-20 s."""
    interfaces = interfaces_of(1)
    interfaces[0, [rc.MULTIPLY, rc.DIVIDE, rc.PER_SECOND]] = row
    assert rc.nanoseconds(ticks, interfaces, 0) == ns


def test_pcapng_is_found_whole():
    """The plain case: as many frames as were written."""
    octets = pcapng([Shot(1_000, b"x" * 60)] * 5)
    found, _ = frames(octets, form_of("<", rc.PCAPNG), interfaces_of(1), HEAD, [len(octets)])
    assert len(found) == 5


RING_FORM = form_of(kind=rc.RING)
TAGGED, TPID = 1 << 4, 1 << 6


def laid(frames, reserve=4, status=0, tpid=0x88A8):
    """A block's frames as Linux lays them into a ring, each as (ns, octets, VLAN tag or None)."""
    out = bytearray()
    for place, (ns, octets, tag) in enumerate(frames):
        mac = 68 + reserve
        told = status if tag is None else status | TAGGED | TPID
        room = (mac + len(octets) + 15) // 16 * 16
        step = 0 if place == len(frames) - 1 else room  # the last has no next
        head = struct.pack(
            "<IIIIIIHHIIHH8x", step, *divmod(ns, 10**9), len(octets), len(octets), told, mac,
            mac + 14, 0, tag or 0, tpid, 0,
        )  # fmt: skip
        out += (head.ljust(mac, b"\xaa") + octets).ljust(room, b"\0")
    return out


frames_in_a_ring = st.lists(
    st.tuples(
        st.integers(0, 2**32 * 10**9 - 1), st.binary(min_size=12, max_size=80), st.none() | st.integers(0, 0xFFFF)
    ),
    min_size=1,
    max_size=8,
)


@given(frames_in_a_ring)
def test_frames_of_a_ring_have_their_tags(made):
    """Times, octets with the tag after the addresses, and lengths; a second walk finds the same."""
    octets = laid(made)
    expected = [
        (ns, frame if tag is None else frame[:12] + struct.pack(">HH", 0x88A8, tag) + frame[12:])
        for ns, frame, tag in made
    ]  # fmt: skip
    array = np.frombuffer(octets, np.uint8)
    for _ in range(2):
        found = []
        at, why = 0, rc.FRAME
        while why == rc.FRAME:
            why, at, start, caplen, origlen, ns, _ = rc.next_frame(array, at, array.size, RING_FORM, interfaces_of(1))
            if why == rc.FRAME:
                assert caplen == origlen
                found.append((ns, array[start : start + caplen].tobytes()))
        assert (why, at) == (rc.MORE, array.size)
        assert found == expected


@pytest.mark.parametrize(("link", "reserve", "octets"), [(101, 4, bytes(20)), (1, -20, bytes(20)), (1, 4, bytes(11))])
def test_a_tag_is_only_put_back_where_it_belongs(link, reserve, octets):
    """On Ethernet, where there is room before the frame, and where the frame has both addresses."""
    array = np.frombuffer(laid([(5, octets, 7)], reserve), np.uint8)
    before = array.copy()
    why, _, start, caplen, *_ = rc.next_frame(array, 0, array.size, RING_FORM, interfaces_of(link))
    assert (why, start, caplen) == (rc.FRAME, 68 + reserve, len(octets))
    assert np.array_equal(array, before)


def test_a_tag_without_its_type_is_the_common_one():
    """TP_STATUS_VLAN_TPID_VALID is not set: 802.1Q."""
    octets = laid([(5, bytes(20), 7)])
    octets[20] = TAGGED
    array = np.frombuffer(octets, np.uint8)
    _, _, start, *_ = rc.next_frame(array, 0, array.size, RING_FORM, interfaces_of(1))
    assert array[start + 12 : start + 16].tobytes() == b"\x81\x00\x00\x07"


@settings(max_examples=300)
@given(
    frames_in_a_ring, st.lists(st.tuples(st.integers(0, 600), st.integers(0, 255)), max_size=12), st.integers(0, 700)
)
def test_any_octets_of_a_ring_end_and_stay_inside(made, changes, end):
    """However a block is damaged: every frame lies inside it, each step goes on, and nothing is written outside."""
    octets = laid(made)
    for place, value in changes:
        octets[place % len(octets)] = value
    end = min(end, len(octets))
    array = np.frombuffer(octets + b"guard" * 20, np.uint8)
    at, why, steps = 0, rc.FRAME, 0
    while why == rc.FRAME:
        before = at
        why, at, start, caplen, *_ = rc.next_frame(array, at, end, RING_FORM, interfaces_of(1))
        if why == rc.FRAME:
            steps += 1
            assert before < at <= end
            assert before + rc.RING_HEADER <= start <= start + caplen <= at
    assert why in (rc.MORE, rc.BAD)
    assert steps <= end // rc.RING_HEADER
    assert array[end:].tobytes() == (bytes(octets) + b"guard" * 20)[end:]


@given(st.binary(max_size=400))
def test_rubbish_as_a_ring_ends(rubbish):
    """Arbitrary octets give frames inside them, or none."""
    array = np.frombuffer(bytearray(rubbish) or bytearray(1), np.uint8)
    at, why, steps = 0, rc.FRAME, 0
    while why == rc.FRAME:
        why, at, start, caplen, *_ = rc.next_frame(array, at, len(rubbish), RING_FORM, interfaces_of(1))
        steps += 1
        assert why != rc.FRAME or start + caplen <= at <= len(rubbish)
    assert steps <= 9
