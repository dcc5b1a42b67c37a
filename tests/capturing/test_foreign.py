"""Tests of analyzer/capturing/foreign.py."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.capturing.foreign import MAGICS, seems

ETL = struct.pack("<II", 65536, 4096) + bytes(40) + struct.pack("<I", 4096) + bytes(12)


@pytest.mark.parametrize(
    ("head", "said"),
    [
        (b"", "is empty"),
        (b"No.,Time,Source\n1,0.0,10.0.0.1\n", "text2pcap"),
        (b"\xff\xfeN\0o\0", "is no capture but text"),
        (b"\xef\xbb\xbf<!DOCTYPE html><html>", "web page"),
        (b"  <html>", "web page"),
        (b"<?xml version='1.0'?>", "XML"),
        (b'[{"_index": "packets"}]', "JSON"),
        (b"PK\x03\x04" + bytes(60), "ZIP archive"),
        (b"snoop\0\0\0" + bytes(8), "tshark -r X -w Y.pcapng"),
        (b"GMBU\0\x02" + bytes(50), "Network Monitor 2"),
        (ETL, "etl2pcapng"),
        (bytes(64), "begins with zeros"),
        (bytes(range(1, 65)), "if Wireshark opens it"),
        (b"version https://git-lfs.github.com/spec/v1\n", "git lfs pull"),
    ],
)
def test_a_file_is_told_by_its_first_octets(head, said):
    """What is no capture is named for what it seems to be, with the way to convert it where there is one."""
    assert said in seems(head)


@pytest.mark.parametrize("magic", [magic for magic, _ in MAGICS])
def test_each_magic_is_reached(magic):
    """No magic hides behind another one, nor behind what looks like text."""
    assert seems(magic + bytes(32)).endswith(dict(MAGICS)[magic])


@given(st.binary(max_size=64))
def test_any_octets_get_one_harmless_line(head):
    """The answer is one line of printable ASCII, whatever the file holds."""
    line = seems(head)
    assert line.isascii()
    assert line.isprintable()
