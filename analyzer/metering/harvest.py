"""The first octets that a sweep kept are read: DNS and TLS by kernels, all else handed on as conversations."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt

from analyzer.conversations import Conversation
from analyzer.kernels import dns, streams, tls
from analyzer.kernels import flows as fl
from analyzer.kernels.headers import TCP, UDP
from analyzer.kernels.keeping import ERROR, SEGMENT, STREAM_OCTETS, STREAM_OCTETS_TWICE, STREAM_SEGMENTS
from analyzer.kernels.strings import SEED
from analyzer.kernels.sweep import BATCH
from analyzer.metering.shedding import renumbered
from analyzer.metering.strings import Strings
from analyzer.metering.talks import conversations, groups_of, portions

if TYPE_CHECKING:
    from analyzer.metering.sweep import Tables

Array = npt.NDArray[Any]

DNS_PORTS = (53, 5353, 5355)
VIA = ("", "connect", "nats", "starttls", "quic", "dtls")
MAX_STREAM_MESSAGES = 4096  # 32 KB hold 2,700 of the shortest


class Sessions(NamedTuple):
    """TLS sessions as the kernel writes them; see kernels/tls.py.

    times  of the ClientHello, or of the first record, and of the ServerHello, ns, -1 unknown
    """

    rows: Array
    chains: Array
    types: Array
    lengths: Array
    frames: Array
    times: Array

    @classmethod
    def room(cls, count: int) -> Sessions:
        """Room for `count` sessions."""
        return cls(
            rows=np.zeros(count, tls.SESSION),
            chains=np.full((count, tls.CHAIN), -1, np.int32),
            types=np.zeros((count, 2, tls.RECORDS), np.uint8),
            lengths=np.zeros((count, 2, tls.RECORDS), np.uint16),
            frames=np.zeros((count, 4), np.int64),
            times=np.full((count, 2), -1, np.int64),
        )


class Messages(NamedTuple):
    """DNS messages as the kernel writes them; see kernels/dns.py."""

    rows: Array
    answers: Array


def _scratch() -> tuple[Array, Array, Array, Array]:
    """Room in which kernels put a handshake, a name, lists and places together."""
    return (
        np.zeros(tls.HANDSHAKE_OCTETS, np.uint8),
        np.zeros(dns.NAME_OCTETS, np.uint8),
        np.zeros(tls.LIST_OCTETS, np.uint8),
        np.zeros(tls.SPOTS, np.int64),
    )


REPEATS = 16
"""Of so many questions or answers that are the same, each is kept: enough for any number of tries (RFC 1035, 4.2.1)."""

ANSWERS = 4
"""So many answers take as much room as two messages."""

TEXTS, LISTS = ("server_name", "alpn", "server_alpn"), ("hello", "answer")
"""Columns of sessions that hold numbers of strings and of lists."""


def _places(begins: npt.NDArray[np.bool_]) -> npt.NDArray[np.int64]:
    """The place of each row among its own, counted from 0, where runs of those begin as told."""
    rows = np.arange(begins.size)
    places: npt.NDArray[np.int64] = rows - np.maximum.accumulate(np.where(begins, rows, 0))
    return places


def _picked(messages: Messages, stays: npt.NDArray[np.bool_]) -> Messages:
    """Some of the messages, with their answers."""
    rows, answers = messages.rows[stays], messages.answers[np.repeat(stays, messages.rows["answers"])]
    rows["answers_at"] = np.cumsum(rows["answers"]) - rows["answers"]
    return Messages(rows, answers)


def all_messages(parts: list[Messages]) -> Messages:
    """Parts as one, in which messages find their answers."""
    rows = np.concatenate([np.zeros(0, dns.MESSAGE), *(part.rows for part in parts)])
    answers = np.concatenate([np.zeros(0, dns.ANSWER), *(part.answers for part in parts)])
    shift = np.repeat(np.cumsum([0, *(len(part.answers) for part in parts)])[:-1], [len(p.rows) for p in parts])
    rows["answers_at"] += shift.astype(np.int64)
    return Messages(rows, answers)


def all_sessions(parts: list[Sessions]) -> Sessions:
    """Parts as one."""
    return Sessions(*(np.concatenate(columns) for columns in zip(*(parts or [Sessions.room(0)]), strict=True)))


@dataclass
class Harvest:
    """All that was read so far; `said` is how much of DNS is held: messages, and their answers as ANSWERS to one."""

    strings: Strings
    ders: Strings
    lists: Strings = field(init=False)
    messages: list[Messages] = field(default_factory=list)
    said: int = 0
    sessions: list[Sessions] = field(default_factory=list)
    errors: list[Array] = field(default_factory=list)
    framed: list[Array] = field(default_factory=list)
    conversations: list[Conversation] = field(default_factory=list)
    work: tuple[Array, Array, Array, Array] = field(default_factory=_scratch)

    def __post_init__(self) -> None:
        self.lists = Strings(int(self.strings.table.state[SEED]))

    @property
    def rows(self) -> int:
        """How many messages and sessions are held."""
        return sum(len(part.rows) for part in self.messages) + sum(len(part.rows) for part in self.sessions)

    def clone(self) -> Harvest:
        """The same apart: what is read on does not change the other."""
        other = replace(
            self, strings=self.strings.clone(), ders=self.ders.clone(), messages=[*self.messages],
            sessions=[*self.sessions], errors=[*self.errors], framed=[*self.framed],
            conversations=[*self.conversations], work=_scratch(),
        )  # fmt: skip
        other.lists = self.lists.clone()
        return other

    def thin(self) -> None:
        """Forget messages that are the same but for their time: of each, the first REPEATS stay."""
        messages = all_messages(self.messages)
        rows = messages.rows
        keys = [rows[name] for name in ("flags", "qtype", "query", "id", "flow")]
        order = np.lexsort(keys)
        fresh = np.ones(rows.size, np.bool_)
        fresh[1:] = np.any([key[order][1:] != key[order][:-1] for key in keys], axis=0)
        stays = np.zeros(rows.size, np.bool_)
        stays[order] = _places(fresh) < REPEATS
        self._hold(_picked(messages, stays))

    def forget(self, most: int, goes_on: npt.NDArray[np.bool_]) -> int:
        """Forget the oldest messages of flows that say most, where those that go on say more than twice `most`.

        So many messages of these are left, with ANSWERS times as many answers. Returns how many went.
        """
        messages = all_messages(self.messages)
        rows = np.flatnonzero(goes_on[messages.rows["flow"]])[::-1]  # the newest first
        flow, answers = messages.rows["flow"][rows], messages.rows["answers"][rows]
        if max(rows.size, int(answers.sum()) // ANSWERS) <= 2 * most:
            return 0
        order = np.argsort(flow, kind="stable")
        place = np.empty(flow.size, np.int64)
        place[order] = _places(np.append(True, np.diff(flow[order]) != 0))
        order = np.argsort(place, kind="stable")
        stays = ~goes_on[messages.rows["flow"]]
        stays[rows[order[np.cumsum(answers[order]) <= ANSWERS * most][:most]]] = True
        kept, sessions = _picked(messages, stays), all_sessions(self.sessions)
        self._forget(kept.rows, kept.answers, sessions)
        self.sessions = [sessions]
        self._hold(kept)
        return int(stays.size - stays.sum())

    def join(self) -> None:
        """Hold what was read in few pieces: many small ones take more room than is in them."""
        self._hold(all_messages(self.messages))
        self.sessions = [all_sessions(self.sessions)]
        self.errors = [np.concatenate([np.zeros(0, ERROR), *self.errors])]
        self.framed = [np.concatenate([np.zeros(0, np.int64), *self.framed])]

    def shed(self, moved: npt.NDArray[np.int64]) -> None:
        """Forget what was read of flows that are gone, and the strings that were only theirs; see shedding.shed."""
        messages, sessions = all_messages(self.messages), all_sessions(self.sessions)
        messages = _picked(messages, moved[messages.rows["flow"]] >= 0)
        messages.rows["flow"] = moved[messages.rows["flow"]]
        open_sessions = moved[sessions.rows["flow"]] >= 0
        sessions = Sessions(*(column[open_sessions] for column in sessions))
        sessions.rows["flow"] = moved[sessions.rows["flow"]]
        self._forget(messages.rows, messages.answers, sessions)
        self.sessions = [sessions]
        self._hold(messages)
        self.errors = [renumbered(part, moved) for part in self.errors]
        framed = moved[np.concatenate([np.zeros(0, np.int64), *self.framed])]
        self.framed = [framed[framed >= 0]]

    def _hold(self, messages: Messages) -> None:
        self.messages, self.said = [messages], len(messages.rows) + len(messages.answers) // ANSWERS

    def _forget(self, rows: Array, answers: Array, sessions: Sessions) -> None:
        """Keep the strings that these name, and give the names their new numbers."""
        named = sessions.rows
        for strings, users in (
            (self.strings, ((rows, "query"), (answers, "target"), *((named, name) for name in TEXTS))),
            (self.lists, tuple((named, name) for name in LISTS)),
        ):
            used = np.concatenate([table[name] for table, name in users])
            numbers = strings.keep(used[used >= 0])
            for table, name in users:
                table[name] = numbers[table[name]]
        chains = sessions.chains
        chains[:] = self.ders.keep(chains[chains >= 0])[chains]

    def take_conversations(self) -> list[Conversation]:
        """The conversations that wait for a dissector; they are handed out once."""
        waiting, self.conversations = self.conversations, []
        return waiting

    def grow(self) -> None:
        """Make room for more strings, lists and certificates."""
        self.strings.grow()
        self.lists.grow()
        self.ders.grow()

    def read_messages(self, arena: Array, segments: Array, picked: Array) -> npt.NDArray[np.bool_]:
        """Read the picked segments as DNS messages; returns which of them are."""
        is_dns = np.zeros(picked.size, np.bool_)
        first = 0
        room = picked.size + 1
        while first < picked.size:
            rows = np.empty(room, dns.MESSAGE)
            answers = np.empty(2 * room + dns.MAX_ANSWERS, dns.ANSWER)
            counts = np.zeros(2, np.int64)
            begun = first
            first = dns.datagrams(
                arena, segments, picked, first, self.work[1], self.strings.table, rows, answers, counts, is_dns
            )
            self.messages.append(Messages(rows[: counts[0]].copy(), answers[: counts[1]].copy()))
            self.said += int(counts[0]) + int(counts[1]) // ANSWERS
            if first < picked.size and (first == begun or 2 * len(self.strings) > self.strings.table.offsets.size):
                self.strings.grow()
        return is_dns

    def read_sessions(
        self, out: Array, groups: Array, picked: Array, tables: Tables, lists: tuple[Array, Array]
    ) -> None:
        """Read the picked groups' streams as TLS sessions."""
        order, marks = lists
        done, begun = 0, 0
        room = picked.size
        made = Sessions.room(room)
        while begun < room:
            begun, done = streams.sessions(
                out, groups, picked, begun, tables.flows, tables.segments, order, marks, self.work,
                self.strings.table, self.lists.table, self.ders.table, made, done,
            )  # fmt: skip
            if begun < room:
                self.grow()
        self.sessions.append(made)

    def read_stream(self, talk: Conversation) -> bool:
        """Read a conversation as DNS over TCP (RFC 1035 section 4.2.2); False where its octets are something else."""
        rows = []
        octets = b""
        for side, stream in ((0, talk.orig), (1, talk.resp)):
            at = 0
            while len(stream.octets) - at > 2:
                length = int.from_bytes(stream.octets[at : at + 2], "big")
                mark = stream.at(at)
                body = stream.octets[at + 2 : at + 2 + length]
                rows.append((talk.flow, len(octets), mark.ts_ns, mark.frame, 0, len(body), side))
                octets += body
                at += 2 + length
        if not rows or len(rows) > MAX_STREAM_MESSAGES:
            return False
        segments = np.array(rows, SEGMENT)
        arena = np.frombuffer(bytearray(octets), np.uint8)
        return bool(self.read_messages(arena, segments, np.arange(segments.size))[0])

    def read_inner(self, talk: Conversation, tls_at: tuple[int, int], via: str) -> bool:
        """Read the TLS session inside a conversation, from the given offsets of its two streams on; False for none."""
        client, server = talk.orig.octets[tls_at[0] :], talk.resp.octets[tls_at[1] :]
        octets = np.frombuffer(bytearray(client + server), np.uint8)
        middle = len(client)
        if not tls.is_tls(octets, 0, middle, middle, octets.size):
            return False
        made = Sessions.room(1)
        while not tls.inner_session(
            octets, middle, self.work, self.strings.table, self.lists.table, self.ders.table, made
        ):
            self.grow()
        row = made.rows[0]
        row["flow"] = talk.flow
        row["via"] = VIA.index(via) if via in VIA else 0
        places = (row["client_at"], row["server_at"], row["certificate_at"], row["alert_at"])
        for k, (place, client_side) in enumerate(
            zip(places, (True, False, False, row["alert_side"] == 0), strict=True)
        ):
            if place >= 0:
                stream, offset = (talk.orig, tls_at[0]) if client_side else (talk.resp, tls_at[1] - middle)
                made.frames[0, k] = stream.at(int(place) + offset).frame
        made.times[0, 0] = (talk.orig.at(tls_at[0]) if client else talk.resp.at(tls_at[1])).ts_ns
        if row["server_at"] >= 0:
            made.times[0, 1] = talk.resp.at(int(row["server_at"]) + tls_at[1] - middle).ts_ns
        self.sessions.append(made)
        return True


def harvest(tables: Tables, found: Harvest, *, silence_ns: int, final: bool) -> None:
    """Read what waits in the arena; the segments of flows that still talk stay there unless `final`."""
    c = tables.counters
    segments = tables.segments[: c[fl.SEGMENTS]]
    rest = _read_datagrams(tables, found, segments)
    order, groups = groups_of(tables, segments, rest)
    over = np.ones(groups.size, np.bool_) if final else _over(tables, groups, silence_ns)
    octets, count = streams.waiting(segments, order, groups, over)
    spare = tables.arena.size - BATCH * STREAM_OCTETS, tables.segments.size - BATCH
    if octets > spare[0] // 2 or count > spare[1] // 2:
        over[:] = True  # too much waits: read it as it is rather than let memory grow
    _read_groups(tables, found, segments, order, groups[over])
    keep = np.zeros(segments.size, np.bool_)
    streams.keep_back(order, groups, over, keep)
    c[fl.SEGMENTS], c[fl.ARENA] = streams.move_to_front(segments, keep, tables.arena)


def read_datagrams(tables: Tables, found: Harvest) -> None:
    """Read what waits in the arena and needs nothing else to be read; the rest waits on, little of each talk over UDP.

    Those are the datagrams of DNS, and whole portions of DHCP. What nobody reads is forgotten.
    """
    c = tables.counters
    segments = tables.segments[: c[fl.SEGMENTS]]
    rest = _read_datagrams(tables, found, segments)
    whole, spare = portions(tables, segments, rest)
    order, groups = groups_of(tables, segments, whole)
    found.conversations.extend(conversations(tables, segments, order, groups))
    keep = np.zeros(segments.size, np.bool_)
    keep[rest] = True
    keep[whole] = keep[spare] = False
    c[fl.SEGMENTS], c[fl.ARENA] = streams.move_to_front(segments, keep, tables.arena)


def _read_datagrams(tables: Tables, found: Harvest, segments: Array) -> Array:
    """Read what is DNS among the datagrams; returns the numbers of all other segments."""
    flows = tables.flows[segments["flow"]]
    on_port = np.isin(flows["a_port"], DNS_PORTS) | np.isin(flows["b_port"], DNS_PORTS)
    maybe = (flows["proto"] == UDP) & on_port
    picked = np.flatnonzero(maybe)
    maybe[picked] = found.read_messages(tables.arena, segments, picked)
    return np.flatnonzero(~maybe)


def _over(tables: Tables, groups: Array, silence_ns: int) -> npt.NDArray[np.bool_]:
    """Which groups will not grow: the flow has ended, fell silent, or both streams are full."""
    index = groups["flow"]
    flows = tables.flows[index]
    a, b = tables.sides[2 * index], tables.sides[2 * index + 1]
    closed = (flows["rst_frame"] > 0) | ((a["fins"] > 0) & (b["fins"] > 0))
    silent = tables.counters[fl.LAST_NS] - flows["end_ns"] > silence_ns
    full = _full(a) & _full(b)
    over: npt.NDArray[np.bool_] = closed | silent | full
    return over


def _full(side: Array) -> npt.NDArray[np.bool_]:
    """Which sides have handed over all that is wanted of them."""
    full: npt.NDArray[np.bool_] = (side["kept"] >= STREAM_OCTETS) | (side["handed"] >= STREAM_SEGMENTS)
    return full


def _read_groups(tables: Tables, found: Harvest, segments: Array, order: Array, groups: Array) -> None:
    """Read the groups to the end: TLS here, the others become conversations."""
    if not groups.size:
        return
    out = np.empty(int(segments["octets"][order].sum()) + 1, np.uint8)
    marks = np.full(order.size, -1, np.int64)
    streams.assemble(segments, order, groups, tables.sides, tables.arena, out, marks)
    streams.look(groups, tables.flows, out)
    found.read_sessions(out, groups, np.flatnonzero(groups["looks"] == 2), tables, (order, marks))
    found.framed.append(groups["flow"][groups["looks"] == 1])
    index = groups["flow"][groups["proto"] == TCP]
    tables.sides["kept"][2 * index] = STREAM_OCTETS_TWICE
    tables.sides["kept"][2 * index + 1] = STREAM_OCTETS_TWICE
    found.conversations.extend(conversations(tables, segments, order, groups[groups["looks"] == 0], (out, marks)))
