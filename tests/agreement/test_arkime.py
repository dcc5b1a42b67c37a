"""Flows are the sessions that Arkime's own tests expect of its own captures."""

from __future__ import annotations

import collections
import json

import analyzer
from tests.agreement.known import capture, unexplained
from tests.builders.agreement import AS_MIRRORED

TRANSPORTS = {6, 17}
SUFFIX = ".test.json"
ENDS = ("source", "destination")


def read_sessions(path):
    """(Community ID, ports, frames and octets of both sides) of each TCP and UDP session."""
    bodies = (one.get("body", one) for one in json.loads(path.read_text())["sessions3"])
    return collections.Counter(
        (body["network"]["community_id"], *(body[end][what] for what in ("port", "packets", "bytes") for end in ENDS))
        for body in bodies
        if body["ipProtocol"] in TRANSPORTS
    )


def observed(path):
    """The same of our flows."""
    flows = analyzer.observe([str(path)], settings=AS_MIRRORED).flows
    columns = zip(
        flows.community_id, flows.orig_p, flows.resp_p, flows.orig_packets, flows.resp_packets,
        flows.orig_frame_octets, flows.resp_frame_octets, flows.proto, strict=True,
    )  # fmt: skip
    return collections.Counter((name, *map(int, numbers)) for name, *numbers, proto in columns if proto in TRANSPORTS)


def test_flows_are_arkimes_sessions(shared):
    """Community ID, ports, frames and octets on the wire are Arkime's, but for known differences."""
    corpus = shared / "corpus"
    found, compared = {}, set()
    for expected in sorted((corpus / "expected" / "arkime").glob(f"*{SUFFIX}")):
        path = capture(corpus, f"arkime--{expected.name.removesuffix(SUFFIX)}")
        name = path.relative_to(corpus).as_posix()
        compared.add(name)
        sessions, seen = read_sessions(expected), observed(path)
        if seen != sessions:
            found["sessions", name] = [*(seen - sessions)], [*(sessions - seen)]
    assert len(compared) > 10
    lines = unexplained("arkime", found, compared)
    assert not lines, "\n".join(lines)
