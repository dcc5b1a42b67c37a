"""One capture after the other goes through source, sweep and dissectors, and comes out as observations."""

from __future__ import annotations

import copy
import hashlib
import itertools
import operator
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from analyzer.capturing.source import open_source
from analyzer.conversations import Conversation
from analyzer.dissecting import dissect, dns, tls
from analyzer.dissecting.names import Sources, name_flows
from analyzer.errors import CaptureError
from analyzer.kernels import flows as fl
from analyzer.kernels.headers import V4_MAPPED
from analyzer.kernels.tunnels import NAMES as TUNNELS
from analyzer.metering import flows as meter
from analyzer.metering.harvest import REPEATS, Sessions, all_messages, all_sessions
from analyzer.metering.rates import per_bin
from analyzer.metering.shedding import expendable, over
from analyzer.metering.strings import take
from analyzer.metering.sweep import Room, Sweep
from analyzer.observations import Capture, Observations, Quality, flow_counts
from analyzer.reading import Reading, Tee
from analyzer.settings import Settings
from analyzer.tables import Arp, Certificates, Dhcp, Dns, Flows, Http, Icmp, Ntp, Quic, Rates, Tls, build, from_rows

Array = npt.NDArray[Any]
Progress = Callable[[int, int], None]

RANK = {"": 0, "port": 1, "partial": 2, "payload": 3}
NAMED = {5353: "mdns", 5355: "llmnr"}
A, CNAME, AAAA = 1, 5, 28
LARGER = 10
"""So many times as much room as a message of DNS takes a row that a dissector made."""

MANY, MANY_ROWS = 20_000, 1_000
"""Messages of DNS, and rows of DHCP, that are looked through for repeated ones."""

TIMED = 3
"""Columns of Dhcp before those that tell of what: flow, ts_ns, frame."""

FLOW_OF = operator.itemgetter(0)
"""The flow of a dissector's row: the first column of each of their tables."""


class Observer:
    """Facts of several captures, read one after the other as if they were one."""

    def __init__(self, settings: Settings, room: Room = Room()) -> None:  # noqa: B008 - a tuple of numbers
        self.sweep = Sweep(settings, room)
        self.captures: list[Capture] = []
        self.drops: list[int] = []
        self.filters: dict[str, None] = {}
        self.reading: Reading | None = None
        self._before = (0, 0)
        self._thin_at, self._thin_rows_at = MANY, MANY_ROWS
        self.rows: dict[str, list[tuple[Any, ...]]] = {"http": [], "dhcp": [], "ntp": [], "quic": []}
        self.services: dict[int, tuple[str, str]] = {}

    def read(self, path: str, progress: Progress | None, turn: tuple[int, int], tee: Tee | None = None) -> None:
        """Read one capture; `turn` is its number, from 0, and how many there are; a tee takes its frames as well."""
        with open_source(path) as source:
            reading = self.begin(path)
            total = source.size * turn[1]

            def tell(consumed: int) -> None:
                self.dissect()
                if progress is not None:
                    progress(turn[0] * source.size + consumed, total)

            reading.run(source, tell, tee=tee)
        if reading.cut and not self._told_of(reading).packets:
            raise CaptureError(path, 0, reading.cut)
        self.end()

    def begin(self, path: str) -> Reading:
        """Another capture begins: what is read from now on is of this one."""
        sweep = self.sweep
        sweep.begin_capture()
        self._before = sweep.counter(fl.FRAMES), sweep.counter(fl.OCTETS)
        self.reading = Reading(path, sweep)
        return self.reading

    def end(self) -> None:
        """The capture that was begun last is over."""
        reading, self.reading = self.reading, None
        if reading is not None:
            self.drops += reading.drops.values()
            self.filters |= reading.filters
            self.captures.append(self._told_of(reading))

    def _told_of(self, reading: Reading) -> Capture:
        """A capture as far as it was read."""
        count = self.sweep.counter
        start_ns = max(count(fl.FIRST_NS), 0)
        if reading.steady:
            start_ns = reading.begun_ns = reading.begun_ns or start_ns
        return Capture(
            path=reading.path, format=reading.kind, packets=count(fl.FRAMES) - self._before[0],
            octets=count(fl.OCTETS) - self._before[1], start_ns=start_ns,
            end_ns=max(count(fl.MAX_NS), 0), cut=bool(reading.cut), link_types=tuple(reading.links),
            note="; ".join(filter(None, (reading.cut or reading.barren, reading.remark))), secrets=reading.secrets,
        )  # fmt: skip

    def clone(self) -> Observer:
        """The same, apart: what one reads from now on changes nothing in the other, which can be finished."""
        other = copy.copy(self)
        other.sweep = self.sweep.clone()
        other.captures, other.drops, other.filters = [*self.captures], [*self.drops], {**self.filters}
        other.rows = {name: [*rows] for name, rows in self.rows.items()}
        other.services = {**self.services}
        return other

    @property
    def records(self) -> int:
        """How many records of flows are held (questions, sessions, …), and parts of some that are not read yet."""
        return self.sweep.counter(fl.SEGMENTS) + self.sweep.found.rows + sum(map(len, self.rows.values()))

    @property
    def said(self) -> int:
        """How much is held that talks without end may have said, in messages of DNS."""
        return self.sweep.found.said + LARGER * len(self.rows["dhcp"])

    def tidy(self) -> None:
        """Hold less: what waits is read, as far as it can be, and of what came again and again only a few stay."""
        self.sweep.tidy()
        self.dissect()
        found = self.sweep.found
        if found.said > self._thin_at:
            found.thin()
            self._thin_at = max(MANY, 2 * found.said)
        found.join()
        if len(self.rows["dhcp"]) > self._thin_rows_at:
            self.rows["dhcp"] = thinned(self.rows["dhcp"])
            self._thin_rows_at = max(MANY_ROWS, 2 * len(self.rows["dhcp"]))

    def leaving(self, seen: Observations) -> npt.NDArray[np.bool_]:
        """Which of the flows that a clone told are over here as well, and as they were then; the rows of `seen`."""
        flows = self.sweep.tables.flows["last_frame"][: self.sweep.counter(fl.FLOWS)]
        goes = np.zeros(seen.flows.proto.size, np.bool_)
        count = min(flows.size, goes.size)
        goes[:count] = over(self.sweep.tables, self.sweep.settings)[:count]
        goes[:count] &= seen.flows.last_frame[:count] == flows[:count]
        return goes

    def relieve(self, most: int) -> int:
        """Let so many flows go that `most` are left, without a look at what they tell; returns how many went.

        Attempts that nobody answered go first, those at one target or of one originator by the crowd before others, and
        the oldest of them; then the flows that have been silent for longest.
        """
        count = self.sweep.counter(fl.FLOWS)
        goes = np.zeros(count, np.bool_)
        goes[expendable(self.sweep.tables)[: max(count - most, 0)]] = True
        self.shed(goes)
        return int(goes.sum())

    def forget(self, most: int) -> int:
        """Let the oldest messages go where flows that go on say more than twice `most`; returns how many went."""
        goes_on = ~over(self.sweep.tables, self.sweep.settings)
        rows = self.rows["dhcp"]
        older = np.cumsum(goes_on[[FLOW_OF(row) for row in rows]]) if rows else np.zeros(1, np.int64)
        spare = int(older[-1]) - most // LARGER
        if spare > most // LARGER:
            stays = [not goes_on[FLOW_OF(row)] or at > spare for row, at in zip(rows, older.tolist(), strict=True)]
            self.rows["dhcp"] = list(itertools.compress(rows, stays))
        return self.sweep.found.forget(most, goes_on) + len(rows) - len(self.rows["dhcp"])

    def shed(self, goes: npt.NDArray[np.bool_]) -> None:
        """Let flows go (by their rows; later ones stay), with all facts of them; the others get new rows, in order."""
        count = self.sweep.counter(fl.FLOWS)
        moved = self.sweep.shed(np.resize(np.append(goes, np.zeros(count, np.bool_)), count))
        self.services = {int(moved[flow]): told for flow, told in self.services.items() if moved[flow] >= 0}
        for name, rows in self.rows.items():
            self.rows[name] = [(int(moved[FLOW_OF(row)]), *row[1:]) for row in rows if moved[FLOW_OF(row)] >= 0]

    def finish(self) -> Observations:
        """All facts; nothing more can be read after this."""
        self.end()
        sweep = self.sweep
        sweep.finish()
        self.dissect()
        found = sweep.found
        rows = {name: sorted(told, key=FLOW_OF) for name, told in self.rows.items()}  # whenever they were read
        texts = found.strings.texts()
        flows = meter.finish(sweep.tables)
        dns_table = self._dns(texts)
        tls_table, certificate_table = self._tls(texts)
        http = from_rows(Http, rows["http"])
        self._name_services(flows, dns_table, tls_table)
        quic_table = from_rows(Quic, [])
        if rows["quic"]:
            from analyzer.dissecting import quic  # noqa: PLC0415 - many modules, and many captures hold none

            quic_table = quic.with_sessions(rows["quic"], tls_table)
        names, basis = name_flows(Sources(flows, dns_table, tls_table, http, certificate_table, quic_table))
        flows = flows._replace(server_name=names, server_name_basis=basis)
        return Observations(
            captures=tuple(self.captures), quality=self._quality(flows), flows=flows, dns=dns_table, tls=tls_table,
            certificates=certificate_table, http=http, dhcp=from_rows(Dhcp, rows["dhcp"]),
            ntp=from_rows(Ntp, rows["ntp"]), quic=quic_table, icmp=self._icmp(flows), rates=self._rates(),
            arp=self._arp(),
        )  # fmt: skip

    def dissect(self) -> None:
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
        rows, answers = all_messages(self.sweep.found.messages)
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
        whole = all_sessions(self.sweep.found.sessions)
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
            super_frames=count(fl.SUPER_FRAMES),
            checksums=count(fl.CHECKSUMS), bad_checksums=count(fl.BAD_CHECKSUMS),
            partial_checksums=count(fl.PARTIAL_CHECKSUMS), reordered_segments=count(fl.REORDERED),
            filters=tuple(self.filters), snaplen_cut_frames=count(fl.SNAPLEN_CUT), **flow_counts(flows),
            unknown_link_frames=count(fl.UNKNOWN_LINK), undecoded_frames=count(fl.UNDECODED),
            non_ip_frames=count(fl.NOT_IP), encrypted_frames=count(fl.ENCRYPTED), fragments=count(fl.FRAGMENTS),
            stray_fragments=count(fl.STRAY_FRAGMENTS), time_steps_back=count(fl.STEPS_BACK), bin_ns=self.sweep.bin_ns,
        )  # fmt: skip


def thinned(rows: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """Rows of Dhcp without those that are the same but for their time: of each, the first REPEATS stay."""
    counts: dict[tuple[Any, ...], int] = {}
    kept = []
    for row in rows:
        said = FLOW_OF(row), *row[TIMED:]
        counts[said] = counts.get(said, 0) + 1
        if counts[said] <= REPEATS:
            kept.append(row)
    return kept
