"""One capture after the other goes through source, sweep and dissectors, and comes out as observations."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from analyzer.capturing.buffers import Buffers
from analyzer.capturing.container import Container, parse_interface, parse_section, parse_statistics, sniff
from analyzer.capturing.source import Source, open_source
from analyzer.conversations import Conversation
from analyzer.dissecting import dissect, dns, tls
from analyzer.dissecting.names import Sources, name_flows
from analyzer.errors import CaptureError
from analyzer.iana import link_type_name
from analyzer.kernels import flows as fl
from analyzer.kernels import records as rc
from analyzer.kernels.dns import ANSWER, MESSAGE
from analyzer.kernels.headers import V4_MAPPED
from analyzer.kernels.links import WITHOUT_IP
from analyzer.kernels.tunnels import NAMES as TUNNELS
from analyzer.metering import flows as meter
from analyzer.metering.harvest import Sessions
from analyzer.metering.rates import per_bin
from analyzer.metering.strings import take
from analyzer.metering.sweep import Room, Sweep
from analyzer.observations import Capture, Observations, Quality
from analyzer.settings import Settings
from analyzer.tables import Arp, Certificates, Dhcp, Dns, Flows, Http, Icmp, Ntp, Quic, Rates, Tls, build, from_rows

Array = npt.NDArray[Any]
Progress = Callable[[int, int], None]

INT64 = 2**63 - 1
RANK = {"": 0, "port": 1, "partial": 2, "payload": 3}
NAMED = {5353: "mdns", 5355: "llmnr"}
A, CNAME, AAAA = 1, 5, 28


class Reading:
    """One capture file on its way through the sweep."""

    def __init__(self, source: Source, sweep: Sweep) -> None:
        self.source = source
        self.sweep = sweep
        self.links: dict[str, bool] = {}  # by name, whether it may hold IP
        self.drops: dict[tuple[int, int], int] = {}
        self.filters: dict[str, None] = {}
        self.sections = 0
        self.secrets = False
        self.cut = ""
        self.form = np.zeros(rc.FORM_FIELDS, np.int64)
        self.interfaces = np.zeros((0, rc.INTERFACE_FIELDS), np.int64)

    def run(self, progress: Callable[[int], None]) -> Container:
        """Sweep the file to its end, or to what ends it early; `cut` then says why."""
        with Buffers(self.source) as buffers:
            octets, end, ended = buffers.next(0)
            while end < 24 and not ended:
                octets, end, ended = buffers.next(end)
            container = sniff(octets[:end].tobytes()[:64], self.source.path)
            self._begin(container)
            at = container.header_octets
            while True:
                at = self._sweep(octets, at, end, buffers.offset)
                progress(self.source.consumed)
                if self.cut:
                    break
                if ended:
                    if at < end:
                        self.cut = f"octet {buffers.offset + at}: the file ends inside a record"
                    break
                octets, end, ended = buffers.next(end - at)
                at = 0
        self.cut = self.source.cut or self.cut
        return container

    @property
    def barren(self) -> str:
        """That no link of the file holds IP, where it is so."""
        return "" if any(self.links.values()) or not self.links else f"{', '.join(self.links)}: no IP on such a link"

    def _begin(self, container: Container) -> None:
        self.form[rc.KIND] = rc.PCAP if container.kind == "pcap" else rc.PCAPNG
        self.form[rc.LITTLE] = container.little
        self.form[rc.RECORD_HEADER] = container.record_header
        if container.kind == "pcap":
            self._add_interface(container.interface)

    def _add_interface(self, interface: Any) -> None:
        row = np.zeros((1, rc.INTERFACE_FIELDS), np.int64)
        times, parts = interface.ns_per_tick
        row[0, rc.LINK] = interface.link_type
        row[0, rc.MULTIPLY] = times if parts == 1 else 0
        row[0, rc.DIVIDE] = parts if times == 1 and parts > 1 else 0
        row[0, rc.PER_SECOND] = rc.NS_PER_S * parts // times
        row[0, rc.OFFSET_NS] = interface.offset_ns
        row[0, rc.FCS] = interface.fcs_octets
        row[0, rc.SNAPLEN] = interface.snaplen
        row[0, rc.LAST_TICK] = min((INT64 - max(interface.offset_ns, 0)) * parts // times, INT64)
        self.interfaces = np.concatenate([self.interfaces, row])
        self.links[link_type_name(interface.link_type)] = interface.link_type not in WITHOUT_IP

    def _sweep(self, octets: Array, at: int, end: int, offset: int) -> int:
        """Sweep a buffer; returns where the record begins that needs more octets than it holds."""
        while True:
            why, at, need = self.sweep.feed(octets, at, end, self.form, self.interfaces)
            if why == rc.MORE:
                return at
            if why == rc.BAD:
                self.cut = f"octet {offset + at}: record claims {need} octets"
                return at
            length = need or self._section_octets(octets, at, end)
            if length < 0:
                self.cut = f"octet {offset + at}: no pcapng section header"
                return at
            if length == 0 or length > end - at:
                return at
            try:
                self._block(octets[at : at + length].tobytes())
            except ValueError as why_not:
                self.cut = f"octet {offset + at}: {why_not}"
                return at
            at += length

    @staticmethod
    def _section_octets(octets: Array, at: int, end: int) -> int:
        """Length of the section header block at `at`: 0 where more octets are needed, -1 where it is none."""
        if end - at < 12:
            return 0
        head = octets[at : at + 12].tobytes()
        try:
            order = "little" if parse_section(head) else "big"
        except ValueError:
            return -1
        length = int.from_bytes(head[4:8], "little" if order == "little" else "big")
        return length + -length % 4 if 28 <= length <= rc.MAX_CAPLEN else -1

    def _block(self, block: bytes) -> None:
        """Act on a block that changes how the rest is read, or that counts what was lost."""
        little = bool(self.form[rc.LITTLE])
        kind = int.from_bytes(block[:4], "little" if little else "big")
        if kind == rc.SECTION:
            self.form[rc.LITTLE] = parse_section(block)
            self.interfaces = np.zeros((0, rc.INTERFACE_FIELDS), np.int64)
            self.sections += 1
        elif kind == rc.INTERFACE:
            interface = parse_interface(block, little)
            self._add_interface(interface)
            if interface.filter:
                self.filters[interface.filter] = None
        elif kind == rc.STATISTICS:
            counted = parse_statistics(block, little)
            if counted.dropped is not None:
                self.drops[self.sections, counted.interface] = counted.dropped
        elif kind == rc.SECRETS:
            self.secrets = True


class Observer:
    """Facts of several captures, read one after the other as if they were one."""

    def __init__(self, settings: Settings, room: Room = Room()) -> None:  # noqa: B008 - a tuple of numbers
        self.sweep = Sweep(settings, room)
        self.captures: list[Capture] = []
        self.drops: list[int] = []
        self.filters: dict[str, None] = {}
        self.rows: dict[str, list[tuple[object, ...]]] = {"http": [], "dhcp": [], "ntp": [], "quic": []}
        self.services: dict[int, tuple[str, str]] = {}

    def read(self, path: str, progress: Progress | None, turn: tuple[int, int]) -> None:
        """Read one capture; `turn` is its number, from 0, and how many there are."""
        sweep = self.sweep
        sweep.begin_capture()
        before = sweep.counter(fl.FRAMES), sweep.counter(fl.OCTETS)
        with open_source(path) as source:
            reading = Reading(source, sweep)
            total = source.size * turn[1]

            def tell(consumed: int) -> None:
                self._dissect()
                if progress is not None:
                    progress(turn[0] * source.size + consumed, total)

            container = reading.run(tell)
        packets = sweep.counter(fl.FRAMES) - before[0]
        if reading.cut and not packets:
            raise CaptureError(path, 0, reading.cut)
        self.drops += reading.drops.values()
        self.filters |= reading.filters
        self.captures.append(
            Capture(
                path=path, format=container.kind, packets=packets, octets=sweep.counter(fl.OCTETS) - before[1],
                start_ns=max(sweep.counter(fl.FIRST_NS), 0), end_ns=max(sweep.counter(fl.MAX_NS), 0),
                cut=bool(reading.cut), link_types=tuple(reading.links), note=reading.cut or reading.barren,
                secrets=reading.secrets,
            )
        )  # fmt: skip

    def finish(self) -> Observations:
        """All facts; nothing more can be read after this."""
        sweep = self.sweep
        sweep.finish()
        self._dissect()
        found = sweep.found
        texts = found.strings.texts()
        flows = meter.finish(sweep.tables)
        dns_table = self._dns(texts)
        tls_table, certificate_table = self._tls(texts)
        http = from_rows(Http, self.rows["http"])
        self._name_services(flows, dns_table, tls_table)
        quic_table = from_rows(Quic, [])
        if self.rows["quic"]:
            from analyzer.dissecting import quic  # noqa: PLC0415 - many modules, and many captures hold none

            quic_table = quic.with_sessions(self.rows["quic"], tls_table)
        names, basis = name_flows(Sources(flows, dns_table, tls_table, http, certificate_table, quic_table))
        flows = flows._replace(server_name=names, server_name_basis=basis)
        return Observations(
            captures=tuple(self.captures), quality=self._quality(flows), flows=flows, dns=dns_table, tls=tls_table,
            certificates=certificate_table, http=http, dhcp=from_rows(Dhcp, self.rows["dhcp"]),
            ntp=from_rows(Ntp, self.rows["ntp"]), quic=quic_table, icmp=self._icmp(flows), rates=self._rates(),
            arp=self._arp(),
        )  # fmt: skip

    def _dissect(self) -> None:
        """Dissect the conversations that wait."""
        for talk in self.sweep.found.take_conversations():
            if talk.proto == 6 and (talk.resp_p == 53 or talk.orig_p == 53) and self.sweep.found.read_stream(talk):
                self._serve(talk.flow, "dns", "payload")
                continue
            self._add(talk)

    def _add(self, talk: Conversation) -> None:
        told = dissect(talk)
        if told is None:
            return
        for table, row in told.rows:
            self.rows[table].append(row)
        if told.tls_at is not None:
            if told.inner is not None:
                talk = talk._replace(orig=told.inner[0], resp=told.inner[1])
            self.sweep.found.read_inner(talk, told.tls_at, told.via)
        self._serve(talk.flow, told.service, told.certainty)

    def _serve(self, flow: int, service: str, certainty: str) -> None:
        if RANK[certainty] > RANK[self.services.get(flow, ("", ""))[1]]:
            self.services[flow] = (service, certainty)

    def _name_services(self, flows: Flows, messages: Dns, sessions: Tls) -> None:
        """Fill in which service each flow carries, and how that is known."""
        service, certainty = flows.service, flows.certainty
        for flow, (name, how) in self.services.items():
            service[flow], certainty[flow] = name, how
        framed = np.concatenate([np.zeros(0, np.int64), *self.sweep.found.framed])
        service[framed], certainty[framed] = "tls", "partial"
        outer = sessions.flow[sessions.via == ""]
        service[outer], certainty[outer] = "tls", "payload"
        is_asked = np.zeros(service.size, np.bool_)
        is_asked[messages.flow] = True
        asked = np.flatnonzero(is_asked)
        service[asked], certainty[asked] = "dns", "payload"
        ports = flows.orig_p[asked], flows.resp_p[asked]
        for port, name in NAMED.items():  # one who asks a server on port 53 from one of these ports asks it for DNS
            service[asked[((ports[0] == port) | (ports[1] == port)) & (ports[0] != 53) & (ports[1] != 53)]] = name
        carries = self.sweep.tables.flows["carries"][: service.size]
        carriers = np.flatnonzero(carries)
        service[carriers], certainty[carriers] = [TUNNELS[name] for name in carries[carriers].tolist()], "payload"

    def _dns(self, texts: list[str]) -> Dns:
        """Pair the messages that were read."""
        parts = self.sweep.found.messages
        rows = np.concatenate([np.zeros(0, MESSAGE), *(part.rows for part in parts)])
        answers = np.concatenate([np.zeros(0, ANSWER), *(part.answers for part in parts)])
        shift = np.repeat(np.cumsum([0, *(len(part.answers) for part in parts)])[:-1], [len(p.rows) for p in parts])
        rows["answers_at"] += shift.astype(np.int64)
        names = take(texts, rows["query"], "")
        version = np.where(answers["type"] == AAAA, 6, 4).astype(np.uint8)
        spoken = meter.addresses(answers["hi"], answers["lo"], version)
        spoken = np.where(answers["type"] == CNAME, take(texts, answers["target"], ""), spoken).tolist()
        ttls = list(map(str, answers["ttl"].tolist()))
        spans = list(zip(rows["answers_at"].tolist(), rows["answers"].tolist(), strict=True))
        return dns.transactions(
            rows,
            [tuple(spoken[at : at + count]) if count else () for at, count in spans],
            [tuple(ttls[at : at + count]) if count else () for at, count in spans],
            names,
        )

    def _tls(self, texts: list[str]) -> tuple[Tls, Certificates]:
        """The sessions in the order of flows, and the certificates that they show."""
        ders = self.sweep.found.ders.octets()
        fingerprints = [hashlib.sha256(der).hexdigest() for der in ders]
        known = []
        if ders:
            from analyzer.dissecting import certificates  # noqa: PLC0415 - slow to import; many captures show none

            known = [row for row in map(certificates.read, ders) if row is not None]
        parts = self.sweep.found.sessions or [Sessions.room(0)]
        whole = Sessions(*(np.concatenate(columns) for columns in zip(*parts, strict=True)))
        order = np.argsort(whole.rows["flow"], kind="stable")
        ordered = Sessions(*(column[order] for column in whole))
        table = tls.sessions(ordered, texts, fingerprints, self.sweep.found.lists.octets())
        return table, from_rows(Certificates, known)

    def _icmp(self, flows: Flows) -> Icmp:
        errors = np.concatenate(self.sweep.found.errors)
        flow = errors["flow"]
        by_orig = errors["side"] == self.sweep.tables.flows["orig"][flow]
        return build(
            Icmp, flow=flow, ts_ns=errors["ts_ns"], frame=errors["frame"],
            sender=np.where(by_orig, flows.orig_h[flow], flows.resp_h[flow]),
            icmp_type=errors["type"], code=errors["code"], quoted_flow=errors["quoted"],
            ttl=errors["ttl"], mtu=errors["mtu"],
        )  # fmt: skip

    def _arp(self) -> Arp:
        """Who claimed which address, in the order of the first messages."""
        claims = self.sweep.tables.claims
        said = claims[claims["messages"] > 0]
        said = said[np.argsort(said["frame"], kind="stable")]
        four = np.full(said.size, 4, np.uint8)
        return build(
            Arp, address=meter.addresses(np.zeros(said.size, np.int64), said["address"] + V4_MAPPED, four),
            mac=meter.macs(said["mac"]), **{name: said[name] for name in ("start_ns", "end_ns", "frame", "messages")},
        )  # fmt: skip

    def _rates(self) -> Rates:
        tables, count = self.sweep.tables, self.sweep.counter(fl.FLOWS)
        log = tables.rates[: self.sweep.counter(fl.RATES)]
        flow, start, orig, resp = per_bin(log, tables.flows[:count], tables.sides[: 2 * count])
        return build(Rates, flow=flow, start_ns=start, orig_octets=orig, resp_octets=resp)

    def _quality(self, flows: Flows) -> Quality:
        count = self.sweep.counter
        return Quality(
            kernel_drops=sum(self.drops) if self.drops else None,
            duplicates=count(fl.COPIES), duplicate_octets=count(fl.COPIED_OCTETS),
            nat_twins=int((flows.twin >= 0).sum()), super_frames=count(fl.SUPER_FRAMES),
            checksums=count(fl.CHECKSUMS), bad_checksums=count(fl.BAD_CHECKSUMS),
            partial_checksums=count(fl.PARTIAL_CHECKSUMS), reordered_segments=count(fl.REORDERED),
            payload_flows=int(((flows.proto == 6) & (flows.orig_payload_octets + flows.resp_payload_octets > 0)).sum()),
            control_flows=int(((flows.proto == 6) & _controlled(flows)).sum()), filters=tuple(self.filters),
            missed_octets=int(flows.orig_missed.sum() + flows.resp_missed.sum()),
            one_sided_flows=int(flows.one_sided.sum()), midstream_flows=int(flows.midstream.sum()),
            tcp_flows=int((flows.proto == 6).sum()), snaplen_cut_frames=count(fl.SNAPLEN_CUT),
            unknown_link_frames=count(fl.UNKNOWN_LINK), undecoded_frames=count(fl.UNDECODED),
            non_ip_frames=count(fl.NOT_IP), encrypted_frames=count(fl.ENCRYPTED), fragments=count(fl.FRAGMENTS),
            stray_fragments=count(fl.STRAY_FRAGMENTS), time_steps_back=count(fl.STEPS_BACK), bin_ns=self.sweep.bin_ns,
        )  # fmt: skip


def _controlled(flows: Flows) -> npt.NDArray[np.bool_]:
    """Flows with a segment that opens or closes."""
    opens = flows.orig_syns + flows.resp_synacks > 0
    closes = flows.orig_fins + flows.resp_fins + flows.orig_rsts + flows.resp_rsts > 0
    controlled: npt.NDArray[np.bool_] = opens | closes
    return controlled
