"""What clients asked the DNS, and which addresses they were told."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from analyzer.observations import Observations


class Lookup(NamedTuple):
    """A question, by its row of Dns, with the addresses that answered it."""

    row: int
    client: str
    resolver: str
    name: str
    told: tuple[str, ...]


class Lookups:
    """The lookups of some clients (all where none are given), in order."""

    def __init__(self, seen: Observations, clients: frozenset[str] | None = None) -> None:
        dns, flows = seen.dns, seen.flows
        rows = range(len(dns.flow)) if clients is None else _rows_of(seen, clients)
        self.all: list[Lookup] = []
        self.told: dict[tuple[str, str], set[str]] = defaultdict(set)
        self.asking: set[str] = set()  # who was told addresses, where no answer can have been cut or lost
        self.answering: set[str] = set()
        quality = seen.quality
        self.lost = bool(quality.snaplen_cut_frames or quality.kernel_drops or quality.stray_fragments)
        for row in rows:
            flow = int(dns.flow[row])
            client, resolver = flows.orig_h[flow], flows.resp_h[flow]
            told = tuple(answer for answer in dns.answers[row] if _is_address(answer))
            self.all.append(Lookup(row, client, resolver, dns.query[row], told))
            if dns.rcode_name[row]:
                self.answering.add(resolver)
            if told and not self.lost:
                self.asking.add(client)
            for address in told:
                self.told[client, address].add(dns.query[row])

    def names(self, client: str, address: str) -> tuple[str, ...]:
        """The names for which this client was told this address, in alphabetical order."""
        return tuple(sorted(self.told.get((client, address), ())))


def operator(name: str) -> str:
    """The name under which its owner registers others: the last two labels, as no list of public suffixes is asked."""
    return ".".join(name.split(".")[-2:])


def zone(name: str) -> str:
    """The name under which a name stands: all labels but the first, where that leaves two or more."""
    rest = name.partition(".")[2]
    return rest if "." in rest else name


def _is_address(answer: str) -> bool:
    """Whether an answer is an address: no name has a colon, and no top-level domain ends in a digit (RFC 3696)."""
    return ":" in answer or answer[-1:].isdigit()


def _rows_of(seen: Observations, clients: Iterable[str]) -> list[int]:
    """Rows of Dns whose questions these clients sent."""
    wanted = frozenset(clients)
    mine = np.fromiter((address in wanted for address in seen.flows.orig_h), np.bool_, len(seen.flows.orig_h))
    rows: list[int] = np.flatnonzero(mine[seen.dns.flow]).tolist()
    return rows
