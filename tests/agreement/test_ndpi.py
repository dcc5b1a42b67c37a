"""Our flows and services against nDPI's own expected outputs for the same captures (../shared/corpus/expected/ndpi)."""

from __future__ import annotations

import functools
import ipaddress
import re
from collections import Counter, defaultdict
from pathlib import Path
from typing import NamedTuple

import pytest

from analyzer.api import observe
from tests.builders.agreement import AS_MIRRORED

CORPUS = Path(__file__).parents[2].parent / "shared" / "corpus"
EXPECTED = CORPUS / "expected" / "ndpi"
OUTPUTS = sorted(EXPECTED.glob("*.out"))
pytestmark = pytest.mark.skipif(not OUTPUTS, reason="the public captures are not beside the project")

FLOW = re.compile(r"\t\d+\t(TCP|UDP) (\S+) (?:<->|->) (\S+) (.*)")
PROTOCOL = re.compile(r"\[proto: (?:GTP:|GRE:)?[\d.]+/([^\]]+)\]")
CONFIDENCE = re.compile(r"\[Confidence: ([^\]]*)\]")
PACKETS = re.compile(r"\[(\d+) pkts/\d+ bytes (?:<->|->) (\d+) pkts/\d+ bytes\]")
TRANSPORTS = {6: "TCP", 17: "UDP"}

# nDPI's name of the protocol on the wire (what stands before the dot: the service behind it is told by names) and ours.
# Names of applications (Zoom, Discord, ...) say nothing of the protocol and have no row.
SERVICES = {
    "AMQP": {"amqp"}, "ANSI_C1222": {"c12.22"}, "BACnet": {"bacnet"}, "BeckhoffADS": {"ads"}, "BGP": {"bgp"},
    "CIP": {"ethernet-ip"}, "COAP": {"coap"}, "DCERPC": {"profinet-cm", "dcerpc"}, "DHCP": {"dhcp"}, "DNS": {"dns"},
    "DTLS": {"dtls", "tls"}, "Dropbox": {"dropbox-lan"}, "FINS": {"fins"}, "FTPS": {"ftp"}, "FTP_CONTROL": {"ftp"},
    "GTP": {"gtp-u", "gtp-c", "gtp-prime"}, "HTTP": {"http"}, "HTTP_Connect": {"http"}, "HTTP_Proxy": {"http"},
    "HiSLIP": {"hislip"}, "IMAPS": {"tls"}, "ISO9506-1-MMS": {"mms"}, "JRMI": {"java-rmi"}, "KNXnet_IP": {"knxnet-ip"},
    "Kerberos": {"kerberos"}, "MDNS": {"mdns"}, "MQTT": {"mqtt"}, "Modbus": {"modbus"}, "MongoDB": {"mongodb"},
    "NTP": {"ntp"}, "Nats": {"nats"}, "NetBIOS": {"netbios-ns", "netbios-dgm", "netbios-ssn"},
    "NoMachine": {"nomachine"}, "OpenVPN": {"openvpn"}, "POPS": {"tls"}, "PPTP": {"pptp"},
    "PostgreSQL": {"postgresql", "tls"}, "QUIC": {"quic"}, "RTPS": {"rtps"}, "RTSP": {"rtsp"}, "Radmin": {"radmin"},
    "SIP": {"sip"}, "SMTP": {"smtp"}, "SMTPS": {"tls", "smtp"}, "SOCKS": {"socks"}, "SSDP": {"ssdp"}, "SSH": {"ssh"},
    "SRTP": {"srtp"}, "STUN": {"stun"}, "TFTP": {"tftp"}, "TLS": {"tls"}, "Tailscale": {"tailscale", "wireguard"},
    "TeamViewer": {"teamviewer"}, "WebSocket": {"http"}, "sFlow": {"sflow"},
}  # fmt: skip

# Why flows differ, and in which captures. What is not here fails.
FLOWS_DIFFER = {
    "link or tunnel: nDPI looks inside": {
        *("dtls.pcap",),
        *("false_positives.pcapng", "http_origin_different_than_host.pcap", "rtmp.pcap"),
        *("tls_change_cipher.pcap", "zoom.pcap"),
    },
    "first fragments shorter than their IP length: nDPI drops them, tshark has the same 93 conversations as we": {
        "badpackets.pcap"
    },
}
# Why services differ: (their name, ours) per capture.
SERVICES_DIFFER = {
    "CoAP on Dropbox's port: nDPI goes by the port, tshark reads CoAP": {("coap_mqtt.pcap", "Dropbox", "coap")},
    "a call begins as STUN and goes on as DTLS or SRTP: we name how a flow begins": {
        ("wa_voice.pcap", "SRTP", "stun"),
        ("whatsapp_login_call.pcap", "SRTP", "stun"),
    },
}
EXCUSED = {capture: cause for cause, captures in FLOWS_DIFFER.items() for capture in captures}
RENAMED = {row: cause for cause, rows in SERVICES_DIFFER.items() for row in rows}


class Talk(NamedTuple):
    """What one reading has of all flows between two ends: packets of each end, and names where it is certain."""

    packets: Counter
    names: set


def end(address, port):
    """An end in one way of writing."""
    return ipaddress.ip_address(address), int(port)


def read_end(text):
    """An end as nDPI writes it: 192.0.2.1:80 or [2001:db8::1]:80."""
    address, _, port = text.rpartition(":")
    return end(address.strip("[]"), port)


def read_output(path):
    """The TCP and UDP flows of an output, by transport and both ends."""
    talks = defaultdict(lambda: Talk(Counter(), set()))
    for line in path.read_text(errors="replace").splitlines():
        flow = FLOW.match(line)
        if not flow:
            continue
        one, other = read_end(flow[2]), read_end(flow[3])
        talk = talks[flow[1], frozenset({one, other})]
        counts = PACKETS.search(flow[4])
        talk.packets.update({one: int(counts[1])})
        talk.packets.update({other: int(counts[2])})
        if CONFIDENCE.search(flow[4])[1].startswith("DPI"):
            talk.names.add(PROTOCOL.search(flow[4])[1].partition(".")[0])
    return dict(talks)


@functools.cache
def ours(capture):
    """Our flows of a capture, by transport and both ends."""
    path = next(path for path in CORPUS.glob(f"*/**/ndpi--{capture}") if EXPECTED not in path.parents)
    flows = observe([str(path)], settings=AS_MIRRORED).flows
    talks = defaultdict(lambda: Talk(Counter(), set()))
    for row in zip(
        *(flows.proto, flows.orig_h, flows.orig_p, flows.resp_h, flows.resp_p, flows.orig_packets, flows.resp_packets),
        *(flows.service, flows.certainty),
        strict=True,
    ):
        if row[0] in TRANSPORTS:
            one, other = end(row[1], row[2]), end(row[3], row[4])
            talk = talks[TRANSPORTS[int(row[0])], frozenset({one, other})]
            talk.packets.update({one: int(row[5])})
            talk.packets.update({other: int(row[6])})
            if row[8] in {"payload", "partial"}:
                talk.names.add(row[7])
    return dict(talks)


@pytest.mark.parametrize("output", OUTPUTS, ids=lambda path: path.stem)
def test_flows_agree(output):
    """The same conversations with the same packets of each end, or a known cause why not, which must still hold."""
    capture = output.name.removesuffix(".out")
    theirs = {key: talk.packets for key, talk in read_output(output).items()}
    mine = {key: talk.packets for key, talk in ours(capture).items()}
    if capture in EXCUSED:
        if mine == theirs:
            pytest.fail(f"agrees now; strike it from the table: {EXCUSED[capture]}")
        return
    assert mine == theirs


@pytest.mark.parametrize("output", OUTPUTS, ids=lambda path: path.stem)
def test_services_agree(output):
    """Where both say by payload what a conversation is, they say the same, or for a known cause still do not."""
    capture = output.name.removesuffix(".out")
    theirs = read_output(output)
    wrong = set()
    for key, talk in ours(capture).items():
        known = {name for name in theirs.get(key, Talk(Counter(), set())).names if name in SERVICES}
        wanted = set().union(*(SERVICES[name] for name in known))
        if known and talk.names and not wanted & talk.names:
            wrong |= {(capture, name, service) for name in known for service in talk.names}
    assert wrong == {row for row in RENAMED if row[0] == capture}


def test_all_rows_of_the_tables_are_of_captures():
    """Each row names an output that is there, and a service that nDPI's name does not mean anyway."""
    names = {path.name.removesuffix(".out") for path in OUTPUTS}
    assert set(EXCUSED) <= names
    assert {capture for capture, _, _ in RENAMED} <= names
    assert not any(service in SERVICES[name] for _, name, service in RENAMED)


def test_most_conversations_are_named_alike():
    """Of the conversations that nDPI names by a protocol of the mapping, at least four of five have that name here."""
    same = named = 0
    for output in OUTPUTS:
        talks = ours(output.name.removesuffix(".out"))
        for key, talk in read_output(output).items():
            wanted = set().union(*(SERVICES.get(name, set()) for name in talk.names))
            if wanted and key in talks:
                named += 1
                same += bool(wanted & talks[key].names)
    assert same >= 0.8 * named > 400
