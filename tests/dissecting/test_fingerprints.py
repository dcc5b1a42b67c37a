"""JA3, JA3S and JA4 of lists are those of the methods' own examples."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.dissecting.fingerprints import Lists, ja3, ja3s, ja4, numbers, read_lists


def octets(text, base=16):
    """Numbers of two octets each, written with commas or dashes between."""
    return b"".join(int(one, base).to_bytes(2, "big") for one in text.replace("-", ",").split(",") if one)


SPECIFIED = Lists(
    version=0x0303,
    ciphers=octets("1301,1302,1303,c02b,c02f,c02c,c030,cca9,cca8,c013,c014,009c,009d,002f,0035"),
    extensions=octets("001b,0000,0033,0010,4469,0017,002d,000d,0005,0023,0012,002b,ff01,000b,000a,0015"),
    groups=octets("001d,0017,0018"),
    algorithms=octets("0403,0804,0401,0503,0805,0501,0806,0601"),
    versions=octets("0304,0303"),
    formats=b"\0",
    protocol=b"h2",
)
"""The example of FoxIO's technical_details/JA4.md."""


@pytest.mark.parametrize(
    ("version", "ciphers", "extensions", "groups", "formats", "digest"),
    [
        (769, "47-53-5-10-49161-49162-49171-49172-50-56-19-4", "0-10-11", "23-24-25", b"\0",
         "ada70206e40642a3e4461f35503241d5"),
        (769, "4-5-10-9-100-98-3-6-19-18-99", "", "", b"", "de350869b8c85de67a350c8d186f11e6"),
    ],
)  # fmt: skip
def test_ja3_is_that_of_salesforces_examples(version, ciphers, extensions, groups, formats, digest):
    """README of github.com/salesforce/ja3, with and without extensions."""
    parts = (octets(ciphers, 10), octets(extensions, 10), octets(groups, 10))
    assert ja3(Lists(version, *parts, b"", b"", formats, b"")) == digest


def test_ja3s_is_the_digest_of_what_salesforce_has_it_of():
    """README of github.com/salesforce/ja3: version, suite and extensions, also where there are none."""
    told = hashlib.md5(b"769,47,65281-0-11-35-5-16", usedforsecurity=False).hexdigest()
    assert ja3s(octets("769-47-65281-0-11-35-5-16", 10)) == told
    assert ja3s(octets("769-47", 10)) == hashlib.md5(b"769,47,", usedforsecurity=False).hexdigest()


def test_ja4_is_that_of_foxios_example():
    """technical_details/JA4.md, section "Example"."""
    assert ja4(SPECIFIED, "t") == "t13d1516h2_8daaf6152771_e5627efa2ab1"
    assert ja4(SPECIFIED, "q")[0] == "q"


def test_without_algorithms_nothing_is_appended():
    """technical_details/JA4.md, section "Extension hash"."""
    assert ja4(SPECIFIED._replace(algorithms=b""), "t").endswith("_6d807ffa2a79")


def test_empty_lists_are_twelve_zeros():
    """technical_details/JA4.md: a digest of nothing would hide that there was nothing."""
    bare = Lists(0x0301, b"", b"", b"", b"", b"", b"", b"")
    assert ja4(bare, "t") == "t10i000000_000000000000_000000000000"
    named = bare._replace(extensions=octets("0000,0010"), protocol=b"h2")
    assert ja4(named, "t") == "t10d0002h2_000000000000_000000000000"


@pytest.mark.parametrize(
    ("protocol", "shown"),
    [
        (b"", "00"), (b"h2", "h2"), (b"http/1.1", "h1"), (b"h", "hh"), (b"\xab", "ab"), (b"\xab\xcd", "ad"),
        (b"\x30\xab", "3b"), (b"\x30\x31\xab\xcd", "3d"), (b"\x30\xab\xcd\x31", "01"), (b"_x", "58"),
    ],
)  # fmt: skip
def test_the_first_protocol_is_shown_by_its_ends(protocol, shown):
    """technical_details/JA4.md, section "ALPN Extension Value": hex digits where an end is no letter or digit."""
    assert ja4(SPECIFIED._replace(protocol=protocol), "t")[8:10] == shown


@pytest.mark.parametrize(
    ("versions", "legacy", "shown"),
    [
        ("0304,0303", 0x0303, "13"), ("", 0x0302, "11"), ("", 0x0300, "s3"), ("", 2, "s2"), ("", 0xFEFF, "d1"),
        ("", 0xFEFD, "d2"), ("fefc", 0xFEFD, "d3"), ("7f1c", 0x0303, "00"), ("", 0x0100, "00"),
    ],
)  # fmt: skip
def test_the_version_is_the_highest_offered(versions, legacy, shown):
    """supported_versions count before the hello's own version; what JA4 has no name for is 00."""
    assert ja4(SPECIFIED._replace(version=legacy, versions=octets(versions)), "t")[1:3] == shown


def test_counts_end_at_99():
    """technical_details/JA4.md: more than 99 are 99."""
    many = octets(",".join(f"{k:04x}" for k in range(300, 450)))
    assert ja4(SPECIFIED._replace(ciphers=many, extensions=many), "t")[4:8] == "9999"


@given(st.lists(st.binary(max_size=20).map(lambda part: part[: len(part) & ~1]), min_size=7, max_size=7))
def test_lists_come_back_as_they_were_written(parts):
    """Each list stands behind its length."""
    written = b"\3\3" + b"".join(len(part).to_bytes(2, "big") + part for part in parts)
    assert read_lists(written) == Lists(0x0303, *parts)
    assert numbers(parts[0]) == tuple(int.from_bytes(parts[0][at : at + 2], "big") for at in range(0, len(parts[0]), 2))


def test_a_long_list_is_read_as_a_short_one_is():
    """What is too long to be remembered has the same fingerprint each time."""
    long = SPECIFIED._replace(ciphers=octets(",".join(f"{k:04x}" for k in range(1, 2000))))
    assert ja4(long, "t") == ja4(long, "t") != ja4(SPECIFIED, "t")
    assert ja3(long) == ja3(long)
