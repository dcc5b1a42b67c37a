import itertools
from dataclasses import replace

import pytest

from analyzer.exporting.report import picture
from analyzer.findings import Verdict
from analyzer.result import Result
from analyzer.tables import Tls
from tests.builders.plant import FINDING, HOSTS, conclusions, flow, observations, table, verdicts

EDGE, MACHINE = "10.20.30.10", "10.20.30.21"


def made(*flows, **given):
    rows, words = [row for row, _ in flows], [word for _, word in flows]
    facts = {name: given.pop(name) for name in ("tls", "http") if name in given}
    return Result(observations(rows, **facts), conclusions(flows=verdicts(words), **given))


def links(lane):
    return {(link.peer, link.port, link.words) for link in (*lane.outside.values(), *lane.inside.values())}


def test_what_crosses_the_border_is_told_from_what_stays_inside():
    """A flow to a public address crosses; one to another host of the site stays, under that host's name."""
    edge, *_ = picture.lanes(
        made((flow(server_name="a.example"), "expected"), (flow(resp_h=MACHINE, resp_p=502), "expected"))
    )
    assert (edge.host, edge.role) == ("edge", "edge")
    assert [link.peer for link in edge.outside.values()] == ["a.example"]
    assert [(link.peer, link.port) for link in edge.inside.values()] == [("m1", "502/tcp")]


def test_flows_of_one_peer_are_drawn_as_one_by_the_worst_of_them():
    """Flows to one name and port are one link, counted by verdict, and drawn as the worst verdict asks."""
    (edge,) = picture.lanes(
        made(*((flow(server_name="a.example"), word) for word in ("expected", "blocked", "expected")))
    )
    assert links(edge) == {("a.example", "443/tcp", "1 stopped, 2 as documented")}
    (drawn,), _ = picture.placed([edge])
    assert [(row.state, row.sign) for row in drawn.outside] == [("stopped", "✗")]


def test_who_stopped_a_flow_is_told():
    """What the evidence of a finding says of who did it stands beside the link."""
    seen = replace(FINDING.evidence[0], flow=0, by="10.20.30.1")
    (edge,) = picture.lanes(
        made((flow(server_name="a.example"), "blocked"), findings=(replace(FINDING, evidence=(seen,)),))
    )
    assert links(edge) == {("a.example", "443/tcp", "1 stopped, by 10.20.30.1")}


def test_a_proxy_of_the_site_is_passed_through():
    """A flow to a local proxy that is asked to open the way crosses the border, and tells through whom."""
    one = made((flow(resp_h="10.20.30.8", resp_p=3128, server_name="a.example"), "expected"),
               tls=table(Tls, [{"flow": 0, "via": "connect"}]))  # fmt: skip
    (edge,) = picture.lanes(one)
    assert not edge.inside
    assert links(edge) == {("a.example", "3128/tcp", "1 as documented, through 10.20.30.8")}


def test_what_is_opened_from_outside_points_inward():
    """A flow whose originator is no host of the site is inbound, and named by that originator."""
    (edge,) = picture.lanes(made((flow(orig_h="203.0.113.9", resp_h=EDGE, resp_p=22), "unexpected")))
    assert links(edge) == {("203.0.113.9", "22/tcp", "1 not allowed, inbound")}


@pytest.mark.parametrize("word", ["housekeeping", "not_judged"])
def test_what_is_not_judged_is_not_drawn(word):
    """Flows without a verdict on the document make no link."""
    assert picture.lanes(made((flow(), word))) == []


def test_groups_and_strangers_are_not_drawn():
    """A broadcast, and flows between two hosts that are not the site's, make no link."""
    strangers = flow(orig_h="198.51.100.1"), flow(resp_h="255.255.255.255", proto=17)
    assert picture.lanes(made(*((row, "expected") for row in strangers))) == []


def test_too_many_links_are_counted_in_one():
    """The worst links are drawn; the rest is one row with all of their flows."""
    names = [(flow(server_name=f"host-{number}.example"), "expected") for number in range(picture.MOST_OUTSIDE + 5)]
    (edge,) = picture.lanes(made(*names, (flow(server_name="worst.example"), "intercepted")))
    (drawn,), height = picture.placed([edge])
    assert len(drawn.outside) == picture.MOST_OUTSIDE
    assert drawn.outside[0].name == "worst.example 443/tcp"
    assert (drawn.outside[-1].name, drawn.outside[-1].told) == ("7 more", "7 as documented")
    assert all(drawn.y < row.y < drawn.y + drawn.height < height for row in drawn.outside)


def test_lanes_do_not_overlap():
    """Each host's box ends above the next one."""
    hosts = tuple(replace(HOSTS[0], host=f"h{n}", addresses=(f"10.20.30.{n}",)) for n in range(1, 20))
    flows = [
        (flow(orig_h=f"10.20.30.{n}", server_name=f"{m}.example"), "expected") for n in range(1, 20) for m in range(n)
    ]
    found = picture.lanes(made(*flows, hosts=hosts))
    drawn, height = picture.placed(found)
    assert (len(found), len(drawn)) == (19, picture.MOST_HOSTS)
    for upper, lower in itertools.pairwise(drawn):
        assert upper.y + upper.height < lower.y
    assert drawn[-1].y + drawn[-1].height < height


def test_every_verdict_on_a_document_has_a_sign_of_its_own():
    """No two states share sign or word, so that none is told by its colour alone."""
    assert set(picture.STATES) == set(Verdict) - {Verdict.HOUSEKEEPING, Verdict.NOT_JUDGED}
    for told in zip(*picture.STATES.values(), strict=True):
        assert len(set(told)) == len(told)


@pytest.mark.parametrize(
    ("text", "cut"), [("short", "short"), ("a" * 30, "a" * 6 + "…" + "a" * 5), ("\u202e", r"\u202e")]
)
def test_long_names_are_cut_in_their_middle(text, cut):
    """A name fits its place, and is harmless."""
    assert picture.cut(text, 12) == cut
