"""Datagrams with other names and addresses."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scapy.layers.dhcp import BOOTP, DHCP
from scapy.layers.dns import DNS, DNSQR, DNSRR, DNSRROPT, DNSRRSOA, DNSRRSRV, EDNS0TLV

from analyzer.extracting.disguise import Disguise
from analyzer.extracting.messages import READERS, dhcp, dns, ntp
from analyzer.rulepack import shipped

DISGUISE = Disguise(b"key", shipped())


def other(name):
    """The name that stands for one, as scapy has it."""
    return DISGUISE.name(name.encode()) + b"."


def test_names_and_addresses_of_dns_are_others():
    """In questions, answers and their data, compressed or not; texts are gone, times to live stay."""
    answers = [
        DNSRR(rrname="erp.zwieback.example", type="CNAME", rdata="db.zwieback.example", ttl=77),
        DNSRR(rrname="db.zwieback.example", rdata="10.7.0.21"),
        DNSRR(rrname="db.zwieback.example", type="AAAA", rdata="fd00::7"),
        DNSRR(rrname="db.zwieback.example", type="TXT", rdata="hemlig"),
        DNSRRSRV(rrname="_x._tcp.zwieback.example", target="db.zwieback.example", port=5),
        DNSRRSOA(rrname="zwieback.example", mname="ns.zwieback.example", rname="joe.zwieback.example"),
    ]
    packet = DNS(
        id=5,
        qr=1,
        qd=DNSQR(qname="erp.zwieback.example"),
        an=answers,
        ar=[DNSRROPT(rdata=[EDNS0TLV(optcode=8, optdata=b"hemlig")])],
    )
    for octets in (bytes(packet), bytes(packet.compress())):
        made = dns(octets, DISGUISE)
        assert len(made) == len(octets)
        for gone in (b"zwieback", b"hemlig", b"joe", bytes([10, 7, 0, 21])):
            assert gone not in made
        read = DNS(made)
        assert read.qd[0].qname == other("erp.zwieback.example")
        assert (read.an[0].rrname, read.an[0].rdata, read.an[0].ttl) == (
            other("erp.zwieback.example"),
            other("db.zwieback.example"),
            77,
        )
        assert read.an[1].rdata == ".".join(map(str, DISGUISE.address(bytes([10, 7, 0, 21]))))
        assert read.an[4].target == other("db.zwieback.example")


def test_documented_names_stay_however_they_are_compressed():
    """Their domains with them, where those come first."""
    packet = DNS(
        qr=1, qd=DNSQR(qname="machinemetrics.com"), an=[DNSRR(rrname="api.machinemetrics.com", rdata="1.2.3.4")]
    )
    made = DNS(dns(bytes(packet.compress()), DISGUISE))
    assert (made.qd[0].qname, made.an[0].rrname) == (b"machinemetrics.com.", b"api.machinemetrics.com.")


def test_of_dhcp_types_times_and_other_addresses_stay():
    """No names, no vendor, another MAC."""
    options = [
        ("message-type", "ack"), ("hostname", "erp-lathe"), ("router", "10.7.0.1", "10.7.0.2"), ("lease_time", 600),
        ("vendor_class_id", "hemlig"), ("client_id", b"\1\x00\x16\x3e\0\0\x10"), ("subnet_mask", "255.255.255.0"),
        "end",
    ]  # fmt: skip
    packet = BOOTP(
        op=2, yiaddr="10.7.0.21", chaddr=bytes.fromhex("00163e000010"), sname=b"hemlig", file=b"hemlig"
    ) / DHCP(options=options)
    made = dhcp(bytes(packet), DISGUISE)
    assert len(made) == len(bytes(packet))
    for gone in (b"hemlig", b"lathe", bytes([10, 7, 0]), bytes.fromhex("00163e0000")):
        assert gone not in made
    read = BOOTP(made)
    told = {option[0]: option[1:] for option in read[DHCP].options if isinstance(option, tuple)}
    assert (told["message-type"], told["lease_time"], told["subnet_mask"]) == ((5,), (600,), ("255.255.255.0",))
    assert told["client_id"][0][1:] == read.chaddr[:6] == DISGUISE.mac(bytes.fromhex("00163e000010"))
    assert len(told["router"]) == 2


def test_of_ntp_all_stays_but_the_server_asked_and_keys():
    """RFC 5905 section 7.3: the reference of a secondary server is the address of another one."""
    made = ntp(b"\x24\2" + bytes(10) + bytes([10, 7, 0, 21]) + bytes(32) + b"\0\0\0\7hemlighemlighem!", DISGUISE)
    assert made[12:16] == DISGUISE.address(bytes([10, 7, 0, 21]))
    assert b"hemlig" not in made
    assert len(made) == 68
    control = b"\x26\2" + bytes(8) + b"\0\6"
    assert ntp(control + b"hemlig\0\0", DISGUISE) == control + bytes(8)


@pytest.mark.parametrize(
    ("service", "octets"),
    [
        ("ntp", b"cassword=hunter2&user=admin;token=ABCDEFGHIJKLMNOPQRSTUVWXYZ"),
        ("ntp", b"\x26hemlighemlighemlig"),
        ("dns", b"secretsecre" + bytes(6) + b"tokenTOKEN1234567"),
        ("dns", b"hemlig"),
        ("dns", b"\0\7\1\0" + bytes(8) + b"hemlig"),
        ("dns", b"\0\7\1\0\0\1" + bytes(6) + b"\6hemlig\0\0\1hemlig"),
        ("dns", b"\0\7\1\0\0\1" + bytes(6) + b"\6hemlig\0\0\1"),
        ("mdns", b"\0\0\x84\0\0\0\0\1" + bytes(4) + b"hemlighemlighemlighemlig"),
        ("dhcp", b"hemlig" + bytes(230) + b"\x63\x82\x53\x63hemlig"),
    ],
)
def test_what_is_no_message_is_not_kept(service, octets):
    """Whatever else the flow that it is in says."""
    assert READERS[service](octets, DISGUISE) is None


def test_of_a_message_that_is_cut_the_whole_records_are_kept():
    """As far as it goes."""
    packet = DNS(id=5, qr=1, qd=DNSQR(qname="a.example"), an=[DNSRR(rrname="b.example", rdata="10.7.0.21", ttl=77)])
    whole = bytes(packet)
    made = dns(whole[:-2], DISGUISE)
    question = 12 + 11 + 4
    assert made[:question] == dns(whole, DISGUISE)[:question]
    assert made[question:] == bytes(len(whole) - 2 - question)


@pytest.mark.parametrize("service", READERS)
@given(
    octets=st.binary(max_size=400),
    head=st.sampled_from([b"", b"\0\0\1\0\0\1\0\1\0\1\0\1", b"\1\1\6\0" + bytes(232) + b"\x63\x82\x53\x63"]),
)
def test_any_octets_are_as_many_afterwards(service, octets, head):
    """Whatever they are, nothing is raised."""
    made = READERS[service](head + octets, DISGUISE)
    assert made is None or len(made) == len(head + octets)
