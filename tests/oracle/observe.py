"""Captures become observations, in plain Python: slow, short, and what the program's kernels are checked against."""

from __future__ import annotations

import collections
import hashlib

from analyzer.conversations import Conversation, Mark, Message, Stream
from analyzer.dissecting import certificates, dissect, quic
from analyzer.dissecting.names import Sources, name_flows
from analyzer.iana import (
    cipher_suite_name,
    dns_rcode_name,
    dns_type_name,
    group_name,
    link_type_name,
    tls_version_name,
)
from analyzer.observations import Capture, Observations, Quality
from analyzer.tables import Arp, Certificates, Dhcp, Dns, Flows, Http, Icmp, Ntp, Rates, Tls, columns, from_rows
from tests.oracle import dns, headers, records, tls, unwrapping
from tests.oracle.flows import Table, community_id, twins_of
from tests.oracle.headers import ICMP, ICMPV6, TCP, UDP
from tests.oracle.tcp import stream

ETHERNET = 1
STREAM_OCTETS = 32 * 1024
MESSAGE_OCTETS = 4096
MESSAGES = 16
DNS_PORTS = {53, 5353, 5355}
MANY = {53, 67, 68, 546, 547, 5353, 5355}
DHCP = {67, 68}
PORTION = 64
NAMED = {5353: "mdns", 5355: "llmnr"}
QUOTING = {ICMP: {3, 4, 5, 11, 12}, ICMPV6: {1, 2, 3, 4}}
RANK = {"": 0, "port": 1, "partial": 2, "payload": 3}


def observe(paths):
    """The Observations of several captures, read one after the other as if they were one."""
    return Reading(paths).observations()


class Reading:
    """All captures on their way to observations."""

    def __init__(self, paths):
        self.table = Table()
        self.captures = []
        self.frames = unwrapping.Unwrapping()
        self.counts = collections.Counter()
        self.icmp = []
        self.claims = {}
        self.number = 0
        for path in paths:
            self.read(path)
        self.account(self.frames.finish())
        self.rows = {"http": [], "dhcp": [], "ntp": [], "quic": [], "tls": [], "certificates": {}}
        self.messages = []
        self.services = {}
        for flow in self.table.flows:
            self.dissect(flow)

    def read(self, path):
        """Read one capture."""
        frames, links, cut = records.walk(records.read_octets(path))
        last, times = 0, []
        for frame in frames:
            self.number += 1
            ts_ns = last if frame.ts_ns is None or frame.ts_ns < 0 else frame.ts_ns
            self.counts["back"] += ts_ns < last
            self.counts["snaplen"] += frame.caplen < frame.origlen
            last = ts_ns
            times.append(ts_ns)
            found, packets = self.frames.decode(frame, self.number, ts_ns)
            self.counts[found] += 1
            if found == unwrapping.OTHER and frame.link_type == ETHERNET:
                self.hear_arp(frame.octets, ts_ns)
            self.account(packets)
        self.captures.append(
            Capture(
                path=str(path),
                format="pcapng" if records.read_octets(path)[:1] == b"\n" else "pcap",
                packets=len(frames),
                octets=sum(frame.origlen for frame in frames),
                start_ns=min(times, default=0),
                end_ns=max(times, default=0),
                cut=bool(cut),
                link_types=tuple(dict.fromkeys(map(link_type_name, links))),
                note=cut,
            )
        )

    def account(self, packets):
        """Account for packets, and for the flows that ICMP errors quote."""
        for packet in packets:
            flow = self.table.feed(packet)
            if packet.lean or packet.src_port not in QUOTING.get(packet.proto, ()):
                continue
            inner = headers.quoted(packet.payload[8:])
            found = self.table.find(inner) if inner else -1
            row = (
                flow.number, packet.ts_ns, packet.number, packet.src, packet.src_port, packet.dst_port, found,
                packet.ttl, mtu_of(packet),
            )  # fmt: skip
            self.icmp.append(row)

    def dissect(self, flow):
        """Which service a flow carries, and the records in its first octets."""
        ports = {flow.orig[1], flow.resp[1]}
        if flow.proto == UDP and ports & DNS_PORTS:
            left = [one for one in flow.messages if not self.is_dns(flow, one[0], one[1], one[3])]
        else:
            left = flow.messages
        talk = self.conversation(flow, left)
        if flow.proto == TCP:
            looks = tls.looks(talk.orig.octets, talk.resp.octets)
            if looks == "payload":
                self.session(flow, talk, (0, 0), "")
            if looks:
                self.serve(flow, "tls", looks)
                return
            if 53 in ports and self.read_stream(flow, talk):
                return
        told = dissect(talk) if talk.messages or self.has_early_octets(flow) else None
        if told is None:
            return
        for name, row in told.rows:
            self.rows[name].append(row)
        if told.inner is not None:
            talk = talk._replace(orig=told.inner[0], resp=told.inner[1])
        if told.tls_at is not None and tls.looks(
            talk.orig.octets[told.tls_at[0] :], talk.resp.octets[told.tls_at[1] :]
        ):
            self.session(flow, talk, told.tls_at, told.via)
        self.serve(flow, told.service, told.certainty)

    @staticmethod
    def has_early_octets(flow):
        """Whether anything of a stream's first octets came, be it behind a gap or before a SYN that began it anew."""
        ends = (flow.tcp.orig, flow.tcp.resp) if flow.tcp else ()
        return any(
            end.forgot or any(low + len(octets) > 0 and low < STREAM_OCTETS for low, _, _, octets in end.segments)
            for end in ends
        )

    @staticmethod
    def conversation(flow, messages):
        """What a dissector gets of a flow."""
        if flow.proto != TCP:
            kept = tuple(Message(ts, frame, orig, octets[:MESSAGE_OCTETS]) for ts, frame, orig, octets in messages)
            ports = {flow.orig[1], flow.resp[1]}
            if ports - DHCP:
                kept = kept[: PORTION if ports & MANY else MESSAGES]
            return Conversation(flow.number, flow.proto, flow.orig[1], flow.resp[1], messages=kept)
        streams = []
        for end in (flow.tcp.orig, flow.tcp.resp):
            octets, marks = stream(end, STREAM_OCTETS)
            streams.append(Stream(octets, tuple(Mark(*mark) for mark in marks)))
        return Conversation(flow.number, TCP, flow.orig[1], flow.resp[1], *streams)

    def serve(self, flow, service, certainty):
        """Keep the surer of two readings of a flow."""
        if RANK[certainty] > RANK[self.services.get(flow.number, ("", ""))[1]]:
            self.services[flow.number] = (service, certainty)

    def is_dns(self, flow, ts_ns, frame, octets):
        """Read a datagram as DNS; False where it is something else."""
        message = dns.parse(octets[:MESSAGE_OCTETS])
        if message is None:
            return False
        self.messages.append((frame, ts_ns, flow.number, message))
        ports = (flow.resp[1], flow.orig[1])
        port = 53 if 53 in ports else next((port for port in ports if port in NAMED), 0)
        self.services[flow.number] = (NAMED.get(port, "dns"), "payload")
        return True

    def read_stream(self, flow, talk):
        """DNS over TCP (RFC 1035 section 4.2.2); False where the first message is none."""
        found = []
        for one in (talk.orig, talk.resp):
            at = 0
            while len(one.octets) - at > 2:
                length = int.from_bytes(one.octets[at : at + 2], "big")
                mark = one.at(at)
                body = one.octets[at + 2 : at + 2 + length]
                found.append(self.is_dns(flow, mark.ts_ns, mark.frame, body))
                at += 2 + length
        return bool(found) and found[0]

    def session(self, flow, talk, at, via):
        """One row of Tls, and its certificates."""
        client, server = talk.orig.octets[at[0] :], talk.resp.octets[at[1] :]
        seen = tls.read(client, server)
        alerted = (
            (talk.orig, seen.alert_at, at[0]) if seen.alert_side == "client" else (talk.resp, seen.alert_at, at[1])
        )
        hellos = ((talk.orig, seen.client_at, at[0]), (talk.resp, seen.server_at, at[1]))
        places = (*hellos, (talk.resp, seen.certificate_at, at[1]), alerted)
        frames = [side.at(place + begin).frame if place >= 0 else 0 for side, place, begin in places]
        first = talk.orig.at(at[0] + max(seen.client_at, 0)) if client else talk.resp.at(at[1])
        if via:
            first = talk.orig.at(at[0]) if client else talk.resp.at(at[1])
        answer = (
            talk.resp.at(at[1] + seen.server_at).ts_ns - first.ts_ns if seen.server_at >= 0 <= seen.client_at else -1
        )
        for der in seen.chain:
            self.rows["certificates"].setdefault(hashlib.sha256(der).hexdigest(), der)
        known = {"server_name": seen.server_name, "alpn": seen.alpn, "server_alpn": seen.server_alpn}
        self.rows["tls"].append(
            row_of(
                Tls, flow=flow.number, ts_ns=first.ts_ns, **known,
                version=tls_version_name(seen.version) if seen.version else "",
                client_version=tls_version_name(seen.client_version) if seen.client_version else "",
                cipher=cipher_suite_name(seen.cipher) if seen.cipher > 0 else "",
                groups=tuple(group_name(one) for one in seen.groups), ja3=seen.ja3, ja3s=seen.ja3s,
                ja4=seen.ja4({"quic": "q", "dtls": "d"}.get(via, "t")), resumed=seen.resumed,
                resumption=seen.resumption, ech=bool(seen.ech), ech_kind=seen.ech_kind, ech_config=seen.ech_config,
                hello_retry=seen.retry, hello_octets=seen.hello_octets,
                answer_ns=max(answer, -1),
                client_print=seen.client_print, server_print=seen.server_print,
                established=seen.established, client_records=seen.client_records, server_records=seen.server_records,
                alert_from=seen.alert_side, alert=seen.alert,
                chain=tuple(hashlib.sha256(der).hexdigest() for der in seen.chain),
                client_hello_frame=frames[0], server_hello_frame=frames[1], certificate_frame=frames[2],
                alert_frame=frames[3], via=via,
            )
        )  # fmt: skip

    # the tables

    def observations(self):
        """All tables."""
        twins = twins_of(self.table.flows)
        flows = from_rows(Flows, [self.flow_row(flow, twins[flow.number]) for flow in self.table.flows])
        lookups = from_rows(Dns, self.dns_rows())
        sessions = from_rows(Tls, sorted(self.rows["tls"], key=lambda row: row[0]))
        ders = self.rows["certificates"].values()
        chains = from_rows(Certificates, [row for row in map(certificates.read, ders) if row])
        requests = from_rows(Http, self.rows["http"])
        connections = quic.with_sessions(self.rows["quic"], sessions)
        names, basis = name_flows(Sources(flows, lookups, sessions, requests, chains, connections))
        tcp = [flow for flow in self.table.flows if flow.proto == TCP]
        quality = Quality(
            missed_octets=int(flows.orig_missed.sum() + flows.resp_missed.sum()),
            one_sided_flows=int(flows.one_sided.sum()), midstream_flows=int(flows.midstream.sum()), tcp_flows=len(tcp),
            snaplen_cut_frames=self.counts["snaplen"], unknown_link_frames=self.counts[unwrapping.UNKNOWN],
            undecoded_frames=self.counts[unwrapping.SHORT], non_ip_frames=self.counts[unwrapping.OTHER],
            encrypted_frames=self.counts[unwrapping.ENCRYPTED], fragments=self.frames.waiting.seen,
            stray_fragments=self.frames.stray, time_steps_back=self.counts["back"],
            **self.more_quality(flows, tcp), duplicates=self.frames.copies.frames,
            duplicate_octets=self.frames.copies.octets,
            reordered_segments=sum(end.overtaken for flow in tcp for end in (flow.tcp.orig, flow.tcp.resp)),
        )  # fmt: skip
        sent = sorted((flow, second, *octets) for (flow, second), octets in self.table.sent.items() if any(octets))
        return Observations(
            captures=tuple(self.captures), quality=quality,
            flows=flows._replace(server_name=names, server_name_basis=basis), dns=lookups, tls=sessions,
            certificates=chains, http=requests, dhcp=from_rows(Dhcp, self.rows["dhcp"]),
            ntp=from_rows(Ntp, self.rows["ntp"]), quic=connections, icmp=from_rows(Icmp, self.icmp),
            arp=from_rows(Arp, self.arp_rows()),
            rates=from_rows(Rates, [(flow, second * 1_000_000_000, one, two) for flow, second, one, two in sent]),
        )  # fmt: skip

    def more_quality(self, flows, tcp):
        """What is counted of flows and of their first packets."""
        counts = self.table.counts
        ends = [(flow, (flow.tcp.orig, flow.tcp.resp)) for flow in tcp]
        return {
            "nat_twins": sum(twin >= 0 for twin in flows.twin.tolist()),
            "super_frames": counts["super"],
            "checksums": counts["right"] + counts["wrong"] + counts["partial"],
            "bad_checksums": counts["wrong"] + counts["partial"],
            "partial_checksums": counts["partial"],
            "payload_flows": sum(flow.sides[0].payload + flow.sides[1].payload > 0 for flow in tcp),
            "control_flows": sum(
                flow.tcp.orig.syns + flow.tcp.resp.synacks + sum(end.fins + end.rsts for end in both) > 0
                for flow, both in ends
            ),
        }

    def flow_row(self, flow, twin):
        """A row of Flows."""
        orig, resp = flow.sides
        one, two = (flow.tcp.orig, flow.tcp.resp) if flow.tcp else (None, None)
        service, certainty = (flow.carries, "payload") if flow.carries else self.services.get(flow.number, ("", ""))
        talked = one and orig.packets > one.syns + one.rsts and not resp.packets
        answered = one and resp.packets and not orig.packets
        opening = flow.syn_seen or flow.synack_seen
        rtt = flow.syn_rtt + flow.ack_rtt if min(flow.syn_rtt, flow.ack_rtt) >= 0 else -1
        return row_of(
            Flows, proto=flow.proto, ip_version=flow.version, orig_h=flow.orig[0], orig_p=flow.orig[1],
            resp_h=flow.resp[0], resp_p=flow.resp[1], start_ns=flow.start_ns, end_ns=flow.end_ns,
            orig_packets=orig.packets, resp_packets=resp.packets, orig_octets=orig.octets, resp_octets=resp.octets,
            orig_frame_octets=orig.frame_octets, resp_frame_octets=resp.frame_octets,
            orig_payload_octets=orig.payload, resp_payload_octets=resp.payload,
            conn_state=flow.conn_state(), history=flow.history(),
            orig_missed=one.missing() if one and orig.packets else 0,
            resp_missed=two.missing() if two and resp.packets else 0,
            orig_retransmitted=one.again if one else 0, resp_retransmitted=two.again if two else 0,
            community_id=community_id(flow.proto, flow.orig, flow.resp), orig_mac=orig.mac, resp_mac=resp.mac,
            vlan=flow.vlan, tunnel=flow.tunnel, orig_ttl=orig.ttl, resp_ttl=resp.ttl,
            orig_syns=one.syns if one else 0, attempts=flow.attempts, resp_synacks=two.synacks if two else 0,
            orig_fins=one.fins if one else 0, resp_fins=two.fins if two else 0,
            orig_rsts=one.rsts if one else 0, resp_rsts=two.rsts if two else 0,
            rtt_ns=rtt, synack_ns=flow.syn_rtt, first_frame=flow.first_frame, last_frame=flow.last_frame,
            resp_frame=resp.first_frame, orig_data_frame=orig.data_frame, resp_data_frame=resp.data_frame,
            rst_frame=flow.rst_frame, fin_frame=flow.fin_frame, midstream=bool(one) and not opening,
            one_sided=bool(talked or answered), twin=twin, rst_from_orig=flow.rst_from_orig,
            rst_delay_ns=flow.rst_delay,
            rst_ns=flow.rst.ts_ns if flow.rst else -1, rst_ttl=flow.rst.ttl if flow.rst else 0,
            rst_ident=flow.rst.ident if flow.rst and flow.version == 4 else -1,
            rst_window=flow.rst.window if flow.rst else -1,
            **end_cells("orig", orig, resp, one), **end_cells("resp", resp, orig, two),
            service=service, certainty=certainty, server_name="",
            server_name_basis="",
        )  # fmt: skip

    def hear_arp(self, octets, ts_ns):
        """Note what the sender of an ARP message says of itself."""
        while octets[12:14] in {b"\x81\0", b"\x88\xa8", b"\x91\0"} and len(octets) > 18:
            octets = octets[:12] + octets[16:]
        message = octets[14:42]
        if octets[12:14] != b"\x08\x06" or len(message) < 28 or message[:6] != b"\0\1\x08\0\6\4":
            return
        mac, address = message[8:14], message[14:18]
        if any(mac) and any(address):
            key = ".".join(map(str, address)), ":".join(f"{octet:02x}" for octet in mac)
            first, last, frame, count = self.claims.get(key, (ts_ns, ts_ns, self.number, 0))
            self.claims[key] = min(first, ts_ns), max(last, ts_ns), frame, count + 1

    def arp_rows(self):
        """Who claimed which address, in the order of the first messages."""
        return [(*key, *held) for key, held in self.claims.items()]

    def dns_rows(self):
        """Questions and answers paired by flow, id, name and type, in the order of their first frames."""
        pairs = {}
        for frame, ts_ns, flow, message in self.messages:
            pair = pairs.setdefault((flow, message.id, message.query, message.qtype), ([], []))
            pair[message.is_answer].append((frame, ts_ns, message))
        rows = []
        for (flow, _, query, qtype), (asked, answered) in pairs.items():
            ask, answer = (asked or [None])[0], (answered or [None])[0]
            first = ask or answer
            said = answer[2].answers if answer else ()
            rows.append((first[0], row_of(
                Dns, flow=flow, ts_ns=first[1], query=query, qtype_name=dns_type_name(qtype),
                rcode_name=dns_rcode_name(answer[2].flags & 15) if answer else "",
                answers=tuple(text for _, text, _ in said), ttls=tuple(str(ttl) for _, _, ttl in said),
                rtt_ns=answer[1] - ask[1] if ask and answer else -1, queries=len(asked),
                query_frame=ask[0] if ask else 0, answer_frame=answer[0] if answer else 0,
                truncated=bool(answer and answer[2].flags & 0x0200),
            )))  # fmt: skip
        return [row for _, row in sorted(rows, key=lambda pair: pair[0])]


def mtu_of(packet):
    """The MTU that an ICMP error asks for, -1 for none."""
    if len(packet.payload) < 8:
        return -1
    if packet.proto == ICMP and (packet.src_port, packet.dst_port) == (3, 4):
        return int.from_bytes(packet.payload[6:8], "big")
    if packet.proto == ICMPV6 and packet.src_port == 2:
        return min(int.from_bytes(packet.payload[4:8], "big"), 0x7FFFFFFF)
    return -1


def end_cells(name, side, other, end):
    """The columns of one end that begin with its name."""
    known = bool(end and other.packets and end.base is not None)
    cells = {
        "isn": end.isns[-1] if end and end.isns else -1, "acked": end.acked_to if known else -1,
        "again": side.again if side.again_at == other.packets else 0, "last_ns": side.last_ns,
        "last_frame": side.last_frame, "mss": side.mss, "ident": side.ident, "ttl_low": side.ttl_low,
        "ttl_high": side.ttl_high, "print": side.print,
    }  # fmt: skip
    return {f"{name}_{column}": cell for column, cell in cells.items()}


def row_of(table, **cells):
    """A row of a table from its cells by name."""
    names = list(columns(table))
    assert set(names) == set(cells), set(names) ^ set(cells)
    return tuple(cells[name] for name in names)
