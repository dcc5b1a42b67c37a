"""Conversations of every protocol that has a dissector, made from its specification: what each must be called."""

from __future__ import annotations

import binascii
import struct

from analyzer.dissecting import dnp3
from tests.builders.conversations import tcp, udp
from tests.builders.upgrading import UPGRADING


def be(*numbers, form):
    """Numbers as big-endian octets in a form of struct."""
    return struct.pack(">" + form, *numbers)


def der(tag, *parts):
    """An element of the basic encoding rules, its length in one octet or two."""
    body = b"".join(parts)
    length = bytes([len(body)]) if len(body) < 128 else b"\x81" + bytes([len(body)])
    return bytes([tag]) + length + body


def tpkt(tpdu):
    """RFC 1006 section 6."""
    return b"\x03\x00" + be(4 + len(tpdu), form="H") + tpdu


def link(length=5, control=0xC0):
    """A link header of DNP3 with its check sum."""
    header = b"\x05\x64" + bytes([length, control]) + b"\x01\x00\x02\x00"
    return header + dnp3.check_sum(header).to_bytes(2, "little")


def phasor(kind=0, data=bytes(10)):
    """A frame of C37.118.2 with its check sum."""
    body = be(0xAA01 | kind << 4, 16 + len(data), 7, 1_700_000_000, 5, form="HHHII") + data
    return body + be(binascii.crc_hqx(body, 0xFFFF), form="H")


def ams(command=2, state=4, data=b"\1\2\3\4"):
    """AMS/TCP: reserved and length, then the header of the packet."""
    header = b"\xc0\0\2\1\1\1\x53\x03\xc0\0\2\2\1\1\x98\x80" + struct.pack("<HHIII", command, state, len(data), 0, 9)
    return struct.pack("<HI", 0, 32 + len(data)) + header + data


def rpc(kind, body=bytes(24)):
    """A connection-oriented PDU of DCE/RPC."""
    return struct.pack("<4BIHHI", 5, 0, kind, 3, 0x10, 16 + len(body), 0, 1) + body


def datagram_rpc(interface, body=bytes(20)):
    """A connectionless PDU of DCE/RPC."""
    head = b"\x04\x00\x28\x00\x10\x00\x00\x00" + b"o" * 16 + interface + b"a" * 16
    fields = struct.pack("<IIIHHHHHBB", 0, 1, 0, 0, 0xFFFF, 0xFFFF, len(body), 0, 0, 0)
    assert len(head + fields) == 80
    return head + fields + body


PROFINET = b"\x01\x00\xa0\xde\x97\x6c\xd1\x11\x82\x71\x00\xa0\x24\x42\xdf\x7d"
FOREIGN = b"\x78\x57\x34\x12\x34\x12\xcd\xab\xef\x00\x01\x23\x45\x67\xcf\xfb"


def onc(kind, *words, stream=True):
    """A message of ONC RPC, over TCP behind its record mark."""
    body = be(0x1234, kind, *words, form=f"{2 + len(words)}I")
    return (be(0x80000000 | len(body), form="I") if stream else b"") + body


def smb_message(mark=b"\xfeSMB", octets=64):
    """A message of SMB in its frame."""
    body = mark + bytes(octets - 4)
    return be(len(body), form="I") + body


def ike(version, exchange, payload=bytes(30)):
    """An IKE message."""
    return b"\x11" * 8 + bytes(8) + bytes([33, version, exchange, 8]) + be(0, 28 + len(payload), form="II") + payload


def esp(spi, sequence):
    """ESP with some ciphertext."""
    return be(spi, sequence, form="II") + b"\x9c" * 40


def stun_message(kind, attributes=b"", cookie=b"\x21\x12\xa4\x42"):
    """A STUN message."""
    return be(kind, len(attributes), form="HH") + cookie + b"transaction!" + attributes


def radius_message(code, attributes=b"\x01\x07alice"):
    """A RADIUS message; alice is the user's name."""
    return bytes([code, 9]) + be(20 + len(attributes), form="H") + b"a" * 16 + attributes


def mongo(number, answered, operation, body):
    """A message of MongoDB's wire protocol."""
    return struct.pack("<iIII", 16 + len(body), number, answered, operation) + body


def slmp_frame(subheader, body):
    """A 3E frame of SLMP."""
    return subheader + b"\x00\xff\xff\x03\x00" + struct.pack("<H", len(body)) + body


def fins_frame(icf, addresses=b"\0\x01\0\0\x02\0", sid=7, command=b"\x01\x01", rest=b"\x82\0\x64\0\0\1"):
    """A FINS frame."""
    return bytes([icf, 0, 2]) + addresses + bytes([sid]) + command + rest


def radmin_packet(data):
    """A packet of Radmin with its check sum."""
    words = (int.from_bytes(data[at : at + 4], "little") for at in range(0, len(data), 4))
    return b"\x01" + be(len(data), sum(words) & 0xFFFFFFFF, form="II") + data


def dhcp(kind):
    """A DHCP message."""
    return bytes([kind, 1, 6, 0]) + bytes(232) + b"\x63\x82\x53\x63\x35\x01" + bytes([kind]) + b"\xff"


CONNECT = tpkt(b"\x11\xe0\0\0\0\x01\0\xc1\x02\x01\0\xc2\x02\x01\x02\xc0\x01\x0a")
CONFIRM = tpkt(b"\x11\xd0\0\x01\0\x02\0\xc0\x01\x0a\xc1\x02\x01\0\xc2\x02\x01\x02")
S7 = tpkt(b"\x02\xf0\x80" + b"\x32\x01\0\0\0\x01\0\x08\0\0" + b"\xf0\0\0\1\0\1\1\xe0")
S7_PLUS = tpkt(b"\x02\xf0\x80" + b"\x72\x01\0\x08" + bytes(8) + b"\x72\x01\0\0")
MMS_OPEN = tpkt(
    b"\x02\xf0\x80" + b"\x0d\xb4\x05\x06\x13\x01\0\x16\x01\x02" + b"\x06\x05\x28\xca\x22\x02\x01" + bytes(20)
)
MMS_DATA = tpkt(b"\x02\xf0\x80\x01\x00\x01\x00\x61\x10\x30\x0e\x02\x01\x03\xa0\x09\xa0\x07\x02\x01\x01\x82\x02\x80\x00")
CALL, REPLY = 0, 1
NFS_CALL = onc(CALL, 2, 100003, 3, 1, 0, 0, 0, 0)
TICKET = der(0x6A, der(0x30, b"\xa1\x03\x02\x01\x05\xa2\x03\x02\x01\x0a", b"\xa4\x02\x30\x00"))
METER = der(0x60, b"\xa2\x03\x06\x01\x2a", b"\xa8\x03\x02\x01\x01", b"\xbe\x07\x28\x05\x81\x03\x90\x30\x00")
PING_1, PONG_1 = b"\x01\0\0\0" + b"iiii" + b"k" * 124 + bytes(16), b"\x02\0\0\0" + b"rrrriiii" + b"k" * 80
DATA_4 = b"\4\0\0\0rrrr"
DISCOVERED = b"TS\xf0\x9f\x92\xac" + b"d" * 90
RESET = b"\x38\x8a\x11\x42\xe0\x9c\x07\xd5\x33\0\0\0\0\0"
SYN_UDP = b"\xff\xff\xff\xff\x00\x40\x18\x01\x0b\x12\x7f\x15\x04\xd0\x04\xd0" + bytes(1216)
V3 = b"\x30\x1a\x02\x01\x01\x04\x06public\xa0\x0d\x02\x01\x01\x02\x01\x00\x02\x01\x00\x30\x02\x30\x00"
CLIENT_HELLO = b"\x16\x03\x01\x00\x80\x01\x00\x00\x7c\x03\x03" + b"r" * 120
X_SETUP = b"l\0\x0b\0\0\0\x12\0\x10\0\0\0MIT-MAGIC-COOKIE-1\0\0" + b"c" * 16
SESSION = b"\x81\0\0\x44\x20" + b"CA" * 16 + b"\0\x20" + b"CA" * 16 + b"\0"
BIND_4 = b"\x04\x01\x01\xbb\xc0\x00\x02\x07\x00"
TNS = (
    b"\0\x64\0\0\1\0\0\0" + bytes(16) + b"\0\x2a\0\x3a" + bytes(30) + b"(DESCRIPTION=(CONNECT_DATA=(SID=x)))" + bytes(6)
)

# Module of analyzer.dissecting: (service, certainty, conversation).
SAMPLES = {
    **UPGRADING,
    "ads": [
        ("ads", "payload", tcp(ams() + ams(), ams(state=5), resp_p=48898)),
        (
            "ads",
            "payload",
            udp(b"\x03\x66\x14\x71\0\0\0\0\x01\0\0\0" + b"\xc0\0\2\1\1\1\x10\x27\0\0\0\0", resp_p=48899),
        ),
    ],
    "amqp": [
        ("amqp", "payload", tcp(b"AMQP\0\0\x09\x01", b"\1\0\0\0\0\0\x0c\0\x0a\0\x0a\0\x09\0\0\0\0\0\0\xce")),
        ("amqp", "partial", tcp(b"\1\0\1\0\0\0\5\0\x3c\0\x50\0\xce", resp_p=5672)),
    ],
    "bacnet": [("bacnet", "payload", udp(b"\x81\x0b\x00\x0c\x01\x20\xff\xff\x00\xff\x10\x08", resp_p=47808))],
    "bgp": [
        ("bgp", "payload", tcp(b"\xff" * 16 + b"\x00\x1d\x01\x04" + bytes(9), b"\xff" * 16 + b"\0\x13\x04", resp_p=179))
    ],
    "bittorrent": [
        ("bittorrent", "payload", tcp(b"\x13BitTorrent protocol" + bytes(48))),
        ("bittorrent", "payload", udp(b"d1:ad2:id20:aaaaaaaaaaaaaaaaaaaae1:q4:ping1:t2:aa1:y1:qe")),
    ],
    "c1222": [("c12.22", "payload", udp(METER, METER, resp_p=1153)), ("c12.22", "payload", tcp(METER))],
    "coap": [
        ("coap", "payload", udp(b"\x42\x01\x05\xca\x72\x16\xb4temp", b"\x62\x45\x05\xca\x72\x16\xff22")),
        ("coap", "partial", udp(b"\x42\x01\x05\xca\x72\x16\xb4temp", resp_p=5683)),
    ],
    "codesys": [
        (
            "codesys",
            "payload",
            tcp(*[b"\x00\x01\x17\xe8\x14\0\0\0\xc5\x6b\x40\x40\0\x12\0\x20\0\1\0\1"] * 2, resp_p=11740),
        )
    ],
    "cotp": [
        ("s7comm", "payload", tcp(CONNECT + S7, CONFIRM, resp_p=102)),
        ("s7comm-plus", "payload", tcp(CONNECT + S7_PLUS, CONFIRM, resp_p=102)),
        ("mms", "payload", tcp(CONNECT + MMS_OPEN, CONFIRM, resp_p=102)),
        ("mms", "payload", tcp(MMS_DATA, resp_p=102)),
        ("iso-tsap", "payload", tcp(CONNECT, CONFIRM)),
        ("iso-tsap", "partial", tcp(CONNECT)),
    ],
    "dcerpc": [
        ("dcerpc", "payload", tcp(rpc(11), rpc(12), resp_p=135)),
        ("dcerpc", "partial", tcp(rpc(0))),
        ("dcerpc", "payload", udp(datagram_rpc(FOREIGN))),
        ("profinet-cm", "payload", udp(datagram_rpc(PROFINET), resp_p=34964)),
    ],
    "dhcp": [("dhcp", "payload", udp(dhcp(1), dhcp(2), orig_p=68, resp_p=67))],
    "dhcpv6": [("dhcpv6", "payload", udp(b"\x01abc\0\x01\0\x04\0\x03\0\x01", orig_p=546, resp_p=547))],
    "dnp3": [
        ("dnp3", "payload", tcp(link() + link(), link(control=0x0B), resp_p=20000)),
        ("dnp3", "payload", udp(link())),
    ],
    "doip": [
        ("doip", "payload", tcp(b"\x02\xfd\x00\x05\0\0\0\x07" + bytes(7), b"\x02\xfd\x00\x06\0\0\0\x09" + bytes(9))),
        ("doip", "payload", udp(b"\x02\xfd\x00\x01\0\0\0\0", resp_p=13400)),
    ],
    "dropbox": [
        (
            "dropbox-lan",
            "payload",
            udp(b'{"version": [2, 0], "port": 17500, "host_int": 1, "namespaces": []}', resp_p=17500),
        )
    ],
    "enip": [("ethernet-ip", "payload", tcp(b"\x65\0\4\0" + bytes(20) + b"\1\0\0\0", resp_p=44818))],
    "fins": [
        ("fins", "payload", tcp(b"FINS\0\0\0\x0c" + bytes(12), b"FINS\0\0\0\x10\0\0\0\1" + bytes(12), resp_p=9600)),
        ("fins", "payload", udp(fins_frame(0x80), fins_frame(0xC0, b"\0\x02\0\0\x01\0", rest=b"\0\0\0\1"))),
        ("fins", "partial", udp(fins_frame(0x80), resp_p=9600)),
    ],
    "flowexport": [
        ("netflow", "payload", udp(be(5, 1, 9, 1_700_000_000, 0, 0, 0, 0, form="HHIIIIHH")[:24] + bytes(48))),
        ("ipfix", "payload", udp(be(10, 24, 1_700_000_000, 1, 1, 256, 8, 0, form="HHIIIHHI"))),
        ("sflow", "payload", udp(b"\0\0\0\x05\0\0\0\x01\xc0\0\2\1" + bytes(16), resp_p=6343)),
    ],
    "focas": [("focas", "payload", tcp(b"\xa0\xa0\xa0\xa0\0\1\1\1\0\2\0\2", resp_p=8193))],
    "fox": [("fox", "payload", tcp(b"fox a 1 -1 fox hello\n{\n", b"fox a 0 -1 fox hello\n{\n", resp_p=1911))],
    "ftp": [
        ("ftp", "payload", tcp(b"USER a\r\n", b"220 ready\r\n331 password\r\n", resp_p=21)),
        ("ftp", "partial", tcp(b"", b"220 ProFTPD FTP Server ready\r\n")),
    ],
    "giop": [("giop", "partial", tcp(b"GIOP\1\2\1\0\x10\0\0\0" + bytes(16), resp_p=683))],
    "gtp": [
        ("gtp-u", "payload", udp(b"\x30\xff\0\4\0\0\0\1data", resp_p=2152)),
        ("gtp-c", "payload", udp(b"\x48\x20\0\x08" + bytes(8), resp_p=2123)),
        ("gtp-prime", "payload", udp(b"\x0f\x01\0\0\0\1", resp_p=3386)),
    ],
    "haas": [("haas-q", "payload", tcp(b"?Q100\r\n", b">SERIAL NUMBER, 1234567\r\n", resp_p=4001))],
    "hartip": [
        ("hart-ip", "payload", tcp(b"\1\0\0\0\0\2\0\x0d\1\0\0\x75\x30", b"\1\1\0\0\0\2\0\x0d\1\0\0\x75\x30")),
        ("hart-ip", "partial", udp(b"\1\0\3\0\0\3\0\x0d\2\0\0\0\2", resp_p=5094)),
    ],
    "hislip": [
        ("hislip", "payload", tcp(b"HS\0\0\1\0vb\0\0\0\0\0\0\0\7hislip0", b"HS\1\0\1\0\0\1" + bytes(8), resp_p=4880))
    ],
    "http1": [("http", "payload", tcp(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", b"HTTP/1.1 200 OK\r\n\r\n", resp_p=80))],
    "http2": [("http2", "payload", tcp(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"))],
    "ica": [("ica", "payload", tcp(b"\x7f\x7fICA\0", b"\x7f\x7fICA\0" * 2, resp_p=1494))],
    "iec104": [
        ("iec104", "payload", tcp(b"\x68\4\7\0\0\0", b"\x68\4\x0b\0\0\0", resp_p=2404)),
        ("iec104", "payload", tcp(b"", b"\x68\x0e\0\0\0\0\1\1\3\0\1\0\1\0\0\1\x68\4\1\0\2\0")),
        ("iec104", "partial", tcp(b"\x68\4\7\0\0\0")),
    ],
    "ipsec": [
        ("ike", "payload", udp(ike(0x20, 34), resp_p=500)),
        ("ike", "payload", udp(ike(0x10, 2), ike(0x10, 2), resp_p=848)),
        ("ike", "payload", udp(bytes(4) + ike(0x20, 35), resp_p=4500)),
        ("ipsec-nat-t", "partial", udp(esp(0x9000, 1), esp(0x7000, 1), esp(0x9000, 2), resp_p=4500)),
        ("ipsec-nat-t", "partial", udp(b"\xff", resp_p=4500)),
    ],
    "irc": [
        ("irc", "payload", tcp(b"NICK a\r\nUSER a 0 * :A\r\n", b":irc.example.net 001 a :Welcome\r\n", resp_p=6667)),
        ("irc", "partial", tcp(b"NICK a\r\nUSER a 0 * :A\r\n")),
    ],
    "jrmi": [("java-rmi", "payload", tcp(b"JRMI\0\2\x4b", b"\x4e\0\x09127.0.0.1\0\0\xc0\1", resp_p=1099))],
    "kerberos": [
        ("kerberos", "payload", udp(TICKET, resp_p=88)),
        ("kerberos", "payload", tcp(be(len(TICKET), form="I") + TICKET, resp_p=88)),
    ],
    "knxip": [("knxnet-ip", "payload", udp(b"\x06\x10\x02\x01\0\x0e\x08\1\xc0\0\2\1\x0e\x57", resp_p=3671))],
    "l2tp": [
        ("l2tp", "payload", udp(b"\xc8\2\0\x14" + bytes(8) + b"\x80\x08\0\0\0\0\0\1", resp_p=1701)),
        ("pptp", "payload", tcp(b"\0\x9c\0\1\x1a\x2b\x3c\x4d\0\1\0\0" + bytes(144), resp_p=1723)),
    ],
    "lsv2": [("lsv2", "payload", tcp(b"\0\0\0\x08A_LGINSPECT\0", b"\0\0\0\0T_OK", resp_p=19000))],
    "mdns": [("mdns", "payload", udp(b"\0\0\0\0\0\1\0\0\0\0\0\0\1a\5local\0\0\1\0\1", orig_p=5353, resp_p=5353))],
    "modbus": [("modbus", "payload", tcp(b"\0\1\0\0\0\6\1\3\0\0\0\1", b"\0\1\0\0\0\5\1\3\2\0\7", resp_p=502))],
    "mongodb": [
        (
            "mongodb",
            "payload",
            tcp(mongo(7, 0, 2004, bytes(4) + b"admin.$cmd\0" + bytes(13)), mongo(1, 7, 1, bytes(40))),
        ),
        ("mongodb", "partial", tcp(mongo(7, 0, 2013, bytes(5) + b"\x05\0\0\0\0"), resp_p=27017)),
    ],
    "mqtt": [
        ("mqtt", "payload", tcp(b"\x10\x0d\0\4MQTT\4\2\0\x3c\0\1a", b"\x20\2\0\0", resp_p=1883)),
        ("mqtt", "partial", tcp(b"\xc0\0", b"\xd0\0", resp_p=1883)),
        ("mqtt", "partial", tcp(b"\xc0\0\x30\x04\0\1ax", b"\xd0\0\x32\x06\0\1a\0\7x", resp_p=17501)),
    ],
    "mtconnect": [
        (
            "mtconnect",
            "payload",
            tcp(b"GET /probe HTTP/1.1\r\n\r\n", b"HTTP/1.1 200 OK\r\n\r\n<MTConnectDevices/>", resp_p=5000),
        )
    ],
    "nats": [("nats", "payload", tcp(b"", b'INFO {"server_id":"x","version":"2","proto":1}\r\n', resp_p=4222))],
    "netbios": [
        ("netbios-ns", "payload", udp(b"\x80\1\1\x10\0\1\0\0\0\0\0\0\x20CK" + b"A" * 30 + b"\0\0\x21\0\1", resp_p=137)),
        ("netbios-dgm", "payload", udp(b"\x11\2\x80\1\x0a\0\0\1\0\x8a\0\xbb\0\0", orig_p=138, resp_p=138)),
    ],
    "nomachine": [("nomachine", "payload", tcp(b"NXSH-7.10.1\n", b"NXD-7.10.1\n", resp_p=4000))],
    "ntp": [("ntp", "payload", udp(b"\x23" + bytes(39) + b"\xe0\1\2\3\4\5\6\7", resp_p=123))],
    "oncrpc": [
        ("nfs", "payload", tcp(NFS_CALL, onc(REPLY, 0, 0, 0, 0), resp_p=2049)),
        ("portmap", "payload", udp(onc(CALL, 2, 100000, 2, 3, 0, 0, 0, 0, stream=False), resp_p=111)),
        ("vxi-11", "payload", tcp(onc(CALL, 2, 395183, 1, 10, 0, 0, 0, 0))),
        ("oncrpc", "payload", tcp(onc(CALL, 2, 300019, 1, 10, 0, 0, 0, 0))),
        ("oncrpc", "partial", tcp(b"", onc(REPLY, 0, 0, 0, 0))),
    ],
    "opcua": [("opcua", "payload", tcp(b"HELF\x20\0\0\0" + bytes(20) + b"\xff\xff\xff\xff", resp_p=4840))],
    "openvpn": [("openvpn", "payload", udp(RESET, resp_p=1194))],
    "printers": [("pdl-datastream", "payload", tcp(b"\x1b%-12345X@PJL JOB\r\n", resp_p=9100))],
    "ptp": [("ptp", "payload", udp(b"\0\2\0\x2c" + bytes(40), orig_p=319, resp_p=319))],
    "quic": [("quic", "payload", udp(b"\xc3\0\0\0\1\x08" + b"d" * 8 + b"\0\0\x44\x9e" + b"p" * 1178, resp_p=443))],
    "radius": [
        ("radius", "payload", udp(radius_message(1), radius_message(2, b""), resp_p=2000)),
        ("radius", "partial", udp(radius_message(1), resp_p=1812)),
    ],
    "radmin": [
        ("radmin", "payload", tcp(radmin_packet(b"\x08"), radmin_packet(b"\x08\2\0\0\x0a" + bytes(32)), resp_p=4899)),
        ("radmin", "partial", tcp(radmin_packet(b"\x08"), resp_p=4899)),
    ],
    "rdpudp": [("rdp-udp", "payload", udp(SYN_UDP, resp_p=3389))],
    "redis": [
        ("redis", "payload", tcp(b"*1\r\n$4\r\nPING\r\n", b"+PONG\r\n", resp_p=6379)),
        ("redis", "partial", tcp(b"*1\r\n$4\r\nPING\r\n")),
    ],
    "rsync": [
        ("rsync", "payload", tcp(b"@RSYNCD: 31.0\n", b"@RSYNCD: 31.0 sha512\n", resp_p=873)),
        ("git", "payload", tcp(b"0032git-upload-pack /project.git\0host=example.net\0", resp_p=9418)),
        ("svn", "payload", tcp(b"", b"( success ( 2 2 ( ) ( edit-pipeline ) ) ) ", resp_p=3690)),
    ],
    "rtps": [("rtps", "payload", udp(b"RTPS\2\2\1\x0f" + b"g" * 12 + b"\x09\1\x08\0" + bytes(8), resp_p=7400))],
    "shdr": [
        ("shdr", "payload", tcp(b"", b"2026-03-01T10:11:12Z|avail|AVAILABLE\n2026-03-01T10:11:13Z|x|1\n", resp_p=7878))
    ],
    "sip": [
        (
            "sip",
            "payload",
            udp(b"OPTIONS sip:a@example.net SIP/2.0\r\nVia: x\r\n\r\n", b"SIP/2.0 200 OK\r\n\r\n", resp_p=5060),
        ),
        ("sip", "payload", udp(b"\0\0\0\0", b"", b"OPTIONS sip:a@example.net SIP/2.0\r\nVia: x\r\n\r\n")),
        (
            "rtsp",
            "payload",
            tcp(b"OPTIONS rtsp://camera/1 RTSP/1.0\r\nCSeq: 1\r\n\r\n", b"RTSP/1.0 200 OK\r\n\r\n", resp_p=554),
        ),
    ],
    "slmp": [
        (
            "slmp",
            "payload",
            tcp(slmp_frame(b"\x50\0", b"\x10\0\1\4\0\0"), slmp_frame(b"\xd0\0", b"\0\0\1\0"), resp_p=5007),
        ),
        ("slmp", "partial", udp(slmp_frame(b"\x50\0", b"\x10\0\1\4\0\0"))),
    ],
    "smb": [
        ("smb", "payload", tcp(smb_message(b"\xffSMB", 37), smb_message(), resp_p=445)),
        ("smb", "payload", tcp(smb_message(b"\xfdSMB", 120))),
        ("smb", "payload", tcp(smb_message(b"\xfcSMB", 40))),
        ("smb", "payload", tcp(SESSION + smb_message(), b"\x82\0\0\0" + smb_message())),
        ("netbios-ssn", "payload", tcp(SESSION, b"\x83\0\0\1\x82")),
    ],
    "snmp": [("snmp", "payload", udp(V3, resp_p=161)), ("snmp", "payload", udp(V3, resp_p=10161))],
    "socks": [
        (
            "socks",
            "payload",
            tcp(b"\5\1\0", b"\5\0", b"\5\1\0\3\7example\1\xbb" + CLIENT_HELLO, b"\5\0\0\1" + bytes(6)),
        ),
        ("socks", "payload", tcp(BIND_4 + CLIENT_HELLO, b"\0\x5a" + bytes(6), resp_p=1080)),
        ("socks", "partial", tcp(BIND_4, resp_p=1080)),
    ],
    "spice": [("spice", "payload", tcp(b"REDQ\2\0\0\0\2\0\0\0\x1a\0\0\0" + bytes(26), resp_p=5900))],
    "ssdp": [("ssdp", "payload", udp(b"M-SEARCH * HTTP/1.1\r\nST: ssdp:all\r\n\r\n", resp_p=1900))],
    "ssh": [("ssh", "payload", tcp(b"SSH-2.0-a\r\n", b"SSH-2.0-b\r\n", resp_p=22))],
    "stun": [
        ("stun", "payload", udp(stun_message(1), stun_message(0x0101, b"\0\x20\0\x08" + bytes(8)), resp_p=3478)),
        (
            "stun",
            "payload",
            udp(stun_message(1, cookie=b"cook"), stun_message(0x0101, b"\0\1\0\x08" + bytes(8), b"cook")),
        ),
        ("stun", "partial", udp(stun_message(1, cookie=b"cook"))),
        ("stun", "payload", tcp(stun_message(3, b"\0\x19\0\4\x11\0\0\0"))),
    ],
    "synchrophasor": [
        ("synchrophasor", "payload", tcp(phasor(4, b"\0\2"), phasor(), resp_p=4712)),
        ("synchrophasor", "payload", udp(phasor())),
    ],
    "syslog": [
        ("syslog", "payload", udp(b"<34>1 2026-10-11T22:14:15.003Z host app - - - text")),
        ("syslog", "payload", udp(b"<13>Text", resp_p=514)),
        ("syslog", "payload", tcp(b"46 <34>Oct 11 22:14:15 host su: 'su root' failed")),
    ],
    "teamviewer": [
        ("teamviewer", "payload", tcp(b"\x17\x24\x0a\x20\0\0\0\0\0", b"\x17\x24\x0b\x20\0\0\0\0\0", resp_p=5938)),
        ("teamviewer", "partial", tcp(b"\x17\x24\x0a\x20\0\0\0\0\0", resp_p=80)),
    ],
    "telnet": [
        ("telnet", "payload", tcp(b"\xff\xfb\x18", b"\xff\xfd\x18\xff\xfd\x20", resp_p=23)),
        ("telnet", "partial", tcp(b"", b"\xff\xfd\x18login: ")),
    ],
    "tftp": [
        ("tftp", "payload", udp(b"\0\1boot.bin\0octet\0blksize\x001468\0", resp_p=69)),
        ("tftp", "payload", udp(b"\0\3\0\1" + bytes(512), b"\0\4\0\1")),
        ("tftp", "payload", udp(b"\0\6blksize\x001468\0", b"\0\4\0\0")),
        ("tftp", "partial", udp(b"\0\5\0\1File not found\0")),
    ],
    "tns": [("oracle", "payload", tcp(TNS, resp_p=1521))],
    "vnc": [("vnc", "payload", tcp(b"RFB 003.008\n", b"RFB 003.008\n", resp_p=5900))],
    "wireguard": [
        ("wireguard", "payload", udp(PING_1, PONG_1, resp_p=51820)),
        ("wireguard", "payload", udp(PING_1)),
        ("tailscale", "payload", udp(DISCOVERED, resp_p=41641)),
        (
            "wireguard",
            "partial",
            udp(DATA_4 + b"\1" + bytes(39), b"", DATA_4 + b"\2" + bytes(39), b"", DATA_4 + b"\4" + bytes(39)),
        ),
    ],
    "wsdiscovery": [
        (
            "ws-discovery",
            "payload",
            udp(b'<?xml?><e xmlns:d="http://schemas.xmlsoap.org/ws/2005/04/discovery"/>', resp_p=3702),
        )
    ],
    "x11": [
        ("x11", "payload", tcp(X_SETUP, b"\1\0\x0b\0\0\0\x40\0" + bytes(40), resp_p=6000)),
        ("x11", "partial", tcp(X_SETUP, resp_p=6000)),
        ("xdmcp", "payload", udp(b"\0\1\0\2\0\1\0", b"\0\1\0\5\0\2hi", resp_p=177)),
    ],
}
