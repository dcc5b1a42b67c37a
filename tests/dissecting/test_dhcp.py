from hypothesis import given
from hypothesis import strategies as st

from analyzer.dissecting import dhcp, dissect
from analyzer.tables import Dhcp
from tests.builders.conversations import rows, told, udp

MAC = bytes.fromhex("00163e000001")


def message(kind, *options, op=1, yiaddr=b"\0\0\0\0", ciaddr=b"\0\0\0\0", magic=b"\x63\x82\x53\x63"):
    """RFC 2131 section 2: the fixed fields, the magic cookie, options, end."""
    fixed = (
        bytes([op, 1, 6, 0])
        + b"\x12\x34\x56\x78"
        + bytes(4)
        + ciaddr
        + yiaddr
        + bytes(8)
        + MAC
        + bytes(10)
        + bytes(192)
    )
    packed = b"".join(bytes([code, len(value)]) + value for code, value in ((53, bytes([kind])), *options))
    return fixed + magic + packed + b"\xff" + bytes(20)


def test_a_lease_becomes_two_rows():
    """RFC 2132: requested address, server, host name, routers, resolvers, NTP servers."""
    asked = message(3, (50, b"\x0a\x14\x1e\x0a"), (12, b"edge-1\0"), (54, b"\x0a\x14\x1e\x01"))
    given_ = message(
        5,
        (54, b"\x0a\x14\x1e\x01"),
        (3, b"\x0a\x14\x1e\x01"),
        (6, b"\x0a\x14\x1e\x01\x08\x08\x08\x08"),
        (42, b"\x0a\x14\x1e\x02"),
        op=2,
        yiaddr=b"\x0a\x14\x1e\x0a",
    )
    found = dissect(udp(asked, given_, orig_p=68, resp_p=67))
    assert told(found) == ("dhcp", "payload")
    first, second = rows(found, Dhcp)
    assert tuple(first.values()) == (
        7,
        1000,
        1,
        "REQUEST",
        "00:16:3e:00:00:01",
        "10.20.30.10",
        "",
        "10.20.30.1",
        "edge-1",
        (),
        (),
        (),
    )
    assert (
        second["message"],
        second["assigned"],
        second["routers"],
        second["resolvers"],
        second["ntp_servers"],
    ) == ("ACK", "10.20.30.10", ("10.20.30.1",), ("10.20.30.1", "8.8.8.8"), ("10.20.30.2",))


def test_an_option_given_in_parts_is_joined():
    """RFC 3396: resolvers may be split over two options."""
    found = dissect(udp(message(5, (6, b"\x08\x08\x08\x08"), (6, b"\x08\x08\x04\x04"), op=2), orig_p=67, resp_p=68))
    assert rows(found, Dhcp)[0]["resolvers"] == ("8.8.8.8", "8.8.4.4")


def test_bootp_has_no_row_and_other_ports_and_octets_are_not_dhcp():
    """A message without a type is BOOTP; without the cookie, or elsewhere, it is something else."""
    ports = {"orig_p": 68, "resp_p": 67}
    bootp = dissect(udp(message(1)[:240] + b"\xff", **ports))
    assert (told(bootp), bootp.rows) == (("dhcp", "payload"), ())
    assert dissect(udp(message(99), **ports)).rows == ()
    assert dissect(udp(message(1, magic=b"abcd"), **ports)) is None
    assert dissect(udp(message(1), orig_p=68, resp_p=6767)) is None
    assert dissect(udp(message(1, op=3), **ports)) is None


def test_hostile_names_and_lists_are_bounded():
    """A host name is one printable line; a list has sixteen addresses at most; a cut option is left out."""
    octets = message(1, (12, b"\x1b]0;x\x07"), (6, bytes(range(1, 253))))
    row = rows(dissect(udp(octets, orig_p=68, resp_p=67)), Dhcp)[0]
    assert (row["host_name"], len(row["resolvers"])) == ("\\x1b]0;x\\x07", 16)
    cut = message(1)[:243] + b"\x06\xff\x08\x08"
    assert rows(dissect(udp(cut, orig_p=68, resp_p=67)), Dhcp)[0]["resolvers"] == ()


@given(st.binary(max_size=120))
def test_any_options_never_raise(options):
    """Whatever stands behind the cookie, a row has one cell per column."""
    found = dhcp.dissect(udp(message(1)[:243] + options, orig_p=68, resp_p=67))
    assert all(len(row) == len(Dhcp._fields) for _, row in found.rows)
