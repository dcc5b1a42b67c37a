"""The first octets of a TLS connection, in plain Python: RFC 8446, RFC 5246, RFC 6066, RFC 7301, RFC 9849, JA3, JA4."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

CCS, ALERT, HANDSHAKE, DATA, HEARTBEAT = 20, 21, 22, 23, 24
MAX_RECORD = 16384 + 2048
RETRY = bytes.fromhex("cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c")
LISTED = 16
CHAIN = 10
KEPT = 64 * 1024


@dataclass
class Session:
    """What both streams show; offsets are into the streams, -1 where the message was not seen."""

    server_name: str = ""
    client_version: int = 0
    version: int = 0
    cipher: int = -1
    alpn: tuple = ()
    server_alpn: str = ""
    ech: str = ""
    ech_config: int = -1
    hello: dict = field(default_factory=dict)
    ja3s: str = ""
    offers_id: bool = False
    offers_ticket: bool = False
    server_hello_done: bool = False
    retry: bool = False
    psk: bool = False
    hello_octets: int = 0
    client_print: int = 0
    server_print: int = 0
    client_records: tuple = ()
    server_records: tuple = ()
    alert: int = -1
    alert_side: str = ""
    chain: list = field(default_factory=list)
    client_at: int = -1
    server_at: int = -1
    certificate_at: int = -1
    alert_at: int = -1
    client_data: int = 0
    server_data: int = 0
    server_hello: bool = False
    certificate: bool = False
    server_ccs: bool = False

    @property
    def is_13(self):
        """Whether the server chose TLS 1.3, a draft of it, or DTLS 1.3."""
        return 0x0304 <= self.version < 0xFE00 or self.version == 0xFEFC

    @property
    def resumed(self):
        """Whether the server went on with an earlier session."""
        if self.is_13:
            return self.psk
        return self.server_hello and self.server_ccs and not self.certificate and not self.server_hello_done

    @property
    def resumption(self):
        """With what."""
        if not self.resumed:
            return ""
        if self.is_13:
            return "psk"
        return "ticket" if self.offers_ticket else "id" if self.offers_id else ""

    @property
    def established(self):
        """Whether application data went both ways."""
        return self.client_data >= (2 if self.is_13 else 1) and self.server_data >= 1

    @property
    def ech_kind(self):
        """What is known of an encrypted_client_hello."""
        if self.ech != "outer":
            return self.ech
        if self.alert == 121 and self.alert_side == "client":
            return "outer"
        return "grease" if self.version and not self.is_13 and self.established else "unknown"

    @property
    def groups(self):
        """Numbers of the groups offered."""
        return [number for number in self.hello.get("groups", []) if not is_grease(number)][:64]

    @property
    def ja3(self):
        """JA3 in hex."""
        if not self.hello:
            return ""
        lists = [
            [one for one in self.hello[name] if not is_grease(one)] for name in ("ciphers", "extensions", "groups")
        ]
        lists.append(list(self.hello["formats"]))
        text = ",".join([str(self.hello["version"])] + ["-".join(str(one) for one in numbers) for numbers in lists])
        return hashlib.md5(text.encode()).hexdigest()

    def ja4(self, carrier):
        """JA4 with its first letter."""
        if not self.hello:
            return ""
        ciphers = [f"{one:04x}" for one in self.hello["ciphers"] if not is_grease(one)]
        extensions = [f"{one:04x}" for one in self.hello["extensions"] if not is_grease(one)]
        algorithms = [f"{one:04x}" for one in self.hello["algorithms"] if not is_grease(one)]
        versions = [one for one in self.hello["versions"] if not is_grease(one)] or [self.hello["version"]]
        names = {0x304: "13", 0x303: "12", 0x302: "11", 0x301: "10", 0x300: "s3", 2: "s2"}
        names |= {0xFEFF: "d1", 0xFEFD: "d2", 0xFEFC: "d3"}
        first = carrier + names.get(max(versions), "00") + ("d" if "0000" in extensions else "i")
        first += f"{min(len(ciphers), 99):02d}{min(len(extensions), 99):02d}"
        protocol = self.hello["protocol"]
        plain = b"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
        if not protocol:
            first += "00"
        elif protocol[0] in plain and protocol[-1] in plain:
            first += chr(protocol[0]) + chr(protocol[-1])
        else:
            first += f"{protocol[0] >> 4:x}{protocol[-1] & 15:x}"
        rest = sorted(one for one in extensions if one not in {"0000", "0010"})
        second = ",".join(rest) + ("_" + ",".join(algorithms) if algorithms else "")
        return f"{first}_{digest(','.join(sorted(ciphers)))}_{digest(second if rest else '')}"


def digest(text):
    return hashlib.sha256(text.encode()).hexdigest()[:12] if text else "0" * 12


def is_grease(number):
    return number in {0x0A0A + 0x1010 * k for k in range(16)}


def pairs(octets):
    """The 16-bit numbers in octets."""
    return [int.from_bytes(octets[at : at + 2], "big") for at in range(0, len(octets) - 1, 2)]


def old_hello(octets, kind):
    """The body and the length of the SSL 2 hello (kind 1 client, 4 server) that octets begin with, else None."""
    if len(octets) < 11 or not octets[0] & 0x80 or octets[2] != kind:
        return None, 0
    length = int.from_bytes(octets[:2], "big") & 0x7FFF
    if kind == 1:
        version, suites, sid, challenge = pairs(octets[3:11])
        known = (
            version in {2, 0x300, 0x301, 0x302, 0x303, 0x304} and suites and suites % 3 == 0 and 16 <= challenge <= 32
        )
        fits = length == 9 + suites + sid + challenge
    else:
        version, cert, suites, sid = (*pairs(octets[5:13]), 0, 0, 0, 0)[:4]
        known = octets[3] <= 1 and version == 2
        fits = length == 11 + cert + suites + sid
    return (octets[2 : 2 + length], length) if known and fits else (None, 0)


def is_record(octets):
    """Whether the octets begin a record, as far as they are there."""
    if len(octets) < 3 or not CCS <= octets[0] <= HEARTBEAT or octets[1] != 3 or octets[2] > 4:
        return False
    return len(octets) < 5 or 0 < int.from_bytes(octets[3:5], "big") <= MAX_RECORD


def looks(client, server):
    """How sure TLS is: "payload" by a hello, "partial" by records alone, "" for something else."""
    old = old_hello(client, 1)[1], old_hello(server, 4)[1]
    if (server and not old[1] and not is_record(server)) or (client and not old[0] and not is_record(client)):
        return ""
    if any(old):
        return "payload"
    for octets, hello in ((client, 1), (server, 2)):
        if len(octets) >= 6 and octets[0] == HANDSHAKE and octets[5] == hello:
            return "payload"
    for octets in (client, server):
        if len(octets) >= 5:
            rest = octets[5 + int.from_bytes(octets[3:5], "big") :]
            ends = len(octets) == 5 + int.from_bytes(octets[3:5], "big")
            if ends or (len(rest) >= 5 and is_record(rest)):
                return "partial"
    return ""


def records(octets):
    """(type, offset of the body, length, body as far as it is there) of each record."""
    at = 0
    while len(octets) - at >= 5 and is_record(octets[at:]):
        length = int.from_bytes(octets[at + 3 : at + 5], "big")
        yield octets[at], at + 5, length, octets[at + 5 : at + 5 + length]
        at += 5 + length


class Side:
    """One stream: its handshake octets before encryption, and where each of them stands in the stream."""

    def __init__(self, octets, begin):
        self.listed, self.data, self.alert, self.alert_at = [], 0, -1, -1
        self.encrypted = False
        self.handshake, self.places = b"", []
        for kind, place, length, body in records(octets):
            at = place + begin
            self.listed.append(f"{kind}:{length}")
            if kind == HANDSHAKE and not self.encrypted:
                self.handshake += body
                self.places += range(at, at + len(body))
            elif kind == CCS:
                self.encrypted = self.encrypted or not self.asks_again()
            elif kind == DATA:
                self.data += 1
                self.encrypted = True
            elif kind == ALERT and length == 2 == len(body) and self.alert < 0 and (body[0] == 2 or body[1]):
                self.alert, self.alert_at = body[1], at + 1
        self.handshake = self.handshake[:KEPT]

    def asks_again(self):
        """Whether all that was said is one HelloRetryRequest."""
        said = self.handshake
        whole = len(said) >= 14 and int.from_bytes(said[1:4], "big") == len(said) - 4
        return whole and said[0] == 2 and said[6:14] == RETRY[:8]

    def messages(self):
        """(type, body, offset of its last octet in the stream) of each whole handshake message."""
        at = 0
        while len(self.handshake) - at >= 4:
            end = at + 4 + int.from_bytes(self.handshake[at + 1 : at + 4], "big")
            if end > len(self.handshake):
                return
            yield self.handshake[at], self.handshake[at + 4 : end], self.places[end - 1]
            at = end


def print_of(octets):
    """FNV-1a of octets in 64 bit, folded at the end and made positive."""
    value = 0xCBF29CE484222325
    for octet in octets:
        value = (value ^ octet) * 0x100000001B3 & 0xFFFFFFFFFFFFFFFF
    return (value ^ value >> 29) & 0x7FFFFFFFFFFFFFFF


def read(client, server):
    """The Session that both streams show."""
    session = Session()
    begin = [read_old(client, session), read_old_answer(server, session)]
    ours, theirs = Side(client[begin[0] :], begin[0]), Side(server[begin[1] :], begin[1])
    session.client_records, session.server_records = tuple(ours.listed[:LISTED]), tuple(theirs.listed[:LISTED])
    session.client_data, session.server_data, session.server_ccs = ours.data, theirs.data, theirs.encrypted
    for side, name in ((ours, "client"), (theirs, "server")):
        if side.alert >= 0 and session.alert < 0:
            session.alert, session.alert_at, session.alert_side = side.alert, side.alert_at, name
    if not begin[0] and len(ours.handshake) >= 4 and ours.handshake[0] == 1:
        length = int.from_bytes(ours.handshake[1:4], "big")
        session.hello_octets = 4 + length
        body = ours.handshake[4 : 4 + length]
        read_client_hello(body, session)
        if len(body) == length:
            session.client_at = ours.places[3 + len(body)]
            session.client_print = print_of(ours.handshake[: 4 + length])
            read_lists(body, session)
    for kind, body, at in theirs.messages():
        if kind == 2:
            session.server_at = at
            session.server_print = session.server_print or print_of(b"\2" + len(body).to_bytes(3, "big") + body)
            read_server_hello(body, session)
        elif kind == 11:
            session.certificate_at = at
            session.certificate = True
            session.chain = read_chain(body)
        elif kind == 14:
            session.server_hello_done = True
    return session


def read_old(client, session):
    """Read a ClientHello of SSL 2; returns where what follows on it begins."""
    body, length = old_hello(client, 1)
    if body is None:
        return 0
    session.client_version = int.from_bytes(body[1:3], "big")
    session.offers_id = body[5:7] != b"\0\0"
    session.hello_octets = length
    if len(body) == length:
        session.client_at = 1 + len(body)
    return 2 + len(body)


def read_old_answer(server, session):
    """Read a ServerHello of SSL 2 and the certificate in it; returns where what follows on it begins."""
    body, _ = old_hello(server, 4)
    if body is None:
        return 0
    session.server_hello, session.version, session.server_at = True, 2, 1 + len(body)
    length = int.from_bytes(body[5:7], "big")
    if body[2] == 1 and 0 < length <= len(body) - 11:
        session.certificate, session.certificate_at = True, session.server_at
        session.chain = [body[11 : 11 + length]]
    return 2 + len(body)


def whole_extensions(octets):
    """(type, body) of all extensions, None where a length does not agree with what is there."""
    found = []
    if octets:
        if len(octets) < 2 or int.from_bytes(octets[:2], "big") > len(octets) - 2:
            return None
        octets = octets[2 : 2 + int.from_bytes(octets[:2], "big")]
    while octets:
        if len(octets) < 4 or int.from_bytes(octets[2:4], "big") > len(octets) - 4:
            return None
        kind, length = pairs(octets[:4])
        found.append((kind, octets[4 : 4 + length]))
        octets = octets[4 + length :]
    return found


def read_lists(body, session):
    """What fingerprints are made of, where the lengths of a whole ClientHello agree."""
    at = 35 + body[34] if len(body) >= 35 else len(body)
    suites = int.from_bytes(body[at : at + 2], "big")
    squeezed = at + 2 + suites
    if len(body) <= squeezed or (end := squeezed + 1 + body[squeezed]) > len(body):
        return
    order = whole_extensions(body[end:])
    if order is None:
        return
    found = dict(reversed(order))

    def inside(kind, octets_of_length):
        one = found.get(kind, b"")
        length = int.from_bytes(one[:octets_of_length], "big") if len(one) >= octets_of_length else 0
        return one[octets_of_length : octets_of_length + length]

    names = found.get(16, b"")
    session.hello = {
        "version": int.from_bytes(body[:2], "big"),
        "ciphers": pairs(body[at + 2 : at + 2 + suites]),
        "extensions": [kind for kind, _ in order],
        "groups": pairs(inside(10, 2)),
        "algorithms": pairs(inside(13, 2)),
        "versions": pairs(inside(43, 1)),
        "formats": inside(11, 1),
        "protocol": names[3 : 3 + names[2]] if len(names) > 2 else b"",
    }


def extensions(octets):
    """(type, body) of each extension, the last one as far as it is there."""
    at = 2
    octets = octets[: 2 + int.from_bytes(octets[:2], "big")]
    while len(octets) - at >= 4:
        kind, length = int.from_bytes(octets[at : at + 2], "big"), int.from_bytes(octets[at + 2 : at + 4], "big")
        yield kind, octets[at + 4 : at + 4 + length]
        at += 4 + length


def read_client_hello(body, session):
    if len(body) < 35:
        return
    session.client_version = int.from_bytes(body[:2], "big")
    session.offers_id = body[34] > 0
    rest = body[35 + body[34] :]
    rest = rest[2 + int.from_bytes(rest[:2], "big") :] if len(rest) >= 2 else b""
    rest = rest[1 + rest[0] :] if rest else b""
    if len(rest) < 2:
        return
    for kind, octets in extensions(rest):
        if kind == 0 and len(octets) >= 5 and octets[2] == 0:
            session.server_name = read_sni(octets) or session.server_name
        elif kind == 16:
            session.alpn = read_protocols(octets)
        elif kind == 43:
            offered = [int.from_bytes(octets[at : at + 2], "big") for at in range(1, len(octets) - 1, 2)]
            plain = [one for one in offered if one and not is_grease(one)]
            session.client_version = max(plain, key=newer, default=session.client_version)
        elif kind == 35 and octets:
            session.offers_ticket = True
        elif kind == 0xFE0D and octets:
            session.ech = "inner" if octets[0] == 1 else "outer"
            if session.ech == "outer" and len(octets) >= 6:
                session.ech_config = octets[5]


def newer(version):
    """What to sort versions by: those of DTLS count down from 0xfeff."""
    return version if version >> 8 != 0xFE else 0x200 - (version & 255)


def read_sni(octets):
    """The first name of a server_name extension, empty where it is not whole."""
    size = int.from_bytes(octets[3:5], "big")
    return read_host(octets[5 : 5 + size]) if size <= len(octets) - 5 else ""


def read_host(octets):
    octets = octets.removesuffix(b".")
    if not 0 < len(octets) <= 255 or not all(33 <= octet <= 126 for octet in octets):
        return ""
    return octets.decode().lower()


def read_protocols(octets):
    names, at = [], 2
    while at < len(octets) and 0 < octets[at] < len(octets) - at:
        name = octets[at + 1 : at + 1 + octets[at]]
        names.append("".join(chr(o) if 33 <= o <= 126 and o != 44 else "?" for o in name))
        at += 1 + octets[at]
    return tuple(names)


def read_server_hello(body, session):
    if len(body) < 38:
        return
    retry = body[2:10] == RETRY[:8]
    session.retry = session.retry or retry
    session.server_hello = True
    session.version = int.from_bytes(body[:2], "big")
    rest = body[35 + body[34] :]
    if len(rest) < 3:
        return
    session.cipher = int.from_bytes(rest[:2], "big")
    for kind, octets in extensions(rest[3:]) if len(rest) >= 5 else ():
        if kind == 43 and len(octets) >= 2:
            session.version = int.from_bytes(octets[:2], "big")
        elif kind == 41:
            session.psk = True
        elif kind == 16:
            session.server_alpn = ",".join(read_protocols(octets))
    order = whole_extensions(rest[3:])
    if order is not None and not retry:
        listed = "-".join(str(one) for one, _ in order if not is_grease(one))
        text = f"{int.from_bytes(body[:2], 'big')},{session.cipher},{listed}"
        session.ja3s = hashlib.md5(text.encode()).hexdigest()


def read_chain(body):
    """The certificates of a Certificate message of TLS 1.2 and before, leaf first."""
    chain, at = [], 3
    body = body[: 3 + int.from_bytes(body[:3], "big")]
    while len(body) - at > 3 and len(chain) < CHAIN:
        length = int.from_bytes(body[at : at + 3], "big")
        at += 3
        if length == 0 or length > len(body) - at:
            break
        chain.append(body[at : at + length])
        at += length
    return chain
