"""A plant whose facts and conclusions are made up: everything that an exporter may meet, without a capture."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from analyzer.findings import (
    Basis,
    Budget,
    ChecklistItem,
    Cite,
    Conclusions,
    Evidence,
    Finding,
    FlowVerdicts,
    Host,
    Outcome,
    Purpose,
    Rate,
    RuleOutcome,
    Severity,
    Strength,
    Verdict,
)
from analyzer.observations import Capture, Observations, Quality
from analyzer.result import Result
from analyzer.tables import (
    Arp,
    Certificates,
    Dhcp,
    Dns,
    Flows,
    Http,
    Icmp,
    Ntp,
    Quic,
    Rates,
    Tls,
    build,
    columns,
    from_rows,
)

DOCUMENT = "MachineMetrics Network Requirements"
START_NS = 1_772_359_200_123_456_789
MINUTE_NS = 60_000_000_000


def table(kind: type[Any], rows: list[dict[str, Any]]) -> Any:
    """A table of facts from rows that name only the columns that matter; the rest are 0, empty, or False."""
    made = {}
    for name, (how, _) in columns(kind).items():
        empty = how.cells() if how.cells else 0
        made[name] = [row.get(name, empty) for row in rows]
    return build(kind, **made)


def flow(**given: Any) -> dict[str, Any]:
    """One row of Flows: a TLS flow of the Edge, unless said otherwise."""
    row = {
        "proto": 6,
        "ip_version": 4,
        "orig_h": "10.20.30.10",
        "orig_p": 40000,
        "resp_h": "203.0.113.7",
        "resp_p": 443,
        "start_ns": START_NS,
        "end_ns": START_NS + MINUTE_NS,
        "orig_packets": 12,
        "resp_packets": 10,
        "orig_octets": 2_400,
        "resp_octets": 5_100,
        "conn_state": "SF",
        "history": "ShADadFf",
        "community_id": "1:LQU9qZlK+B5F3KDmev6m5PMibrg=",
        "service": "tls",
        "certainty": "payload",
        "first_frame": 1,
        "last_frame": 22,
    }
    return row | given


FLOWS = [
    flow(server_name="app.machinemetrics.com", server_name_basis="sni"),
    flow(proto=17, resp_h="8.8.8.8", resp_p=53, service="dns", conn_state="SF", history="Dd", orig_p=5353),
    flow(orig_h="10.20.30.21", resp_h="198.51.100.99", server_name="telemetry.vendor.example", server_name_basis="sni"),
    flow(orig_h="10.20.30.77", resp_h="198.51.100.3", service="http", resp_p=80),
    flow(proto=1, resp_h="10.20.30.1", orig_p=8, resp_p=0, service="", conn_state="", history=""),
]


def observations(rows: list[dict[str, Any]] | None = None, **given: Any) -> Observations:
    """Facts of one capture with these flows; a few rows in the other tables."""
    capture = Capture(
        "plant-3.pcapng", "pcapng", 12_345, 4_210_000, START_NS, START_NS + 5 * MINUTE_NS, False, ("Ethernet",)
    )
    made = Observations(
        captures=(capture,),
        quality=Quality(kernel_drops=0, tcp_flows=3),
        flows=table(Flows, FLOWS if rows is None else rows),
        dns=table(Dns, [{"flow": 1, "query": "app.machinemetrics.com", "answers": ("203.0.113.7",), "ttls": ("60",)}]),
        tls=table(Tls, [{"flow": 0, "server_name": "app.machinemetrics.com", "alpn": ("h2", "http/1.1")}]),
        certificates=table(Certificates, [{"fingerprint": "ab" * 32, "names": ("a", "b"), "der": b"\x30\x00\xff"}]),
        http=from_rows(Http, []),
        dhcp=from_rows(Dhcp, []),
        ntp=from_rows(Ntp, []),
        quic=from_rows(Quic, []),
        icmp=from_rows(Icmp, []),
        arp=from_rows(Arp, []),
        rates=table(Rates, [{"flow": 0, "start_ns": START_NS, "orig_octets": 2_400, "resp_octets": 5_100}]),
    )
    return replace(made, **given)


def cite(section: str, row: int = 0, quote: str = "443TCPSecure communication") -> Cite:
    """A place in the made-up plant's document."""
    return Cite(DOCUMENT, section, row, quote)


def rule(name: str, outcome: Outcome, section: str = "Required Outbound Ports", **given: Any) -> RuleOutcome:
    """What became of one rule."""
    seen = outcome in (Outcome.HOLDS, Outcome.FAILS)
    made = RuleOutcome(
        rule=name,
        pack="machinemetrics",
        basis=Basis.DOCUMENTED,
        outcome=outcome,
        cite=cite(section, 1),
        title=f"what {name} asks for",
        flows=3 if seen else 0,
        octets=7_500 if seen else 0,
        because="3 flows, all as the document says" if seen else "no flow to it in the capture",
    )
    return replace(made, **given)


RULES = (
    rule("mm-out-https", Outcome.HOLDS, title="HTTPS to the MachineMetrics cloud"),
    rule("mm-out-dns-tcp", Outcome.HOLDS, basis=Basis.READING, title="DNS over TCP, where an answer was truncated"),
    rule("mm-out-ntp", Outcome.NOT_OBSERVED, title="time from an NTP pool"),
    rule(
        "mm-iso-machines", Outcome.FAILS, "Option 2: Isolated Machine Network", title="machines have no internet access"
    ),
    *(rule(f"mm-domain-{n}", Outcome.NOT_OBSERVED, "Standard Domains", title=f"domain {n}") for n in range(12)),
    rule(
        "mm-dpi-exempt",
        Outcome.NOT_OBSERVABLE,
        "Deep Packet Inspection",
        title="DPI is not applied to these destinations",
        because="TLS 1.3 hides the certificates of 12 flows; what would tell: a second capture outside the firewall: "
        "dumpcap -i WAN-SIDE -s 0 -a duration:600 -w outside.pcapng",
    ),
)

FINDING = Finding(
    id="f1",
    code="machine-leaves-site",
    verdict=Verdict.UNEXPECTED,
    severity=Severity.HIGH,
    strength=Strength.STRONG,
    title="A machine speaks to the internet: m1 to telemetry.vendor.example",
    rule="mm-iso-machines",
    pack="machinemetrics",
    basis=Basis.DOCUMENTED,
    cite=cite("Option 2: Isolated Machine Network", 0, "Machines have no internet access"),
    flows=(2,),
    evidence=(
        Evidence(
            "undocumented-name",
            Verdict.UNEXPECTED,
            Strength.STRONG,
            2,
            tuple(range(100, 140)),
            "ClientHello for telemetry.vendor.example, 198.51.100.99:443",
        ),
    ),
    rivals=("a firewall between them that sends the machine's traffic on by mistake",),
    remedy="Block the machine network at the firewall; only the Edge needs the internet.",
    filter="ip.addr == 10.20.30.21 && ip.addr == 198.51.100.99 && tcp.port == 443",
    host="m1",
)

SLOW = Rate(900.0, 850.0, 1_400.0, 1_900.0, 2_300.5, 300.0)

HOSTS = (
    Host(
        "edge",
        ("10.20.30.10",),
        ("00:16:3e:00:00:01",),
        "edge",
        "machinemetrics",
        "site-file",
        "named so in plant.yaml",
    ),
    Host("m1", ("10.20.30.21",), (), "machine", "machinemetrics", "inferred", "the Edge polls it on port 502 (modbus)"),
    Host("10.20.30.77", ("10.20.30.77",), (), "other", "", "inferred", "shows no sign of a role", judged=False),
)


def verdicts(words: list[str]) -> FlowVerdicts:
    """Verdicts of flows, one word each, and what goes with them."""

    def column(cells: list[Any]) -> Any:
        made = np.empty(len(cells), dtype=object)
        made[:] = cells
        return made

    judged = [word not in ("housekeeping", "not_judged") for word in words]
    return FlowVerdicts(
        verdict=column(words),
        rule=column(["mm-out-https" if is_judged else "" for is_judged in judged]),
        pack=column(["machinemetrics" if is_judged else "" for is_judged in judged]),
        strength=column(["strong" if word == "unexpected" else "" for word in words]),
        codes=column([("undocumented-name",) if word == "unexpected" else () for word in words]),
        end_to_end=column(["no_sign" if is_judged else "" for is_judged in judged]),
    )


def conclusions(**given: Any) -> Conclusions:
    """Conclusions with a finding, every outcome, hosts, a checklist and budgets."""
    made = Conclusions(
        packs=("machinemetrics",),
        variants=(("machinemetrics", "standard"),),
        flows=verdicts(["expected", "expected", "unexpected", "not_judged", "housekeeping"]),
        hosts=HOSTS,
        rules=RULES,
        findings=(FINDING,),
        checklist=(
            ChecklistItem("Firewall allows 443 out", "machinemetrics", Outcome.HOLDS, cite("Checklist", 1), "3 flows"),
            ChecklistItem(
                "Wi-Fi signal is strong",
                "machinemetrics",
                Outcome.NOT_OBSERVABLE,
                cite("Checklist", 2),
                "no radio data",
            ),
        ),
        budgets=(
            Budget(
                "edge", "edge", "", "", 9_000.0, 9_000.0, 0.25, SLOW, Outcome.HOLDS, (("standard", 4), ("focas", 1))
            ),
            Budget("m1", "machine", "standard", "modbus", 1_000.0, 1_000.0, 0.25, SLOW, Outcome.HOLDS, (), SLOW),
            Budget("pc", "browser", "", "", 250.0, 2_000.0, 0.25, SLOW, Outcome.NOT_OBSERVED),
        ),
        purposes=(Purpose("telemetry", 2_400, 5_100, 1),),
        notes=("The variant of machinemetrics was inferred from the names seen.",),
    )
    return replace(made, **given)


def result(**given: Any) -> Result:
    """A result with a finding."""
    return Result(observations(), conclusions(**given))


def healthy() -> Result:
    """A result without a finding: nothing fails."""
    kept = tuple(rule for rule in RULES if rule.outcome is not Outcome.FAILS)
    flows = verdicts(["expected", "expected", "expected", "not_judged", "housekeeping"])
    return result(findings=(), rules=kept, flows=flows, notes=())
