"""What the user wants judged, as a display-style expression over hosts, ports and networks.

expression = term { "or" term }
term       = factor { "and" factor }
factor     = ["not"] ( "(" expression ")" | primitive )
primitive  = "host" ADDRESS | "port" NUMBER | "net" NETWORK | "tcp" | "udp" | "icmp"
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from analyzer import addresses
from analyzer.errors import AnalyzerError
from analyzer.tables import Flows

Mask = npt.NDArray[np.bool_]

TOKEN = re.compile(r"\s*([()!]|&&|\|\||[^\s()!&|]+)")
SAME = {"&&": "and", "||": "or", "!": "not"}
PROTOCOLS = {"tcp": (6,), "udp": (17,), "icmp": (1, 58)}
MAX_OCTETS = 4096
MAX_DEPTH = 50


class FilterError(AnalyzerError):
    """A filter that cannot be understood; its text is one line that says where."""


@dataclass(frozen=True)
class Filter:
    """An expression that picks flows."""

    text: str
    picks: Callable[[Flows], Mask]

    def mask(self, flows: Flows) -> Mask:
        """True for each row of the flows that the expression picks, whichever end matches."""
        return self.picks(flows)


def parse(text: str) -> Filter:
    """The filter that `text` says; raises FilterError with the place of the first word that does not fit."""
    if len(text) > MAX_OCTETS:
        raise FilterError(f"filter: longer than {MAX_OCTETS} characters")
    words = _Words(text)
    picks = words.expression(0)
    if words.now:
        raise FilterError(f"filter: expected 'and', 'or' or the end, not {words.now!a} (character {words.at})")
    return Filter(text, picks)


class _Words:
    """The words of an expression, read from the left."""

    def __init__(self, text: str) -> None:
        self.left: list[tuple[str, int]] = []
        at = 0
        while text[at:].strip():
            found = TOKEN.match(text, at)
            if found is None:
                raise FilterError(f"filter: cannot read {text[at : at + 10]!a} (character {at + 1})")
            self.left.append((SAME.get(found[1], found[1]), found.start(1) + 1))
            at = found.end()
        self.left.append(("", len(text) + 1))
        self.left.reverse()

    @property
    def now(self) -> str:
        """The next word, empty at the end."""
        return self.left[-1][0]

    @property
    def at(self) -> int:
        """Where the next word stands, counted from 1."""
        return self.left[-1][1]

    def take(self) -> str:
        """The next word, and one step on."""
        return self.left.pop()[0] if self.now else ""

    def expression(self, depth: int) -> Callable[[Flows], Mask]:
        """Terms joined by or."""
        picks = self.term(depth)
        while self.now == "or":
            self.take()
            picks = _either(picks, self.term(depth))
        return picks

    def term(self, depth: int) -> Callable[[Flows], Mask]:
        """Factors joined by and."""
        picks = self.factor(depth)
        while self.now == "and":
            self.take()
            picks = _both(picks, self.factor(depth))
        return picks

    def factor(self, depth: int) -> Callable[[Flows], Mask]:
        """One primitive, a negation, or an expression in parentheses."""
        if depth > MAX_DEPTH:
            raise FilterError(f"filter: nested deeper than {MAX_DEPTH} (character {self.at})")
        if self.now == "not":
            self.take()
            return _not(self.factor(depth + 1))
        if self.now == "(":
            self.take()
            picks = self.expression(depth + 1)
            if self.now != ")":
                raise FilterError(f"filter: expected ')' (character {self.at})")
            self.take()
            return picks
        return self.primitive()

    def primitive(self) -> Callable[[Flows], Mask]:
        """host, net, port, or a protocol."""
        at, word = self.at, self.take()
        if word in PROTOCOLS:
            numbers = PROTOCOLS[word]
            return lambda flows: np.isin(flows.proto, numbers)
        if word not in {"host", "net", "port"}:
            raise FilterError(
                f"filter: expected host, net, port, tcp, udp, icmp, not or '(', not {word!a} (character {at})"
            )
        at, value = self.at, self.take()
        if word == "port":
            if not (value.isascii() and value.isdigit() and len(value) <= 5 and int(value) <= 65535):
                raise FilterError(f"filter: {value!a} is no port (character {at})")
            return lambda flows: (
                ((flows.orig_p == int(value)) | (flows.resp_p == int(value))) & np.isin(flows.proto, (6, 17))
            )
        try:
            wanted = ipaddress.ip_network(value if word == "net" else f"{ipaddress.ip_address(value)}", strict=False)
        except ValueError:
            what = "address" if word == "host" else "network"
            raise FilterError(f"filter: {value!a} is no {what} (character {at})") from None
        return lambda flows: _ends_in(flows, wanted)


def _ends_in(flows: Flows, wanted: addresses.Network) -> Mask:
    """Flows with an end in a network."""
    inside = {text: addresses.within(text, (wanted,)) for text in {*flows.orig_h, *flows.resp_h}}
    ends = (
        np.fromiter((inside[text] for text in column), np.bool_, len(column)) for column in (flows.orig_h, flows.resp_h)
    )
    return next(ends) | next(ends)


def _either(one: Callable[[Flows], Mask], other: Callable[[Flows], Mask]) -> Callable[[Flows], Mask]:
    return lambda flows: one(flows) | other(flows)


def _both(one: Callable[[Flows], Mask], other: Callable[[Flows], Mask]) -> Callable[[Flows], Mask]:
    return lambda flows: one(flows) & other(flows)


def _not(one: Callable[[Flows], Mask]) -> Callable[[Flows], Mask]:
    return lambda flows: ~one(flows)
