"""What a scenario knows of its own traffic: whom it had talk to whom and what is right to say of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

BROADCAST = "255.255.255.255"


@dataclass(frozen=True)
class FiveTuple:
    """One flow as it went over the wire; the originator sent the first frame."""

    proto: str
    orig_h: str
    orig_p: int
    resp_h: str
    resp_p: int


@dataclass(frozen=True)
class Intent:
    """Traffic that the scenario made on purpose: one or more flows from a host to a port of another.

    also     verdicts that are right too, where the documents are silent or leave it open
    codes    of the findings that must name these flows
    needs_site  without a site file nobody can tell so
    """

    proto: str
    orig: str
    resp: str
    port: int
    verdict: str
    because: str
    also: tuple[str, ...] = ()
    codes: tuple[str, ...] = ()
    service: str = ""
    needs_site: bool = False


@dataclass
class Script:
    """All intents and findings of a scenario."""

    intents: dict[tuple[str, str, str, int], Intent] = field(default_factory=dict)
    findings: list[dict[str, object]] = field(default_factory=list)
    outcomes: dict[str, str] = field(default_factory=dict)

    def expect(self, intent: Intent) -> None:
        """Note an intent; the same one may be noted again, another one for the same port may not."""
        key = (intent.proto, intent.orig, intent.resp, intent.port)
        known = self.intents.setdefault(key, intent)
        if known.service != intent.service:  # one port may serve two protocols
            known = self.intents[key] = replace(known, service="")
            intent = known if intent == replace(known, service=intent.service) else intent
        if known != intent:
            raise ValueError(f"two intents for {key}")

    def finding(self, code: str, host: str, because: str, *, needs_site: bool = False) -> None:
        """Note that a finding with this code must be made about the host of this address."""
        row: dict[str, object] = {"code": code, "host": host, "because": because}
        self.findings.append(row | ({"needs_site": True} if needs_site else {}))

    def outcome(self, outcome: str, *rules: str) -> None:
        """Note what must become of rules of the vendor's pack."""
        self.outcomes |= dict.fromkeys(rules, outcome)

    def truth(self, flows: Iterable[FiveTuple]) -> list[dict[str, object]]:
        """Give each flow its intent; raises ValueError for a flow without one, and for an intent without a flow."""
        rows, unused = [], set(self.intents)
        for flow in flows:
            key = (flow.proto, flow.orig_h, flow.resp_h, flow.resp_p)
            if key not in self.intents:
                raise ValueError(f"nobody meant to make {flow}")
            unused.discard(key)
            intent = self.intents[key]
            row: dict[str, object] = {**flow.__dict__, "verdict": intent.verdict, "because": intent.because}
            row |= {name: list(given) for name in ("also", "codes") if (given := getattr(intent, name))}
            row |= {"needs_site": True} if intent.needs_site else {}
            rows.append(row | ({"service": intent.service} if intent.service else {}))
        if unused:
            raise ValueError(f"not in the capture: {sorted(unused)}")
        return rows
