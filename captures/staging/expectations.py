"""What a scenario knows of its own traffic: whom it had talk to whom and what is right to say of it."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

BROADCAST = "255.255.255.255"

Key = tuple[str, str, str, int]  # protocol, originator, responder, its port


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
    evidence  codes of what these flows show as well; whether a finding is made of it is open
    needs_site  without a site file nobody can tell so
    passage  how the firewall hands TCP on: "opened" where it ends TLS, "relayed" where it ends TCP and hands TLS on
             as it is, "same" where it only translates addresses
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
    evidence: tuple[str, ...] = ()
    passage: str = ""


@dataclass(frozen=True)
class Chapter:
    """What was meant from a moment on (ns since 1970 UTC); what it does not speak of is as it was before."""

    since_ns: int
    intents: dict[Key, Intent] = field(default_factory=dict)


@dataclass
class Script:
    """All intents and findings of a scenario, in one chapter or several."""

    chapters: list[Chapter] = field(default_factory=lambda: [Chapter(0)])
    findings: list[dict[str, object]] = field(default_factory=list)
    outcomes: dict[str, str] = field(default_factory=dict)

    def turn(self) -> None:
        """Begin a new chapter: flows that begin from now on may be meant otherwise than others to the same port."""
        self.chapters.append(Chapter(time.time_ns()))

    def expect(self, intent: Intent) -> None:
        """Note an intent, again if it is the same; another one for the same port has to wait for the next chapter."""
        intents = self.chapters[-1].intents
        key = (intent.proto, intent.orig, intent.resp, intent.port)
        known = intents.setdefault(key, intent)
        if known.service != intent.service:  # one port may serve two protocols
            known = intents[key] = replace(known, service="")
            intent = known if intent == replace(known, service=intent.service) else intent
        if known != intent:
            raise ValueError(f"two intents for {key}")

    def finding(self, code: str, host: str, because: str, *, needs_site: bool = False, actor: str = "") -> None:
        """Note that a finding with this code must be made about the host of this address; `actor` brought it about."""
        row: dict[str, object] = {"code": code, "host": host, "because": because}
        row |= {"actor": actor} if actor else {}
        self.findings.append(row | ({"needs_site": True} if needs_site else {}))

    def outcome(self, outcome: str, *rules: str) -> None:
        """Note what must become of rules of the vendor's pack."""
        self.outcomes |= dict.fromkeys(rules, outcome)

    def outside(self, site: str, public: str) -> Script:
        """Give what is right to say out where NAT has put a public address in the place of the site's own ones.

        `site` is how the site's addresses begin; what stays among them is not seen there. What goes on is documented,
        whoever sends it: a firewall that speaks TLS in a host's stead looks from there like that host.
        """
        abroad = Script([Chapter(part.since_ns) for part in self.chapters])
        for part, seen in zip(self.chapters, abroad.chapters, strict=True):
            for intent in part.intents.values():
                if intent.orig.startswith(site) and not intent.resp.startswith(site):
                    because = f"{intent.because}; seen from outside"
                    twin = replace(intent, orig=public, verdict="expected", because=because, codes=(), evidence=())
                    seen.intents[twin.proto, public, twin.resp, twin.port] = replace(twin, also=("undetermined",))
        return abroad

    def truth(self, flows: Iterable[tuple[int, FiveTuple]]) -> list[dict[str, object]]:
        """Give each flow, with the time of its first frame, its intent.

        Raises ValueError for a flow without an intent, and for an intent without a flow.
        """
        rows, unused = [], {(at, key) for at, chapter in enumerate(self.chapters) for key in chapter.intents}
        for time_ns, flow in flows:
            key = (flow.proto, flow.orig_h, flow.resp_h, flow.resp_p)
            told = [at for at, part in enumerate(self.chapters) if part.since_ns <= time_ns and key in part.intents]
            if not told:
                raise ValueError(f"nobody meant to make {flow}")
            unused.discard((told[-1], key))
            intent = self.chapters[told[-1]].intents[key]
            row: dict[str, object] = {**flow.__dict__, "verdict": intent.verdict, "because": intent.because}
            row |= {name: list(given) for name in ("also", "codes", "evidence") if (given := getattr(intent, name))}
            row |= {"needs_site": True} if intent.needs_site else {}
            row |= {name: given for name in ("service", "passage") if (given := getattr(intent, name))}
            rows.append(row)
        if unused:
            raise ValueError(f"not in the capture: {sorted(unused)}")
        return rows
