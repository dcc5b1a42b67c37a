"""Every table of facts: its columns, their types, units and names.

A table is a NamedTuple of NumPy columns of equal length. Allocation, the Parquet and JSON schemas, CSV headers and
the documentation are derived from the annotations here and from nowhere else.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, NamedTuple, TypeAlias, TypeVar, get_type_hints

import numpy as np
import numpy.typing as npt

Column: TypeAlias = npt.NDArray[Any]


class Kind(NamedTuple):
    """What a column holds: a NumPy type, and what an object column's cells are (str, tuple of str, bytes)."""

    dtype: str
    cells: type | None = None


U8 = Annotated[Column, Kind("u1")]
U16 = Annotated[Column, Kind("u2")]
U32 = Annotated[Column, Kind("u4")]
I32 = Annotated[Column, Kind("i4")]
I64 = Annotated[Column, Kind("i8")]
Bool = Annotated[Column, Kind("?")]
Text = Annotated[Column, Kind("O", str)]
Texts = Annotated[Column, Kind("O", tuple)]
Octets = Annotated[Column, Kind("O", bytes)]


class Flows(NamedTuple):
    """One row per biflow (RFC 5103), in the order of their first frames; a flow's id is its row number."""

    proto: Annotated[U8, "IANA protocol number; IPFIX protocolIdentifier (4)"]
    ip_version: Annotated[U8, "4 or 6"]
    orig_h: Annotated[Text, "originator's address; Zeek id.orig_h"]
    orig_p: Annotated[U16, "originator's port, or ICMP type; Zeek id.orig_p"]
    resp_h: Annotated[Text, "responder's address; Zeek id.resp_h"]
    resp_p: Annotated[U16, "responder's port, or ICMP code; Zeek id.resp_p"]
    start_ns: Annotated[I64, "first frame, ns since 1970-01-01 UTC; IPFIX flowStartNanoseconds (156)"]
    end_ns: Annotated[I64, "last frame, ns since 1970-01-01 UTC; IPFIX flowEndNanoseconds (157)"]
    orig_packets: Annotated[I64, "frames from the originator; Zeek orig_pkts"]
    resp_packets: Annotated[I64, "frames from the responder; Zeek resp_pkts"]
    orig_octets: Annotated[I64, "octets from the originator at IP length; Zeek orig_ip_bytes"]
    resp_octets: Annotated[I64, "octets from the responder at IP length; Zeek resp_ip_bytes"]
    orig_frame_octets: Annotated[I64, "octets of the originator's frames on the wire"]
    resp_frame_octets: Annotated[I64, "octets of the responder's frames on the wire"]
    orig_payload_octets: Annotated[I64, "transport payload octets from the originator, retransmissions included"]
    resp_payload_octets: Annotated[I64, "transport payload octets from the responder, retransmissions included"]
    conn_state: Annotated[Text, "Zeek conn_state, letter by letter; empty where the protocol has none"]
    history: Annotated[Text, "Zeek history, letter by letter"]
    orig_missed: Annotated[I64, "octets of the originator's stream that were never seen; Zeek missed_bytes, one side"]
    resp_missed: Annotated[I64, "octets of the responder's stream that were never seen"]
    orig_retransmitted: Annotated[I64, "payload octets that the originator sent again"]
    resp_retransmitted: Annotated[I64, "payload octets that the responder sent again"]
    community_id: Annotated[Text, "Community ID v1, seed 0"]
    orig_mac: Annotated[Text, "source MAC of the originator's first frame, where the link has one"]
    resp_mac: Annotated[Text, "source MAC of the responder's first frame"]
    vlan: Annotated[I32, "outermost VLAN id of the first frame, -1 without a tag"]
    tunnel: Annotated[Text, "what the first packet was wrapped in, outermost first: pppoe>mpls …; empty for none"]
    orig_ttl: Annotated[U8, "TTL or hop limit of the originator's first frame"]
    resp_ttl: Annotated[U8, "TTL or hop limit of the responder's first frame"]
    orig_syns: Annotated[U32, "SYNs without ACK from the originator"]
    attempts: Annotated[U32, "distinct initial sequence numbers among the originator's SYNs"]
    resp_synacks: Annotated[U32, "SYN-ACKs from the responder"]
    orig_fins: Annotated[U32, "FINs from the originator"]
    resp_fins: Annotated[U32, "FINs from the responder"]
    orig_rsts: Annotated[U32, "RSTs from the originator"]
    resp_rsts: Annotated[U32, "RSTs from the responder"]
    rtt_ns: Annotated[I64, "last SYN before the SYN-ACK to the SYN-ACK, then to its ACK: handshake RTT, -1 unknown"]
    synack_ns: Annotated[I64, "SYN to SYN-ACK: the part of the RTT between this tap and the responder, -1 unknown"]
    first_frame: Annotated[I64, "number of the first frame, Wireshark frame.number"]
    last_frame: Annotated[I64, "number of the last frame"]
    resp_frame: Annotated[I64, "number of the responder's first frame, 0 for none"]
    orig_data_frame: Annotated[I64, "number of the originator's first frame with payload, 0 for none"]
    resp_data_frame: Annotated[I64, "number of the responder's first frame with payload, 0 for none"]
    rst_frame: Annotated[I64, "number of the first RST, 0 for none"]
    fin_frame: Annotated[I64, "number of the first FIN, 0 for none"]
    midstream: Annotated[Bool, "TCP whose opening is not in the capture"]
    one_sided: Annotated[Bool, "TCP seen in one direction only although the other must have been there"]
    orig_isn: Annotated[I64, "sequence number of the originator's last SYN or SYN-ACK, -1 where none was seen"]
    resp_isn: Annotated[I64, "sequence number of the responder's last SYN or SYN-ACK, -1 where none was seen"]
    orig_mss: Annotated[I32, "MSS that the originator announced (RFC 9293 section 3.7.1), -1 where it did not"]
    resp_mss: Annotated[I32, "MSS that the responder announced, -1 where it did not"]
    orig_last_ns: Annotated[I64, "time of the originator's last frame, ns since 1970-01-01 UTC, -1 for none"]
    resp_last_ns: Annotated[I64, "time of the responder's last frame, -1 for none"]
    orig_last_frame: Annotated[I64, "number of the originator's last frame, 0 for none"]
    resp_last_frame: Annotated[I64, "number of the responder's last frame, 0 for none"]
    orig_acked: Annotated[I64, "octets of the originator's stream that were acknowledged, -1 where nothing was"]
    resp_acked: Annotated[I64, "octets of the responder's stream that were acknowledged, -1 where nothing was"]
    orig_again: Annotated[U32, "TCP segments that the originator sent again since the responder's last frame"]
    resp_again: Annotated[U32, "TCP segments that the responder sent again since the originator's last frame"]
    orig_ttl_low: Annotated[U8, "lowest TTL or hop limit of the originator's frames but RSTs, 0 for none"]
    orig_ttl_high: Annotated[U8, "highest TTL or hop limit of the originator's frames but RSTs"]
    resp_ttl_low: Annotated[U8, "lowest TTL or hop limit of the responder's frames but RSTs, 0 for none"]
    resp_ttl_high: Annotated[U8, "highest TTL or hop limit of the responder's frames but RSTs"]
    orig_ident: Annotated[I32, "IPv4 identification of the originator's last frame but RSTs, -1 for none"]
    resp_ident: Annotated[I32, "IPv4 identification of the responder's last frame but RSTs, -1 for none"]
    rst_from_orig: Annotated[Bool, "the first RST came in the originator's name"]
    rst_ns: Annotated[I64, "time of the first RST, -1 for none"]
    rst_ttl: Annotated[U8, "TTL or hop limit of the first RST, 0 for none"]
    rst_ident: Annotated[I32, "IPv4 identification of the first RST, -1 for none"]
    rst_window: Annotated[I32, "window of the first RST, -1 for none"]
    rst_delay_ns: Annotated[I64, "time from the other end's last frame to the first RST, -1 unknown"]
    orig_print: Annotated[I64, "hash of up to 64 octets of the originator's first payload, 0 for none"]
    resp_print: Annotated[I64, "hash of up to 64 octets of the responder's first payload, 0 for none"]
    twin: Annotated[I64, "the flow that this one is once more on the other side of a NAT, -1 for none"]
    service: Annotated[Text, "application protocol, lower case; empty where none is known"]
    certainty: Annotated[Text, "how the service is known: payload, partial, port; empty without a service"]
    server_name: Annotated[Text, "name of the responder, lower case without trailing dot; empty where unknown"]
    server_name_basis: Annotated[Text, "sni, quic, host, connect, cert, dns; empty where unknown"]


class Dns(NamedTuple):
    """One row per DNS transaction (RFC 1035), in the order of their first frames."""

    flow: Annotated[I64, "row of Flows"]
    ts_ns: Annotated[I64, "time of the query, or of the answer where the query was not seen"]
    query: Annotated[Text, "question name, lower case without trailing dot"]
    qtype_name: Annotated[Text, "IANA mnemonic of the question type"]
    rcode_name: Annotated[Text, "IANA mnemonic of the answer's RCODE; empty where no answer was seen"]
    answers: Annotated[Texts, "addresses and canonical names of the answer section, in order"]
    ttls: Annotated[Texts, "TTL in s of each of them, as decimal text"]
    rtt_ns: Annotated[I64, "query to answer, -1 where either was not seen"]
    queries: Annotated[U32, "how often the same question was sent"]
    query_frame: Annotated[I64, "frame of the first query, 0 for none"]
    answer_frame: Annotated[I64, "frame of the first answer, 0 for none"]
    truncated: Annotated[Bool, "TC bit of the answer"]


class Tls(NamedTuple):
    """One row per TLS session seen from its start (RFC 8446, RFC 5246)."""

    flow: Annotated[I64, "row of Flows"]
    ts_ns: Annotated[I64, "time of the ClientHello, or of the first record"]
    server_name: Annotated[Text, "SNI (RFC 6066 section 3), lower case"]
    version: Annotated[Text, "version that the server chose: SSLv3, TLSv10 … TLSv13 as Zeek writes it"]
    client_version: Annotated[Text, "highest version that the client offers"]
    cipher: Annotated[Text, "cipher suite that the server chose, IANA name or 0x number"]
    alpn: Annotated[Texts, "application protocols that the client offers (RFC 7301)"]
    server_alpn: Annotated[Text, "application protocol that the server chose, where it says so in clear"]
    groups: Annotated[
        Texts, "supported groups that the client offers (RFC 8446 section 4.2.7), IANA names or 0x numbers"
    ]
    ja3: Annotated[Text, "JA3 of the first ClientHello, empty where it is not seen whole"]
    ja3s: Annotated[Text, "JA3S of the ServerHello; a HelloRetryRequest has none"]
    ja4: Annotated[
        Text, "JA4 of the first ClientHello (of DTLS: of the one with the cookie), empty where not seen whole"
    ]
    resumed: Annotated[Bool, "the server accepted a session id, a ticket or a PSK"]
    resumption: Annotated[
        Text, "id, ticket or psk: what it accepted; empty where not resumed, or the ClientHello is missing"
    ]
    ech: Annotated[Bool, "the ClientHello carries encrypted_client_hello (real or GREASE)"]
    ech_kind: Annotated[Text, "inner; outer or grease where one is proven, else unknown (RFC 9849); empty without ech"]
    ech_config: Annotated[I32, "config_id of the outer hello, -1 for none; GREASE draws it anew, a real one repeats it"]
    hello_retry: Annotated[Bool, "the server asked for another ClientHello (RFC 8446 section 4.1.4)"]
    hello_octets: Annotated[I64, "octets of the ClientHello's handshake message, 0 where not seen"]
    client_print: Annotated[I64, "hash of all octets of the first ClientHello, 0 where not seen whole"]
    server_print: Annotated[I64, "hash of all octets of the first ServerHello or HelloRetryRequest, 0 likewise"]
    answer_ns: Annotated[I64, "ClientHello to ServerHello, -1 unknown"]
    established: Annotated[Bool, "application data went both ways"]
    client_records: Annotated[Texts, "type:length of the client's first records"]
    server_records: Annotated[Texts, "type:length of the server's first records"]
    alert_from: Annotated[Text, "client or server, where an alert was sent in clear"]
    alert: Annotated[I32, "its description (RFC 8446 section 6), -1 for none"]
    chain: Annotated[Texts, "SHA-256 fingerprints of the certificates that the server sent, leaf first"]
    client_hello_frame: Annotated[I64, "frame in which the ClientHello ends, 0 for none"]
    server_hello_frame: Annotated[I64, "frame in which the ServerHello ends, 0 for none"]
    certificate_frame: Annotated[I64, "frame in which the server's Certificate message ends, 0 for none"]
    alert_frame: Annotated[I64, "frame of the alert, 0 for none"]
    via: Annotated[Text, "connect, nats, starttls, quic or dtls where TLS began inside another protocol"]


class Certificates(NamedTuple):
    """One row per distinct certificate (RFC 5280)."""

    fingerprint: Annotated[Text, "SHA-256 of the DER, lower-case hex"]
    subject: Annotated[Text, "RFC 4514 string"]
    issuer: Annotated[Text, "RFC 4514 string"]
    names: Annotated[Texts, "DNS names and addresses of subjectAltName, else the subject's common name"]
    not_before_ns: Annotated[I64, "ns since 1970-01-01 UTC"]
    not_after_ns: Annotated[I64, "ns since 1970-01-01 UTC"]
    key_fingerprint: Annotated[Text, "SHA-256 of the SubjectPublicKeyInfo, lower-case hex"]
    is_ca: Annotated[Bool, "basicConstraints says CA"]
    der: Annotated[Octets, "the certificate itself"]


class Http(NamedTuple):
    """One row per HTTP/1 request of a flow's first octets, with its response (RFC 9112)."""

    flow: Annotated[I64, "row of Flows"]
    ts_ns: Annotated[I64, "time of the request, or of the response where no request was seen"]
    method: Annotated[Text, "request method; empty where no request was seen"]
    target: Annotated[Text, "request target without query (secrets may stand there), 256 octets at most"]
    host: Annotated[Text, "host that the request names, port removed, lower case"]
    port: Annotated[I32, "port that the request names, -1 for none"]
    form: Annotated[Text, "origin, absolute, authority (CONNECT), asterisk (RFC 9112 section 3.2)"]
    user_agent: Annotated[Text, "User-Agent"]
    status: Annotated[I32, "status code of the response, -1 where none was seen"]
    location: Annotated[Text, "Location of the response without query"]
    server: Annotated[Text, "Server or Via of the response"]
    content_type: Annotated[Text, "Content-Type of the response"]
    proxy_credentials: Annotated[Bool, "a Proxy-Authorization with credentials was sent in clear; they are not kept"]
    request_frame: Annotated[I64, "frame of the request line, 0 for none"]
    response_frame: Annotated[I64, "frame of the status line, 0 for none"]
    title: Annotated[Text, "title of the HTML page in the response, white space folded, 128 letters at most"]
    refusal: Annotated[Text, "header field that only a filter or proxy sends with a refusal: name and value"]


class Dhcp(NamedTuple):
    """One row per DHCP message (RFC 2131)."""

    flow: Annotated[I64, "row of Flows"]
    ts_ns: Annotated[I64, "time of the message"]
    frame: Annotated[I64, "its frame"]
    message: Annotated[Text, "DISCOVER, OFFER, REQUEST, DECLINE, ACK, NAK, RELEASE, INFORM"]
    client_mac: Annotated[Text, "chaddr"]
    client_address: Annotated[Text, "ciaddr, or the address requested"]
    assigned: Annotated[Text, "yiaddr"]
    server: Annotated[Text, "server identifier (option 54)"]
    host_name: Annotated[Text, "option 12"]
    routers: Annotated[Texts, "option 3"]
    resolvers: Annotated[Texts, "option 6"]
    ntp_servers: Annotated[Texts, "option 42"]


class Ntp(NamedTuple):
    """One row per NTP message of a flow's first messages (RFC 5905)."""

    flow: Annotated[I64, "row of Flows"]
    ts_ns: Annotated[I64, "time of the message"]
    frame: Annotated[I64, "its frame"]
    from_orig: Annotated[Bool, "sent by the originator"]
    version: Annotated[U8, "VN"]
    mode: Annotated[U8, "3 client, 4 server, …"]
    stratum: Annotated[U8, "0 kiss-o'-death or unspecified"]
    ref_id: Annotated[Text, "reference identifier; the kiss code where stratum is 0"]


class Quic(NamedTuple):
    """One row per flow whose first datagrams open as QUIC (RFC 9000, RFC 9369, and what went before them)."""

    flow: Annotated[I64, "row of Flows"]
    ts_ns: Annotated[I64, "time of the first datagram that shows a version"]
    version: Annotated[Text, "version spoken: 1, 2, draft-29, Q043, T051, mvfst-2 (0xfaceb002), else 0x number"]
    client_version: Annotated[Text, "version that the client began with, where it is another one"]
    server_name: Annotated[Text, "SNI of the ClientHello, or of Google's CHLO; lower case"]
    alpn: Annotated[Texts, "application protocols that the client offers (RFC 7301)"]
    ja4: Annotated[Text, "JA4 of the ClientHello; empty where none was read"]
    versions: Annotated[Texts, "versions that a Version Negotiation offers"]
    retry: Annotated[Bool, "the server sent a Retry (RFC 9000 section 17.2.5)"]
    initials: Annotated[U32, "Initial packets of the client that were read"]
    hello_frame: Annotated[I64, "frame with which the client's hello became whole, 0 for none"]
    zero_rtt: Annotated[Bool, "the client sent 0-RTT packets"]
    user_agent: Annotated[Text, "UAID of Google's CHLO"]


class Icmp(NamedTuple):
    """One row per ICMP error that quotes a packet (RFC 792, RFC 4443)."""

    flow: Annotated[I64, "row of Flows: the ICMP flow itself"]
    ts_ns: Annotated[I64, "time of the message"]
    frame: Annotated[I64, "its frame"]
    sender: Annotated[Text, "who sent the error"]
    icmp_type: Annotated[U8, "type"]
    code: Annotated[U8, "code"]
    quoted_flow: Annotated[I64, "row of Flows that is quoted, -1 where it is not in the capture"]
    ttl: Annotated[U8, "TTL or hop limit of the message"]
    mtu: Annotated[I32, "next-hop MTU that it asks for (RFC 1191, RFC 4443 section 3.2), -1 for none"]


class Arp(NamedTuple):
    """One row per pair of address and MAC that the sender of an ARP message claimed (RFC 826)."""

    address: Annotated[Text, "IPv4 address"]
    mac: Annotated[Text, "hardware address"]
    start_ns: Annotated[I64, "time of the first message that says so"]
    end_ns: Annotated[I64, "time of the last one"]
    frame: Annotated[I64, "frame of the first one"]
    messages: Annotated[U32, "how many say so"]


class Rates(NamedTuple):
    """One row per flow and bin of time in which it sent anything; the width of a bin stands in the quality."""

    flow: Annotated[I64, "row of Flows"]
    start_ns: Annotated[I64, "begin of the bin, ns since 1970-01-01 UTC"]
    orig_octets: Annotated[I64, "octets from the originator within the bin at IP length"]
    resp_octets: Annotated[I64, "octets from the responder within the bin at IP length"]


T = TypeVar("T")


def mapped(values: Column, name_of: Callable[[int], str]) -> Column:
    """A text column: what `name_of` says of each number; every distinct one is asked for once."""
    distinct, inverse = np.unique(values, return_inverse=True)
    names = np.empty(distinct.size, dtype=object)
    names[:] = [name_of(value) for value in distinct.tolist()]
    return names[inverse]


def columns(table: type[Any]) -> dict[str, tuple[Kind, str]]:
    """Name, kind and meaning of each column of a table, in order."""
    hints = get_type_hints(table, include_extras=True)
    return {name: (hint.__metadata__[0], hint.__metadata__[1]) for name, hint in hints.items()}


def build(table: type[T], **values: Any) -> T:
    """A table from columns given by name as anything NumPy takes; every column is needed."""
    made = {}
    for name, (kind, _) in columns(table).items():
        if kind.cells is None:
            made[name] = np.asarray(values[name], dtype=kind.dtype)
        else:
            column = np.empty(len(values[name]), dtype=object)
            column[:] = values[name]
            made[name] = column
    return table(**made)


def from_rows(table: type[T], rows: list[Any]) -> T:
    """A table from rows (tuples in the order of the columns)."""
    names = list(columns(table))
    cells = list(zip(*rows, strict=True)) if rows else [() for _ in names]
    return build(table, **dict(zip(names, cells, strict=True)))
