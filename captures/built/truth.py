"""A plant's three hours become a sample capture's files: frames, truth with exact figures, site file, roots."""

from __future__ import annotations

import tempfile
from pathlib import Path

from staging.authority import Authority
from staging.recording import Frame, write_capture, write_json

from built import ledger
from built.capacity import BEGIN as FROM
from built.capacity import (
    BUDGET_BPS,
    BUDGET_WINDOW_S,
    BURST,
    DESK,
    EDGE,
    IDLE,
    MACHINES,
    MINUTE,
    NAME,
    SECOND,
    SITE,
    TOLERANCE,
    play,
)
from built.wire import Flow, Sent, Wire

HOLD = (
    "mm-need-internet",
    "mm-need-machines",
    "mm-no-inbound",
    "mm-machines-edge-only",
    "mm-only-documented",
    "mm-dns-google-primary",
    "mm-ntp-pool",
    "mm-std-edge-uploads",
    "mm-std-balena",
    "mm-std-ecr-layers",
    "mm-std-app",
    "mm-nats-std-1",
    "mm-machine-modbus",
    "mm-machine-mtconnect-agent",
    "mm-machine-focas",
    "mm-machine-haas-serial",
    "mm-rate-up-standard",
    "mm-rate-up-focas",
    "mm-rate-down-dashboard",
    "mm-rate-down-workcenter",
)


def build(out: Path) -> None:
    """Write the capture, its truth, its site file, and roots where there are none yet: no frame depends on them."""
    wire = play()
    frames = sorted(wire.frames, key=lambda frame: frame.time_ns)
    capture = f"{NAME}.pcapng.zst"
    write_capture(out / capture, frames, ["company"])
    write_json(
        out / f"{NAME}.truth.json",
        {
            "capture": capture,
            "profile": "machinemetrics:standard",
            "site": f"{NAME}.site.yaml",
            "frames": len(frames),
            "flows": _flows(wire),
            "findings": [],
            "outcomes": dict.fromkeys(HOLD, "holds"),
            "bandwidth": _bandwidth(frames, wire.sent),
        },
    )
    (out / f"{NAME}.site.yaml").write_text("\n".join(_site()) + "\n", "utf-8")
    roots = out / f"{NAME}.trust.pem"
    if not roots.exists():
        with tempfile.TemporaryDirectory() as scratch:
            made = [Authority(Path(scratch), name).root_file for name in ("Harbour Trust", "Pinewood Trust")]
            roots.write_bytes(b"".join(file.read_bytes() for file in made))


def _flows(wire: Wire) -> list[dict[str, object]]:
    """Every flow in the order of their first packets, with what is right to say of it."""
    began: dict[int, int] = {}
    for one in wire.sent:
        began[id(one.flow)] = min(one.time_ns, began.get(id(one.flow), one.time_ns))
    return [_row(flow) for flow in sorted(wire.flows, key=lambda flow: began[id(flow)])]


def _row(flow: Flow) -> dict[str, object]:
    """One flow of the truth."""
    row = {"proto": flow.proto, "orig_h": flow.orig.address, "orig_p": flow.orig_p}
    row |= {"resp_h": flow.resp.address, "resp_p": flow.resp_p, "verdict": "expected", "because": flow.because}
    row |= {"also": ["not_judged"]} if not flow.purpose else {}
    return row | {"service": flow.service} | ({"purpose": flow.purpose} if flow.purpose else {})


def _site() -> list[str]:
    """What the plant's engineer knows."""
    lines = ["site: Acme, plant 5", "profiles: [machinemetrics:standard]", "topology: company"]
    lines += [f"networks: {{company: [{SITE}.0/24]}}", "hosts:"]
    lines.append(f'  - {{name: {EDGE.name}, role: edge, addresses: [{EDGE.address}], macs: ["{EDGE.mac}"]}}')
    for machine, (grade, protocol, _) in MACHINES.items():
        told = f"role: machine, class: {grade}, protocol: {protocol}, addresses: [{machine.address}]"
        lines.append(f"  - {{name: {machine.name}, {told}}}")
    lines.append(f"  - {{name: {DESK.name}, role: browser, addresses: [{DESK.address}]}}")
    return [*lines, f"trust: [{NAME}.trust.pem]", "uplink: 20M"]


def _bandwidth(frames: list[Frame], sent: list[Sent]) -> dict[str, object]:
    """All figures of the truth."""
    first, last = frames[0].time_ns, frames[-1].time_ns
    return {
        "first_ns": first,
        "last_ns": last,
        "duration_s": (last - first) / SECOND,
        "seconds": last // SECOND - first // SECOND + 1,
        "packets": ledger.octets(sent),
        "padding": ledger.padding(sent),
        "not_ip": ledger.not_ip([len(frame.octets) for frame in frames], sent),
        "hosts": ledger.hosts(sent),
        "pairs": ledger.pairs(sent),
        "machines": ledger.machines(sent, {machine: told[0] for machine, told in MACHINES.items()}),
        "purposes": ledger.purposes(sent),
        "edge": _edge(sent, first, last),
    }


def _edge(sent: list[Sent], first_ns: int, last_ns: int) -> dict[str, object]:
    """The Edge's uploads against its budget: what its budget counts, and all that it sends out of the site."""
    out = [one for one in sent if one.forth and one.flow.orig == EDGE and not one.flow.resp.site]
    steady = [one for one in out if one.flow.purpose == "telemetry"]
    upload = ledger.upload(steady, first_ns, last_ns)
    budget = sum(BUDGET_BPS[grade] for grade, *_ in MACHINES.values())
    begin, seconds, _ = BURST
    burst = sum(one.ip for one in ledger.within(steady, begin, begin + seconds * SECOND)) * 8 / seconds
    return {
        "address": EDGE.address,
        "budget_bps": budget,
        "tolerance": TOLERANCE,
        "limit_bps": budget * (1 + TOLERANCE),
        "window_s": BUDGET_WINDOW_S,
        "telemetry": upload,
        "all": ledger.upload(out, first_ns, last_ns),
        "burst": {
            "start": ledger.at_utc(begin),
            "seconds": seconds,
            "bps": burst,
            "times_the_mean": burst / float(str(upload["mean_bps"])),
        },
        "idle": [{"start": ledger.at_utc(FROM + at * MINUTE), "seconds": 60 * minutes} for at, minutes in IDLE],
    }
