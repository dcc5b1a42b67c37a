"""What a segment tells of its sender."""

from __future__ import annotations

import ipaddress

import pytest

from analyzer.kernels import flows as fl
from analyzer.metering.flows import finish
from tests.builders import frames as fr
from tests.builders.captures import Shot
from tests.builders.sweeping import swept
from tests.oracle.flows import folded, sum_of

ENDS = {4: ("10.0.0.1", "192.0.2.7"), 6: ("fd00::1", "2001:db8::7")}


def summed(version, proto, body, *, partial=False):
    """A transport with its checksum, or with that of the pseudo header alone."""
    at = 16 if proto == fr.TCP else 6
    ends = b"".join(ipaddress.ip_address(one).packed for one in ENDS[version])
    total = sum_of(ends) + len(body) + proto + (0 if partial else sum_of(body))
    value = folded(total) if partial else ~folded(total) & 0xFFFF
    return body[:at] + value.to_bytes(2, "big") + body[at + 2 :]


def counters(version, proto, body):
    """Checksums computed, wrong ones and partial ones of one packet."""
    sweep = swept([Shot(0, fr.linked(fr.ip(*ENDS[version], proto, body)))])
    return tuple(sweep.counter(which) for which in (fl.CHECKSUMS, fl.BAD_CHECKSUMS, fl.PARTIAL_CHECKSUMS))


@pytest.mark.parametrize("version", [4, 6])
@pytest.mark.parametrize("payload", [b"", b"odd", b"even"])
def test_checksums_are_right_wrong_or_partial(version, payload):
    """RFC 1071 over the pseudo header and all octets; offload leaves the pseudo header's sum."""
    for proto, body in ((fr.TCP, fr.tcp(40000, 443, payload=payload)), (fr.UDP, fr.udp(40000, 9, payload))):
        right = summed(version, proto, body)
        assert counters(version, proto, right) == (1, 0, 0)
        assert counters(version, proto, right[:-1] + bytes([right[-1] ^ 4])) == (1, 1, 0)
        assert counters(version, proto, summed(version, proto, body, partial=True)) == (1, 1, 1)


def test_a_datagram_without_checksum_has_none():
    """RFC 768: zero says that the sender computed none."""
    assert counters(4, fr.UDP, fr.udp(40000, 9, b"x")) == (0, 0, 0)


def syn(options, payload=b""):
    """A SYN with options."""
    options += b"\0" * (-len(options) % 4)
    body = fr.tcp(40000, 443, flags=fr.SYN, options=options, payload=payload)
    return Shot(0, fr.linked(fr.ipv4(*ENDS[4], fr.TCP, body)))


@pytest.mark.parametrize(
    ("options", "mss"),
    [
        (b"\2\4\5\xb4", 1460),
        (b"\1\1\2\4\5\xb4", 1460),
        (b"\3\3\7\1\2\4\2\x18", 536),
        (b"", -1),
        (b"\0\2\4\5\xb4", -1),
        (b"\2\0\5\xb4", -1),
        (b"\x08\x0a" + b"\0" * 8, -1),
    ],
)
def test_the_mss_is_read_from_the_options(options, mss):
    """RFC 9293 section 3.2; what is damaged ends the reading."""
    assert finish(swept([syn(options)]).tables).orig_mss.tolist() == [mss]


def test_a_segment_larger_than_its_receiver_takes_was_joined():
    """The recorder's network card hands over several as one."""
    answer = fr.tcp(443, 40000, flags=fr.SYN | fr.ACK, options=b"\2\4\5\xb4")
    large = fr.tcp(40000, 443, seq=1, payload=b"x" * 2920)
    sent = [syn(b"\2\4\5\xb4"), Shot(1, fr.linked(fr.ipv4(*ENDS[4][::-1], fr.TCP, answer)))]
    sent += [Shot(2, fr.linked(fr.ipv4(*ENDS[4], fr.TCP, large)))]
    assert swept(sent).counter(fl.SUPER_FRAMES) == 1
    assert swept(sent[:2]).counter(fl.SUPER_FRAMES) == 0


def test_prints_tell_payloads_apart():
    """The same payload has the same print in every run; another one has another."""
    prints = [
        finish(swept([Shot(0, fr.linked(fr.ipv4(*ENDS[4], fr.UDP, fr.udp(1, 9, payload))))]).tables).orig_print[0]
        for payload in (b"a" * 48, b"a" * 48, b"a" * 47 + b"b", b"a" * 7, b"")
    ]
    assert prints[0] == prints[1]
    assert len(set(prints)) == 4
    assert prints[-1] == 0
