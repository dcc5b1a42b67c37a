"""A site that says in the clear what nobody else is to know, in many protocols, on the wire as frames."""

from __future__ import annotations

import base64
import datetime as dt
import itertools
from collections.abc import Iterator

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from scapy.layers.dhcp import BOOTP, DHCP
from scapy.layers.dns import DNS, DNSQR, DNSRR
from scapy.layers.inet import ICMP, IP, TCP, UDP, IPOption_RR, fragment
from scapy.layers.inet6 import ICMPv6ND_NS, ICMPv6NDOptSrcLLAddr, IPv6
from scapy.layers.l2 import ARP, GRE, Dot1Q, Ether
from scapy.layers.vxlan import VXLAN
from scapy.packet import Packet, Raw

from tests.builders.captures import Shot, pcapng

CLIENT, SERVER, ABROAD = "10.83.117.42", "10.83.117.201", "185.77.213.9"
CLIENT6, SERVER6 = "fd5e:77a1:9c3::42", "2a0d:5941:77::9"
ADDRESSES = (CLIENT, SERVER, ABROAD, CLIENT6, SERVER6)
MACS = ("00:16:3e:5a:b7:42", "00:16:3e:5a:b7:99")
DOMAIN, HOST = "zwieback-foundry.example", "erp-lathe77"
NAME = f"{HOST}.{DOMAIN}"
USER, PASSWORD, TOKEN = "okonkwo", "Gr3nz!wert~Q", "eyJhbGciOiJIUzI1NiJ9qX7"
WORDS = ("zwieback", "foundry", "lathe77", USER, "Gr3nz", "wert~Q", TOKEN, "eyJhbGci", "hemlig", "Ljungqvist")
"""What stands nowhere in what is handed on, whatever its letters' case."""

BASIC = base64.b64encode(f"{USER}:{PASSWORD}".encode())
PLAIN = base64.b64encode(f"\0{USER}\0{PASSWORD}".encode())
NETBIOS = b"".join(bytes([65 + (octet >> 4), 65 + (octet & 15)]) for octet in f"{HOST.upper():15}\0".encode())
"""A name as RFC 1002 section 4.1 has it."""

SECRETS = tuple(
    octets.lower()
    for octets in (
        *(word.encode() for word in WORDS),
        *(word.encode("utf-16-le") for word in WORDS),
        *(BASIC, PLAIN, NETBIOS[8:22]),
    )
)

Said = tuple[str, bytes]


def told(text: str) -> bytes:
    """Text with what is secret in its places."""
    places = {"NAME": NAME, "DOMAIN": DOMAIN, "USER": USER, "PASSWORD": PASSWORD, "TOKEN": TOKEN, "CLIENT": CLIENT}
    places |= {"SERVER": SERVER, "BASIC": BASIC.decode(), "PLAIN": PLAIN.decode()}
    for place, what in places.items():
        text = text.replace(f"<{place}>", what)
    return text.replace("\n", "\r\n").encode()


def sized(octets: bytes) -> bytes:
    """Octets behind their length in two."""
    return len(octets).to_bytes(2, "big") + octets


def hello(name: str = NAME) -> bytes:
    """A ClientHello with a name, a ticket, a cookie and a key that was agreed before."""
    entry = b"\0" + sized(name.encode())
    offered = sized(sized(f"{USER}@{NAME}".encode()) + bytes(4)) + sized(b"\x20" + bytes(range(32)))
    extensions = b"".join(
        kind.to_bytes(2, "big") + sized(held)
        for kind, held in (
            (0, sized(entry)),
            (10, b"\0\x02\0\x1d"),
            (43, b"\x02\x03\x04"),
            (35, TOKEN.encode()),
            (44, sized(TOKEN.encode())),
            (0xABCD, PASSWORD.encode()),
            (41, offered),
        )
    )
    body = b"\x03\x03" + bytes(range(32)) + b"\0" + sized(b"\x13\x01\xc0\x2f") + b"\x01\0" + sized(extensions)
    message = b"\x01" + len(body).to_bytes(3, "big") + body
    return b"\x16\x03\x01" + sized(message)


def certified(name: str = NAME) -> bytes:
    """A ServerHello of TLS 1.2 and a certificate of the site's own authority."""
    key = ec.derive_private_key(0x1234567, ec.SECP256R1())
    whom = [(NameOID.COMMON_NAME, name), (NameOID.ORGANIZATION_NAME, "Zwieback Foundry"), (NameOID.EMAIL_ADDRESS, USER)]
    subject = x509.Name([x509.NameAttribute(oid, text) for oid, text in whom])
    issuer = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Ljungqvist Root, Hemlig")])
    begin = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    made = x509.CertificateBuilder(issuer, subject, key.public_key(), 7, begin, begin + dt.timedelta(90))
    made = made.add_extension(x509.SubjectAlternativeName([x509.DNSName(name), x509.DNSName(DOMAIN)]), critical=False)
    der = made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.DER)
    chain = len(der).to_bytes(3, "big") + der
    held = len(chain).to_bytes(3, "big") + chain
    server = b"\x03\x03" + bytes(32) + b"\0" + b"\xc0\x2f" + b"\0" + sized(b"")
    messages = ((2, server), (11, held), (14, b""))
    octets = b"".join(bytes([kind]) + len(body).to_bytes(3, "big") + body for kind, body in messages)
    return b"\x16\x03\x03" + sized(octets)


def mqtt() -> bytes:
    """A CONNECT with client id, user and password."""
    held = [sized(text.encode()) for text in (f"{HOST}-{TOKEN}", USER, PASSWORD)]
    body = b"\0\x04MQTT\x04\xc2\0\x3c" + b"".join(held)
    return b"\x10" + bytes([len(body)]) + body


def ber(tag: int, *held: bytes) -> bytes:
    """A value as SNMP and LDAP have it."""
    octets = b"".join(held)
    return bytes([tag, len(octets)]) + octets


SNMP = ber(
    0x30,
    ber(2, b"\x01"),
    ber(4, PASSWORD.encode()),
    ber(0xA0, ber(2, b"\x01"), ber(2, b"\0"), ber(2, b"\0"), ber(0x30, ber(0x30, ber(6, b"\x2b\6\1\2\1"), ber(5)))),
)
LDAP = ber(0x30, ber(2, b"\1"), ber(0x60, ber(2, b"\3"), ber(4, f"cn={USER}".encode()), ber(0x80, PASSWORD.encode())))
SOCKS = b"\x05\x01\x02", b"\x01" + bytes([len(USER)]) + USER.encode() + bytes([len(PASSWORD)]) + PASSWORD.encode()
REACH = b"\x05\x01\0\x03" + bytes([len(NAME)]) + NAME.encode() + b"\x01\xbb"

STREAMS: tuple[tuple[int, tuple[Said, ...]], ...] = (
    (
        80,
        (
            (
                "c",
                told(
                    "GET /people/<USER>/<TOKEN>?key=<PASSWORD> HTTP/1.1\nHost: <NAME>\nAuthorization: Basic <BASIC>\n"
                    "Cookie: sid=<TOKEN>\nUser-Agent: Hemlig/1 (<USER>)\nX-Api-Key: <TOKEN>\n"
                    "X-Zwieback-Foundry: <USER>\n"
                    "Referer: http://<USER>:<PASSWORD>@<NAME>/<USER>\n\n"
                ),
            ),
            (
                "s",
                told(
                    "HTTP/1.1 302 Hemlig\nServer: Hemlig/<USER>\nSet-Cookie: sid=<TOKEN>\nLocation: https://<NAME>/"
                    "<USER>?t=<TOKEN>\nContent-Type: a/html; boundary=<TOKEN>\n\n<title>Hemlig: <USER></title><p>"
                ),
            ),
        ),
    ),
    (
        3128,
        (
            ("c", told("CONNECT <NAME>:443 HTTP/1.1\nHost: <NAME>:443\nProxy-Authorization: Basic <BASIC>\n\n")),
            ("s", told("HTTP/1.1 200 OK\nVia: 1.1 <NAME>\n\n")),
            ("c", hello()),
            ("s", certified()),
        ),
    ),
    (443, (("c", hello()), ("s", certified()))),
    (443, (("c", hello("api.machinemetrics.com")), ("s", certified()))),
    (21, (("s", told("220 <NAME> FTP\n")), ("c", told("USER <USER>\nPASS <PASSWORD>\n")), ("s", told("230 <USER>\n")))),
    (
        25,
        (
            ("s", told("220 <NAME> ESMTP\n")),
            ("c", told("EHLO <NAME>\n")),
            ("s", told("250-<NAME>\n250 AUTH PLAIN\n")),
            ("c", told("AUTH PLAIN <PLAIN>\nMAIL FROM:<<USER>@<DOMAIN>>\n")),
        ),
    ),
    (110, (("s", told("+OK <NAME>\n")), ("c", told("USER <USER>\nPASS <PASSWORD>\n")))),
    (143, (("s", told("* OK <NAME> IMAP4rev1\n")), ("c", told("a1 LOGIN <USER> <PASSWORD>\n")))),
    (23, (("s", b"\xff\xfd\x18\xff\xfb\x01" + told("<NAME> login: ")), ("c", told("<USER>\n<PASSWORD>\n")))),
    (6379, (("c", told("*2\n$4\nAUTH\n$12\n<PASSWORD>\n")), ("s", told("+OK\n")))),
    (1883, (("c", mqtt()), ("s", b"\x20\x02\0\0"))),
    (1080, (("c", SOCKS[0]), ("s", b"\x05\x02"), ("c", SOCKS[1]), ("s", b"\x01\0"), ("c", REACH))),
    (389, (("c", LDAP), ("s", ber(0x30, ber(2, b"\1"), ber(0x61, b"\x0a\1\0\4\0\4\0"))))),
    (5060, (("c", told("REGISTER sip:<NAME> SIP/2.0\nFrom: <sip:<USER>@<NAME>>\nAuthorization: Digest <TOKEN>\n\n")),)),
    (22, (("s", told("SSH-2.0-Hemlig_<USER>\n")), ("c", told("SSH-2.0-<TOKEN>\n")))),
    (
        4222,
        (
            ("s", told('INFO {"server_name":"<NAME>"} \n')),
            ("c", told('CONNECT {"user":"<USER>","pass":"<PASSWORD>"}\n')),
        ),
    ),
    (53, (("c", sized(bytes(DNS(id=7, qd=DNSQR(qname=NAME))))),)),
    (4444, (("c", told("<USER> <PASSWORD> <TOKEN> <NAME>")), ("s", told("<CLIENT> <SERVER>")))),
)
DATAGRAMS: tuple[tuple[int, bytes], ...] = (
    (161, SNMP),
    (514, told("<34>Oct 11 22:14:15 <NAME> su: <USER> <PASSWORD> from <CLIENT>")),
    (69, b"\0\x01" + told("<USER>-<TOKEN>") + b"\0octet\0"),
    (137, b"\0\7\1\x10\0\1\0\0\0\0\0\0\x20" + NETBIOS + b"\0\0\x20\0\1"),
    (1900, told("M-SEARCH * HTTP/1.1\nHost: <NAME>:1900\nST: <TOKEN>\n\n")),
    (5353, bytes(DNS(qd=DNSQR(qname=f"{HOST} {USER}._ipp._tcp.local")))),
    (5355, bytes(DNS(id=3, qd=DNSQR(qname=HOST)))),
    (5060, told("REGISTER sip:<NAME> SIP/2.0\nFrom: <sip:<USER>@<NAME>>\nAuthorization: Digest <TOKEN>\n\n")),
    (4445, told("<USER> <PASSWORD> <TOKEN> <NAME>")),
    (1812, b"\x01\x07\0\x2e" + bytes(16) + b"\x01" + bytes([len(USER) + 2]) + USER.encode() + PASSWORD.encode()),
)


def packets() -> Iterator[Packet]:
    """All that is said, packet by packet."""
    ether = Ether(src=MACS[0], dst=MACS[1])
    ports = itertools.count(41000)
    secret = Raw(told("<USER> <PASSWORD> <NAME>"))
    for port, said in STREAMS:
        yield from _stream(next(ports), port, said)
    for port, octets in DATAGRAMS:
        yield ether / IP(src=CLIENT, dst=SERVER) / UDP(sport=next(ports), dport=port) / Raw(octets)
    names = [DNSRR(rrname=NAME, rdata=SERVER), DNSRR(rrname=NAME, type="TXT", rdata=TOKEN)]
    yield ether / IP(src=CLIENT, dst="8.8.8.8") / UDP(sport=5151, dport=53) / DNS(id=9, qd=DNSQR(qname=NAME))
    answer = DNS(id=9, qr=1, qd=DNSQR(qname=NAME), an=names)
    yield Ether(src=MACS[1], dst=MACS[0]) / IP(src="8.8.8.8", dst=CLIENT) / UDP(sport=53, dport=5151) / answer
    options = [("message-type", "request"), ("hostname", HOST), ("requested_addr", CLIENT), ("vendor_class_id", USER)]
    asked = BOOTP(chaddr=bytes.fromhex(MACS[0].replace(":", "")), ciaddr=CLIENT, sname=NAME) / DHCP(
        options=[*options, "end"]
    )
    yield (
        Ether(src=MACS[0], dst="ff:ff:ff:ff:ff:ff")
        / IP(src=CLIENT, dst="255.255.255.255")
        / UDP(sport=68, dport=67)
        / asked
    )
    yield Ether(src=MACS[0], dst="ff:ff:ff:ff:ff:ff") / ARP(hwsrc=MACS[0], psrc=CLIENT, pdst=SERVER)
    yield Ether(src=MACS[0], dst="01:80:c2:00:00:0e", type=0x88CC) / Raw(b"\x04\x0d" + NAME.encode())
    yield Ether(src=MACS[0], dst="01:80:c2:00:00:00", type=0x26) / secret
    yield ether / IP(src=CLIENT, dst=SERVER) / ICMP(type=8) / secret
    quoted = IP(src=CLIENT, dst=ABROAD) / UDP(sport=9, dport=4446) / secret
    yield ether / IP(src=SERVER, dst=CLIENT) / ICMP(type=3, code=13) / quoted
    yield (
        ether
        / IP(src=CLIENT, dst=ABROAD, options=[IPOption_RR(routers=[CLIENT, SERVER])])
        / UDP(sport=9009, dport=9)
        / secret
    )
    yield ether / Dot1Q(vlan=7) / IP(src=CLIENT, dst=ABROAD) / TCP(dport=9, options=[(30, b"\x30\1" + _packed(CLIENT))])
    yield ether / IP(src=CLIENT, dst=ABROAD) / GRE() / IP(src=SERVER, dst=CLIENT) / UDP(sport=9009, dport=4447) / secret
    inner = Ether(src=MACS[1], dst=MACS[0]) / IP(src=SERVER, dst=CLIENT) / UDP(sport=9009, dport=4448) / secret
    yield ether / IP(src=CLIENT, dst=ABROAD) / UDP(sport=7, dport=4789) / VXLAN(vni=1) / inner
    yield ether / IPv6(src=CLIENT6, dst=SERVER6) / UDP(sport=9009, dport=4449) / secret
    asked = IPv6(src=CLIENT6, dst=SERVER6) / ICMPv6ND_NS(tgt=SERVER6) / ICMPv6NDOptSrcLLAddr(lladdr=MACS[0])
    yield ether / asked
    large = IP(src=CLIENT, dst=ABROAD, id=77) / UDP(sport=9009, dport=4450) / Raw(told("<PASSWORD> <TOKEN> " * 40))
    yield from (ether / part for part in fragment(large, fragsize=256))
    yield ether / IP(src=CLIENT, dst=ABROAD, proto=89) / secret
    yield ether / IP(src=CLIENT, dst=ABROAD) / UDP(sport=9009, dport=53) / secret


def _packed(address: str) -> bytes:
    return bytes(map(int, address.split(".")))


def _stream(sport: int, dport: int, said: tuple[Said, ...]) -> Iterator[Packet]:
    """A connection in which both say so much, and close it."""
    at, next_at = {"c": 100, "s": 900}, {"c": "s", "s": "c"}

    def segment(side: str, flags: str, octets: bytes = b"") -> Packet:
        ends = (CLIENT, SERVER, sport, dport) if side == "c" else (SERVER, CLIENT, dport, sport)
        macs = MACS if side == "c" else MACS[::-1]
        tcp = TCP(sport=ends[2], dport=ends[3], flags=flags, seq=at[side], ack=at[next_at[side]])
        made = Ether(src=macs[0], dst=macs[1]) / IP(src=ends[0], dst=ends[1]) / tcp / Raw(octets)
        at[side] += len(octets) + ("S" in flags or "F" in flags)
        return made

    yield segment("c", "S")
    yield segment("s", "SA")
    yield segment("c", "A")
    for side, octets in said:
        yield segment(side, "PA", octets)
    yield segment("c", "FA")
    yield segment("s", "FA")


def capture() -> bytes:
    """All of it as a pcapng."""
    return pcapng(
        [Shot(1_700_000_000_000_000_000 + at * 1_000_000, bytes(packet)) for at, packet in enumerate(packets())]
    )
