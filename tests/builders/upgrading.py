"""Conversations of the protocols that carry TLS behind messages of their own: what each must be called."""

from __future__ import annotations

from tests.builders import datagrams as dg
from tests.builders import hellos as he
from tests.builders.conversations import tcp, udp

HELLO, ANSWER = he.client_hello("a.example"), he.server_flight()


def ber(tag, *parts):
    """A short element of the basic encoding rules."""
    body = b"".join(parts)
    return bytes([tag, len(body)]) + body


def ldap(number, tag, *parts):
    """A message of LDAP (RFC 4511 section 4.1.1)."""
    return ber(0x30, b"\2\1" + bytes([number]), ber(tag, *parts))


def mysql(number, body):
    """A packet of MySQL: length, number, body."""
    return len(body).to_bytes(3, "little") + bytes([number]) + body


def tds(kind, body):
    """A packet of TDS: type, status, length, process, number, window."""
    return bytes([kind, 1]) + (8 + len(body)).to_bytes(2, "big") + b"\0\0\1\0" + body


def x224(kind, body):
    """TPKT around a connection packet of X.224."""
    inner = bytes([6 + len(body), kind, 0, 0, 0x12, 0x34, 0]) + body
    return b"\3\0" + (4 + len(inner)).to_bytes(2, "big") + inner


SMTP = b"220 mail.example ESMTP\r\n", b"EHLO me\r\n", b"250-mail.example\r\n250 STARTTLS\r\n"
IMAP = b"* OK [CAPABILITY IMAP4rev1 STARTTLS] ready\r\n"
POP3 = b"+OK Dovecot ready.\r\n"
STREAM = b"<?xml version='1.0'?><stream:stream to='a' xmlns:stream='http://etherx.jabber.org/streams'>"
OF_TLS = b" xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"
OFFER = b"<stream:features><starttls" + OF_TLS + b"</stream:features>"
SSL, GSS = b"\0\0\0\x08\x04\xd2\x16\x2f", b"\0\0\0\x08\x04\xd2\x16\x30"
CANCEL = b"\0\0\0\x10\x04\xd2\x16\x2e" + b"k" * 8
START = b"\0\0\0\x1d\0\3\0\0user\0bob\0database\0x\0\0"
MYSQL = mysql(0, b"\x0a8.0.36\0\1\0\0\0saltsalt\0\xff\xff\xff\2\0\xff\xdf\x15" + bytes(10) + b"s" * 12 + b"\0plugin\0")
MYSQL_TLS = mysql(1, b"\x85\xae\xff\x19\0\0\0\1\xff" + bytes(23))
MYSQL_LOGIN = mysql(1, b"\x85\xa6\xff\x19\0\0\0\1\xff" + bytes(23) + b"bob\0\x14" + b"h" * 20)
RDP_ASK = x224(0xE0, b"Cookie: mstshash=bob\r\n" + b"\1\0\x08\0\x0b\0\0\0")
RDP_TLS, RDP_REFUSED = x224(0xD0, b"\2\0\x08\0\2\0\0\0"), x224(0xD0, b"\3\0\x08\0\2\0\0\0")
PRE_LOGIN = b"\0\0\x0b\0\6\1\0\x11\0\1\xff" + b"\x0f\0\7\xd0\0\0" + b"\1"
LOGIN_7 = tds(0x10, (48).to_bytes(4, "little") + b"\4\0\0\x74" + b"bob" + bytes(37))
LOGIN_5 = b"\2\0\2\0\0\0\0\0" + b"host" + bytes(500)
START_TLS, SUCCESS = ldap(1, 0x77, ber(0x80, b"1.3.6.1.4.1.1466.20037")), b"\x0a\1\0\4\0\4\0"
BIND = ldap(2, 0x60, b"\2\1\3\4\2cn", ber(0x80, b"secret"))
SEARCH = ldap(1, 0x63, b"\4\0\x0a\1\0\x0a\1\0\2\1\0\2\1\0\1\1\0\x87\4test0\0")
DTLS_HELLO = dg.handshake(dg.client_hello_message("plant.example"), 0)
DTLS_ANSWER = dg.handshake(he.server_hello_message(version=dg.V12), 0)
DTLS_DATA = dg.record(23, b"d" * 40, epoch=1)

# Module of analyzer.dissecting: (service, certainty, conversation).
UPGRADING = {
    "dtls": [
        ("dtls", "payload", udp(DTLS_HELLO, DTLS_ANSWER, DTLS_DATA, DTLS_DATA, resp_p=4433)),
        ("dtls", "payload", udp(DTLS_HELLO, dg.handshake(dg.verify_message(), 0))),
        ("dtls", "partial", udp(DTLS_DATA, DTLS_DATA)),
    ],
    "imap": [
        ("imap", "payload", tcp(b"", IMAP, b"a1 LOGIN bob secret\r\n", b"a1 OK\r\n", resp_p=143)),
        ("imap", "payload", tcp(b"", IMAP, b"a2 STARTTLS\r\n", b"a2 OK go\r\n", HELLO, ANSWER, resp_p=143)),
        ("imap", "payload", tcp(b"", IMAP)),
    ],
    "ldap": [
        ("ldap", "payload", tcp(BIND, ldap(2, 0x61, SUCCESS), resp_p=389)),
        ("ldap", "payload", tcp(START_TLS, ldap(1, 0x78, SUCCESS), HELLO, ANSWER)),
        ("ldap", "payload", tcp(b"", ldap(2, 0x61, SUCCESS))),
        ("ldap", "payload", udp(SEARCH, resp_p=389)),
    ],
    "mysql": [
        ("mysql", "payload", tcp(b"", MYSQL, MYSQL_LOGIN, mysql(2, b"\0\0\0\2\0\0\0"), resp_p=3306)),
        ("mysql", "payload", tcp(b"", MYSQL, MYSQL_TLS + HELLO, ANSWER)),
        ("mysql", "payload", tcp(b"", MYSQL)),
        ("mysql", "payload", tcp(MYSQL_TLS + HELLO)),
    ],
    "pop3": [
        ("pop3", "payload", tcp(b"", POP3, b"USER bob\r\n", b"+OK\r\n", b"PASS secret\r\n", b"+OK\r\n", resp_p=110)),
        ("pop3", "payload", tcp(b"", POP3, b"STLS\r\n", b"+OK Begin TLS\r\n", HELLO, ANSWER)),
        ("pop3", "payload", tcp(b"", b"+OK POP3 server\r\n")),
    ],
    "postgresql": [
        ("postgresql", "payload", tcp(SSL, b"S", HELLO, ANSWER, resp_p=5432)),
        ("postgresql", "payload", tcp(GSS, b"N", START, b"R\0\0\0\x08\0\0\0\0")),
        ("postgresql", "payload", tcp(CANCEL)),
    ],
    "rdp": [
        ("rdp", "payload", tcp(RDP_ASK, RDP_TLS, HELLO, ANSWER, resp_p=3389)),
        ("rdp", "payload", tcp(RDP_ASK, RDP_REFUSED)),
        ("rdp", "payload", tcp(b"", RDP_TLS + ANSWER)),
    ],
    "smtp": [
        ("smtp", "payload", tcp(b"", *SMTP, b"STARTTLS\r\n", b"220 2.0.0 Ready\r\n", HELLO, ANSWER, resp_p=25)),
        ("smtp", "payload", tcp(b"", b"220 ready\r\n", b"HELO me\r\n", b"250 ok\r\n")),
        ("smtp", "payload", tcp(b"EHLO me\r\nMAIL FROM:<a@b.example>\r\n")),
    ],
    "starttls": [
        ("nntp", "payload", tcp(b"", b"200 ready\r\n", b"STARTTLS\r\n", b"382 go\r\n", HELLO, ANSWER, resp_p=119)),
        ("sieve", "payload", tcp(b"", b'"SASL" "x"\r\nOK\r\n', b"STARTTLS\r\n", b'OK "go"\r\n', HELLO, ANSWER)),
        ("irc", "payload", tcp(b"", b":a.b NOTICE * :hi\r\n", b"STARTTLS\r\n", b":a.b 670 c :go\r\n", HELLO, ANSWER)),
    ],
    "tds": [
        ("tds", "payload", tcp(tds(0x12, PRE_LOGIN), tds(4, PRE_LOGIN), tds(0x12, HELLO), tds(0x12, ANSWER))),
        ("tds", "payload", tcp(tds(0x12, PRE_LOGIN), tds(4, PRE_LOGIN), LOGIN_7, resp_p=1433)),
        ("tds", "payload", tcp(LOGIN_7)),
        ("tds", "payload", tcp(LOGIN_5, tds(4, b"\xad\1\0x"))),
    ],
    "xmpp": [
        (
            "xmpp",
            "payload",
            tcp(STREAM, STREAM + OFFER, b"<starttls" + OF_TLS, b"<proceed" + OF_TLS, HELLO, ANSWER, resp_p=5222),
        ),
        ("xmpp", "payload", tcp(STREAM)),
    ],
}
