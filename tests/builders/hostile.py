"""A result of which every text that a capture, a pack or a site file gives tries to become more than text."""

from __future__ import annotations

import itertools
from dataclasses import fields, is_dataclass, replace
from enum import Enum
from typing import Any

from analyzer.observations import Capture
from analyzer.result import Result
from tests.builders.plant import conclusions, flow, observations, verdicts

SCRIPTS = (
    "<script>alert(1)</script>",
    "</script><script>alert(2)</script>",
    '"><img src=x onerror=alert(3)>',
    "'><svg/onload=alert(4)>",
    "javascript:alert(5)",
    "{{ 7 * 7 }}{% raw %}",
    "</style><link rel=stylesheet href=https://evil.example/x.css>",
    "</textarea></title><iframe src=https://evil.example/></iframe>",
    "<!--<script>",
    "]]><!--",
    "&lt;b&gt;&amp;",
    "${alert(6)}`",
    "<meta http-equiv=refresh content=0;url=https://evil.example/>",
    "<base href=https://evil.example/>",
)
BIDI = "\u202emoc.elpmaxe\u202c\u2066\u200f\u200b\ufeff"
"""Marks that turn text around, isolate it, or cannot be seen (Unicode UAX #9)."""

KEPT = {"outcome", "verdict", "severity", "strength", "basis", "code", "leaning", "id", "direction"}
"""Fields that the program itself fills."""

_turn = itertools.cycle(SCRIPTS)


def evil(text: str) -> str:
    """A text with an attempt in it."""
    return f"{text} {next(_turn)} {BIDI}"


def spoiled(value: Any) -> Any:
    """A conclusion with an attempt in every text that is not the program's own."""
    if isinstance(value, Enum):
        return value
    if isinstance(value, str):
        return evil(value)
    if isinstance(value, tuple):
        return tuple(spoiled(each) for each in value)
    if is_dataclass(value) and not isinstance(value, type):
        own = {field.name: getattr(value, field.name) for field in fields(value) if field.name not in KEPT}
        return replace(value, **{name: spoiled(each) for name, each in own.items()})
    return value


def result() -> Result:
    """A result of a plant with hosts that speak, findings, budgets and notes, spoiled."""
    site = {"orig_h": "10.20.30.10", "server_name_basis": "sni"}
    rows = [
        flow(**site, server_name=evil("api.machinemetrics.com"), service=evil("tls"), conn_state=evil("SF"))
        for _ in SCRIPTS
    ]
    seen = observations(rows, captures=(Capture(evil("plant.pcapng"), evil("pcapng"), 9, 9, 1, 2, True, (evil("x"),)),))
    made = conclusions(flows=verdicts(["blocked", "intercepted"] * (len(rows) // 2)))
    judged = made.flows
    for column in (judged.rule, judged.pack, judged.strength, judged.end_to_end):
        column[:] = [evil(text) for text in column]
    judged.codes[:] = [(evil("code"),) for _ in judged.codes]
    hosts = tuple(replace(spoiled(host), addresses=host.addresses) for host in made.hosts)
    spoil = ("rules", "findings", "checklist", "budgets", "purposes", "notes")
    texts = {name: spoiled(getattr(made, name)) for name in spoil}
    return Result(seen, replace(made, **texts, hosts=hosts, packs=(evil("pack"),)))
