"""The first octets of a TLS connection, in plain Python: RFC 8446, RFC 5246, RFC 6066, RFC 7301."""

from __future__ import annotations

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
    ech: bool = False
    retry: bool = False
    psk: bool = False
    hello_octets: int = 0
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
    def resumed(self):
        """Whether the server went on with an earlier session."""
        if self.version >= 0x0304:
            return self.psk
        return self.server_hello and self.server_ccs and not self.certificate

    @property
    def established(self):
        """Whether application data went both ways."""
        return self.client_data >= (2 if self.version >= 0x0304 else 1) and self.server_data >= 1


def is_record(octets):
    """Whether the octets begin a record, as far as they are there."""
    if len(octets) < 3 or not CCS <= octets[0] <= HEARTBEAT or octets[1] != 3 or octets[2] > 4:
        return False
    return len(octets) < 5 or 0 < int.from_bytes(octets[3:5], "big") <= MAX_RECORD


def looks(client, server):
    """How sure TLS is: "payload" by a hello, "partial" by records alone, "" for something else."""
    if (server and not is_record(server)) or (client and not is_record(client)):
        return ""
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

    def __init__(self, octets):
        self.listed, self.data, self.alert, self.alert_at = [], 0, -1, -1
        self.encrypted = False
        self.handshake, self.places = b"", []
        for kind, at, length, body in records(octets):
            self.listed.append(f"{kind}:{length}")
            if kind == HANDSHAKE and not self.encrypted:
                self.handshake += body
                self.places += range(at, at + len(body))
            elif kind == CCS:
                self.encrypted = True
            elif kind == DATA:
                self.data += 1
                self.encrypted = True
            elif kind == ALERT and length == 2 == len(body) and self.alert < 0 and (body[0] == 2 or body[1]):
                self.alert, self.alert_at = body[1], at + 1
        self.handshake = self.handshake[:KEPT]

    def messages(self):
        """(type, body, offset of its last octet in the stream) of each whole handshake message."""
        at = 0
        while len(self.handshake) - at >= 4:
            end = at + 4 + int.from_bytes(self.handshake[at + 1 : at + 4], "big")
            if end > len(self.handshake):
                return
            yield self.handshake[at], self.handshake[at + 4 : end], self.places[end - 1]
            at = end


def read(client, server):
    """The Session that both streams show."""
    session = Session()
    ours, theirs = Side(client), Side(server)
    session.client_records, session.server_records = tuple(ours.listed[:LISTED]), tuple(theirs.listed[:LISTED])
    session.client_data, session.server_data, session.server_ccs = ours.data, theirs.data, theirs.encrypted
    for side, name in ((ours, "client"), (theirs, "server")):
        if side.alert >= 0 and session.alert < 0:
            session.alert, session.alert_at, session.alert_side = side.alert, side.alert_at, name
    if len(ours.handshake) >= 4 and ours.handshake[0] == 1:
        length = int.from_bytes(ours.handshake[1:4], "big")
        session.hello_octets = 4 + length
        body = ours.handshake[4 : 4 + length]
        session.client_at = ours.places[3 + len(body)]
        read_client_hello(body, session)
    for kind, body, at in theirs.messages():
        if kind == 2:
            session.server_at = at
            read_server_hello(body, session)
        elif kind == 11:
            session.certificate_at = at
            session.certificate = True
            session.chain = read_chain(body)
    return session


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
    rest = body[35 + body[34] :]
    rest = rest[2 + int.from_bytes(rest[:2], "big") :] if len(rest) >= 2 else b""
    rest = rest[1 + rest[0] :] if rest else b""
    if len(rest) < 2:
        return
    for kind, octets in extensions(rest):
        if kind == 0 and len(octets) >= 5 and octets[2] == 0:
            session.server_name = read_host(octets[5 : 5 + int.from_bytes(octets[3:5], "big")]) or session.server_name
        elif kind == 16:
            session.alpn = read_protocols(octets)
        elif kind == 43:
            offered = [int.from_bytes(octets[at : at + 2], "big") for at in range(1, len(octets) - 1, 2)]
            plain = [one for one in offered if not (one & 0x0F0F == 0x0A0A and one >> 8 == one & 255)]
            session.client_version = max(plain, default=session.client_version) or session.client_version
        elif kind == 0xFE0D:
            session.ech = True


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
    session.retry = session.retry or body[2:34] == RETRY
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
