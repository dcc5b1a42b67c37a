import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from analyzer.dissecting.lookups import CHASE_NS, GRACE_NS, find_lookups, read_lookups
from tests.builders.facts import S, dns_table, flows_table

CLIENT, OTHER, SERVER = "10.0.0.1", "10.0.0.2", "192.0.2.1"


def named(flows, dns):
    """Name by flow, as the last answer before it tells."""
    every = np.arange(flows.proto.size)
    looked_up = read_lookups(flows, dns, every)
    at, row = find_lookups(flows, looked_up, every)
    return dict(zip(at.tolist(), looked_up.name[row].tolist(), strict=True))


def lookup(flow, at, query, *answers, ttls=None, kind="A"):
    return {
        "flow": flow,
        "ts_ns": at,
        "query": query,
        "answers": answers,
        "ttls": ttls or ("60",) * len(answers),
        "qtype_name": kind,
    }


def test_the_last_answer_before_a_flow_names_it():
    """The client asked twice; what it learns later is no reason for what it did before."""
    flows = flows_table((CLIENT, "8.8.8.8", 0), (CLIENT, SERVER, 5 * S), (CLIENT, SERVER, 15 * S), (CLIENT, SERVER, 0))
    dns = dns_table(lookup(0, 1 * S, "a.example", SERVER), lookup(0, 10 * S, "b.example", SERVER))
    assert named(flows, dns) == {1: "a.example", 2: "b.example"}


def test_another_clients_answer_names_nothing():
    """Only what this client was told counts; a resolver that forwards asks under its own address."""
    flows = flows_table((OTHER, "8.8.8.8", 0), (CLIENT, SERVER, 5 * S))
    assert named(flows, dns_table(lookup(0, 1 * S, "a.example", SERVER))) == {}


def test_the_answers_time_is_what_counts():
    """A flow that began between question and answer cannot rest on the answer."""
    flows = flows_table((CLIENT, "8.8.8.8", 0), (CLIENT, SERVER, 2 * S))
    dns = dns_table({**lookup(0, 1 * S, "a.example", SERVER), "rtt_ns": 3 * S})
    assert named(flows, dns) == {}


def test_an_answer_explains_until_its_shortest_ttl_and_the_grace_are_over():
    """RFC 8767 section 5: a day past the TTL; a chain lives as long as its shortest link."""
    answer = lookup(0, 0, "a.example", "cdn.example", SERVER, ttls=("5", "3600"))
    flows = flows_table(
        (CLIENT, "8.8.8.8", 0), (CLIENT, SERVER, 5 * S + GRACE_NS), (CLIENT, SERVER, 5 * S + GRACE_NS + 1)
    )
    assert named(flows, dns_table(answer)) == {1: "a.example"}


def test_a_chain_that_the_client_follows_itself_is_named_by_its_beginning():
    """RFC 1034 section 3.6.2: an alias alone, then the question for it; later, or of another kind, is another."""
    alias, asked = lookup(0, 1 * S, "a.example", "Cdn.Example."), lookup(0, 2 * S, "cdn.example", SERVER)
    flows = flows_table((CLIENT, "8.8.8.8", 0), (CLIENT, SERVER, 60 * S))
    assert named(flows, dns_table(alias, asked)) == {1: "a.example"}
    assert named(flows, dns_table(alias, {**asked, "ts_ns": 2 * S + CHASE_NS})) == {1: "cdn.example"}
    assert named(flows, dns_table({**alias, "qtype_name": "AAAA"}, asked)) == {1: "cdn.example"}


def test_empty_tables_and_broken_ttls():
    """No DNS at all; a TTL that is no number counts as none."""
    flows = flows_table((CLIENT, "8.8.8.8", 0), (CLIENT, SERVER, 1 * S))
    assert named(flows, dns_table()) == {}
    assert named(flows_table(), dns_table()) == {}
    assert named(flows, dns_table(lookup(0, 0, "a.example", SERVER, ttls=("x", "9" * 30)))) == {1: "a.example"}


HOSTS = st.sampled_from(["h1", "h2", "h3"])


@given(
    st.lists(st.tuples(HOSTS, HOSTS, st.integers(0, 50)), min_size=1, max_size=12),
    st.lists(
        st.tuples(st.integers(0, 11), st.integers(0, 50), st.sampled_from("xyz"), st.lists(HOSTS, max_size=3)),
        max_size=12,
    ),
)
def test_sorting_and_searching_agree_with_looking_at_every_answer(talks, answers):
    """The plain reading: of all answers to this client for this address not after the flow, the latest."""
    flows = flows_table(*((a, b, at * S) for a, b, at in talks))
    rows = [
        lookup(flow % len(talks), at * S, f"{name}.example", *told, kind="HTTPS") for flow, at, name, told in answers
    ]
    expected = {}
    for flow, (client, address, at) in enumerate(talks):
        known = [
            (row["ts_ns"], row["query"])
            for row in rows
            if talks[row["flow"]][0] == client and address in row["answers"] and row["ts_ns"] <= at * S
        ]
        if known:
            expected[flow] = {name for ts, name in known if ts == max(known)[0]}
    got = named(flows, dns_table(*rows))
    assert got.keys() == expected.keys()
    assert all(got[flow] in names for flow, names in expected.items())
