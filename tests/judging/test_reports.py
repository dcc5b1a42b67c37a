"""Findings: what they show, and how one finds the frames."""

from analyzer.judging.reports import numbered
from tests.builders.site import EDGE, MACHINE, PUBLIC, Scene


def made():
    """Two flows to one undocumented host, one to another, and a machine that leaves the site."""
    scene = Scene()
    scene.edge()
    scene.poll(EDGE, MACHINE)
    for name in ("files.example", "files.example", "other.example"):
        scene.tls(EDGE, PUBLIC, name)
    scene.tls(MACHINE, "2001:db8::5", "files.example")
    return scene.judged()


def test_a_finding_is_one_for_each_host_and_peer():
    """The worst comes first, and ids follow the order."""
    found = made().findings
    assert [(finding.id, finding.flows) for finding in found] == [("F1", (5,)), ("F2", (2, 3)), ("F3", (4,))]
    assert [str(finding.severity) for finding in found] == ["high", "medium", "medium"]
    assert found[1].title == f"{EDGE} reached files.example port 443, which no row of the document names"


def test_evidence_names_frames_as_wireshark_counts():
    """Where the flow, the answer, and data begin."""
    evidence = made().findings[1].evidence
    assert [piece.frames for piece in evidence] == [(21, 22, 23, 24), (31, 32, 33, 34)]
    assert {piece.code for piece in evidence} == {"undocumented-destination"}


def test_a_finding_cites_its_rule_with_look_alikes_remedy_and_filter():
    """All that somebody needs to act on it."""
    finding = made().findings[0]
    assert (finding.rule, finding.cite.section, str(finding.basis)) == (
        "mm-machines-edge-only",
        "Machine Protocol Ports",
        "reading",
    )
    assert finding.rivals
    assert "block" in finding.remedy
    assert finding.filter == f"(ip.addr == {MACHINE} && ipv6.addr == 2001:db8::5 && tcp.port == 443)"


def test_a_filter_is_not_longer_than_wireshark_likes():
    """Many flows make a filter of a dozen at most."""
    scene = Scene()
    scene.edge()
    for number in range(20):
        scene.flow(f"203.0.113.{number}", EDGE, 22 + number)
    assert max(finding.filter.count("||") for finding in scene.judged().findings) < 12


def test_numbering_is_stable():
    """The same findings in another order have the same ids."""
    found = made().findings
    assert numbered(tuple(reversed(found))) == found
