"""Tests of analyzer/capturing/container.py."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.capturing.container import (
    Container,
    Interface,
    Statistics,
    parse_interface,
    parse_section,
    parse_statistics,
    sniff,
)
from analyzer.errors import SourceError
from tests.builders.captures import (
    KUZNETZOV,
    MICROSECONDS,
    NANOSECONDS,
    block,
    interface,
    orders,
    pcap,
    pcapng,
    section,
    statistics,
)

both = pytest.mark.parametrize("order", ["<", ">"])


@both
@pytest.mark.parametrize("magic", [MICROSECONDS, NANOSECONDS, KUZNETZOV])
def test_a_classic_header_tells_its_layout(order, magic):
    """Each magic in each order gives the record header's octets, the resolution, and the header's own fields."""
    assert sniff(pcap([], order=order, magic=magic, link=276, snaplen=96), "x") == Container(
        kind="pcap",
        little=order == "<",
        header_octets=24,
        record_header=24 if magic == KUZNETZOV else 16,
        nanoseconds=magic == NANOSECONDS,
        link_type=276,
        snaplen=96,
    )


def test_a_classic_capture_has_one_interface():
    """Its times are ns per µs, or ns, as its magic says."""
    assert sniff(pcap([], link=113, snaplen=64), "x").interface == Interface(113, 64, (1000, 1))
    assert sniff(pcap([], magic=NANOSECONDS), "x").interface.ns_per_tick == (1, 1)


@pytest.mark.parametrize(("bits", "octets"), [(0x24000000, 4), (0x14000000, 2), (0x40000000, 0), (0, 0)])
def test_the_checksum_stands_above_the_link_type(bits, octets):
    """The upper bits tell the octets of the frame check sequence, in words of 16 bit, if a flag says that they do."""
    found = sniff(pcap([], link=bits | 1), "x")
    assert found.fcs_octets == octets
    assert found.link_type & 0xFFFF == 1


@both
def test_a_pcapng_tells_its_order(order):
    """A section header gives the order of the section's numbers."""
    assert sniff(pcapng([], order=order), "x") == Container("pcapng", order == "<")
    assert parse_section(section(order)) is (order == "<")


@pytest.mark.parametrize("head", [section()[:8], section()[:11], b"\x0a\x0d\x0d\x0a" + bytes(30)])
def test_a_damaged_section_header_is_told(head):
    """A section header that is cut or names no order is no capture."""
    with pytest.raises(SourceError, match="pcapng"):
        sniff(head, "x")


def test_a_cut_pcap_header_is_told():
    """A file that ends inside its header says so, with the octets that it has."""
    with pytest.raises(SourceError, match="ends after 23"):
        sniff(pcap([])[:23], "x")


@both
@pytest.mark.parametrize(
    ("resolution", "ns_per_tick"),
    [
        (None, (1000, 1)),
        (b"\x06", (1000, 1)),
        (b"\x09", (1, 1)),
        (b"\x00", (1_000_000_000, 1)),
        (b"\x03", (1_000_000, 1)),
        (b"\x0c", (1, 1000)),
        (b"\x80", (1_000_000_000, 1)),
        (b"\x8a", (1_000_000_000 // 512, 2)),
        (b"\xa0", (1_953_125, 1 << 23)),
        (b"", (1000, 1)),
    ],
)
def test_an_interface_tells_its_resolution(order, resolution, ns_per_tick):
    """if_tsresol is a power of ten or of two; a tick is so many ns, exactly."""
    options = [] if resolution is None else [(9, resolution)]
    assert parse_interface(interface(order, 1, 0, options), order == "<").ns_per_tick == ns_per_tick


@both
def test_an_interface_tells_its_options(order):
    """Link type, snaplen, name, offset and checksum come from where the draft puts them."""
    packed = struct.pack(order + "q", -3600)
    made = interface(order, 113, 128, [(2, b"ens\xff3"), (9, b"\x09"), (14, packed), (13, b"\x04"), (0, b"")])
    assert parse_interface(made, order == "<") == Interface(113, 128, (1, 1), -3_600_000_000_000, "ens\ufffd3", 4)


@pytest.mark.parametrize(("option", "octets"), [(b"\x04", 4), (b"\x20", 4), (b"\x10", 2), (b"\x00", 0)])
def test_the_checksum_option_is_octets_or_bits(option, octets):
    """if_fcslen is bits by the draft's words and octets by its example: no link has eight octets or more."""
    assert parse_interface(interface(options=[(13, option)]), little=True).fcs_octets == octets


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        ([(4, 1000), (5, 7)], Statistics(3, 1000, 7)),
        ([(5, 7), (7, 5)], Statistics(3, None, 12)),
        ([(5, 0)], Statistics(3, None, 0)),
        ([(4, 9)], Statistics(3, 9, None)),
        ([], Statistics(3, None, None)),
    ],
)
@both
def test_drops_are_counted_or_unknown(order, counts, expected):
    """Drops of interface and system add up; what the block does not count is unknown, not zero."""
    assert parse_statistics(statistics(order, 3, counts), order == "<") == expected


@pytest.mark.parametrize("parse", [parse_interface, parse_statistics])
def test_a_block_too_short_is_a_value_error(parse):
    """A block that cannot hold its fields is refused with its length."""
    with pytest.raises(ValueError, match="of 12 octets"):
        parse(block("<", 1, b""), True)


@given(st.binary(max_size=80), st.booleans())
def test_any_octets_give_values_or_value_errors(body, little):
    """Whatever a block holds, parsing gives a value within int64 or a ValueError."""
    for parse in (parse_interface, parse_statistics):
        try:
            found = parse(block("<", 1, body), little)
        except ValueError:
            continue
        if isinstance(found, Interface):
            assert abs(found.offset_ns) < 1 << 63
            assert 0 < found.ns_per_tick[0] <= 1_000_000_000
            assert 0 < found.ns_per_tick[1] < 1 << 63
            assert 0 <= found.fcs_octets < 32


@given(st.binary(max_size=64))
def test_any_head_is_a_capture_or_a_source_error(head):
    """Whatever a file begins with, it is one of the layouts or a SourceError of one line."""
    try:
        said = sniff(head, "x").kind
    except SourceError as why:
        said = str(why)
    assert said.isprintable()


@given(orders, st.integers(0, 255), st.integers(-(1 << 63), (1 << 63) - 1))
def test_times_of_any_interface_fit_int64(order, resolution, offset):
    """The fraction and the offset that a kernel takes fit its registers, whatever the file claims."""
    options = [(9, bytes([resolution])), (14, struct.pack(order + "q", offset))]
    found = parse_interface(interface(order, options=options), order == "<")
    assert max(*found.ns_per_tick, abs(found.offset_ns)) < 1 << 63
