"""What a vendor's document requires: a rule pack, read from YAML and checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from analyzer.findings import Basis, Cite, Severity


@dataclass(frozen=True)
class Port:
    """A port of a transport protocol; `proto` is tcp or udp."""

    number: int
    proto: str


@dataclass(frozen=True)
class Destination:
    """Whom a rule lets a host talk to. What is left empty is not asked for; all that is given must match.

    names      host names; `*.` in front stands for one or more labels
    addresses  addresses or networks of which the responder must be one
    at         addresses that the document gives for `names`: a flow to the name elsewhere is a finding
    role       role of the responder: resolver, ntp, proxy, or a role of the pack
    ports      responder's ports
    payload    services (Flows.service) that may run there; another one seen by payload breaks the rule
    user_agents, paths   substrings, one of which an HTTP request must show (package sources)
    """

    names: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()
    at: tuple[str, ...] = ()
    role: str = ""
    ports: tuple[Port, ...] = ()
    payload: tuple[str, ...] = ()
    user_agents: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()


@dataclass(frozen=True)
class Rule:
    """One requirement of a document: permanent id, kind (a module of judging/checks/), on what it stands."""

    id: str
    kind: str
    basis: Basis
    cite: Cite
    title: str
    who: tuple[str, ...]
    to: Destination
    severity: Severity
    line: int
    because: str = ""
    note: str = ""
    remedy: str = ""
    purpose: str = ""
    variants: tuple[str, ...] = ()
    topologies: tuple[str, ...] = ()
    options: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class Role:
    """A part that a host plays. Without a site file a host has it who did what one of `known_by` tells.

    originates  ids of rules (a final * stands for the rest) whose flows such a host originates
    responds    ids of rules whose flows such a host answers
    yields_to   roles that win where a host shows signs of both
    """

    name: str
    title: str
    originates: tuple[str, ...] = ()
    responds: tuple[str, ...] = ()
    yields_to: tuple[str, ...] = ()
    resolves: tuple[str, ...] = ()


@dataclass(frozen=True)
class Omission:
    """A row of the document that makes no rule, and why."""

    cite: Cite
    reason: str


@dataclass(frozen=True)
class RulePack:
    """One vendor document as rules."""

    name: str
    title: str
    document: str
    text: str
    path: str
    variants: tuple[str, ...]
    roles: tuple[Role, ...]
    rules: tuple[Rule, ...]
    not_rules: tuple[Omission, ...]
