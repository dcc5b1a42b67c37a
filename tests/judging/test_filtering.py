"""Filters over hosts, ports and networks."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.errors import AnalyzerError
from analyzer.judging.filtering import FilterError, parse
from tests.builders.site import Scene


@pytest.fixture(scope="module")
def flows():
    """One TCP flow to 443, one UDP flow to 53, one to a machine, one ICMP."""
    scene = Scene()
    scene.flow("10.0.0.1", "192.0.2.1", 443)
    scene.udp("10.0.0.1", "8.8.8.8", 53)
    scene.flow("10.0.0.1", "10.0.1.7", 502)
    scene.flow("10.0.0.2", "10.0.0.1", 443, proto=1)
    return scene.seen().flows


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("host 10.0.0.1", [0, 1, 2, 3]),
        ("host 10.0.0.2", [3]),
        ("port 443", [0]),
        ("net 10.0.1.0/24", [2]),
        ("host 192.0.2.1 or port 53", [0, 1]),
        ("host 10.0.0.1 and not port 443", [1, 2, 3]),
        ("not (port 443 or port 53) and tcp", [2]),
        ("udp", [1]),
        ("icmp", [3]),
        ("!tcp && host 8.8.8.8 || port 502", [1, 2]),
        ("net fd00::/8", []),
    ],
)
def test_a_filter_picks_flows(flows, text, rows):
    """Either end may match; not binds before and, and before or."""
    assert parse(text).mask(flows).nonzero()[0].tolist() == rows


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "expected host, net, port, tcp, udp, icmp, not or '(', not '' (character 1)"),
        ("host", "'' is no address (character 5)"),
        ("host nowhere", "'nowhere' is no address (character 6)"),
        ("port 70000", "'70000' is no port (character 6)"),
        ("port 44\u0663", "is no port"),
        ("net 10.0.0.0/40", "'10.0.0.0/40' is no network (character 5)"),
        ("(host 10.0.0.1", "expected ')' (character 15)"),
        ("host 10.0.0.1 port 5", "expected 'and', 'or' or the end, not 'port' (character 15)"),
        ("ip.addr == 10.0.0.1", "not 'ip.addr' (character 1)"),
        ("(" * 60, "nested deeper than 50"),
        ("x" * 5000, "longer than 4096"),
    ],
)
def test_a_filter_that_is_none_says_where(text, reason):
    """The error names the word that does not fit, and its place."""
    with pytest.raises(AnalyzerError) as caught:
        parse(text)
    assert reason in str(caught.value)


@given(st.text(alphabet="()!&|hostnepr 0123456789./:andno", max_size=60))
def test_any_text_is_a_filter_or_an_error(text):
    """Nothing but FilterError comes out of text that is no filter."""
    with contextlib.suppress(FilterError):
        assert parse(text).text == text


def test_what_is_filtered_out_is_not_judged():
    """With a filter, flows outside it have no verdict, and their breaches are no findings."""
    scene = Scene()
    scene.edge()
    scene.flow("203.0.113.5", "10.7.0.10", 22)
    made = scene.judged(keep=parse("port 443"))
    assert made.flows.verdict.tolist() == ["expected", "not_judged"]
    assert not made.findings
