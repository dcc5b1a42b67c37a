import ipaddress
import itertools
import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzer.exporting.report import flowtable
from analyzer.exporting.report.flowtable import FIRST
from analyzer.findings import Verdict
from analyzer.result import Result
from tests.builders.plant import START_NS, conclusions, flow, observations, result, verdicts


def made(rows, words):
    return Result(observations(rows), conclusions(flows=verdicts(words)))


def encoded(one, most=flowtable.MOST):
    return flowtable.encoded(one, most)


def decoded(table, name):
    """A column as the browser has it: words by number, ids and times by their steps."""
    cells = table["cells"][name]
    if name in ("flow", "start"):
        return list(itertools.accumulate(cells))
    return [table["words"][name][cell] for cell in cells] if name in table["words"] else cells


def test_the_columns_are_those_of_the_result():
    """What the browser decodes is, row by row, what the result's flows say."""
    one = result()
    table = encoded(one)
    assert table["rows"] == table["total"] == len(one.flows)
    for name in ("flow", "rule", *flowtable.WORDS, *flowtable.ADDRESSES, *flowtable.NUMBERS, "verdict"):
        assert decoded(table, name) == one.flows[name].tolist(), name
    assert decoded(table, "codes") == [" ".join(codes) for codes in one.flows["codes"]]
    assert decoded(table, "start")[0] == START_NS // 1_000_000
    assert table["cells"]["duration"][0] == 60_000


ADDRESS = st.one_of(st.ip_addresses(v=4), st.ip_addresses(v=6)).map(str)


def mapped_of(address):
    return getattr(address, "ipv4_mapped", None)


@given(st.lists(st.tuples(ADDRESS, st.text(max_size=8)), min_size=1, max_size=20))
def test_numbers_sort_as_what_they_stand_for(pairs):
    """The words of a column are sorted: addresses as they count, version 4 first, names whatever their case."""
    table = encoded(made([flow(orig_h=host, server_name=name) for host, name in pairs], ["expected"] * len(pairs)))
    names = [name for _, name in pairs]
    order = sorted(range(len(pairs)), key=lambda row: table["cells"]["server_name"][row])
    assert [names[row].casefold() for row in order] == sorted(name.casefold() for name in names)
    hosts = sorted(range(len(pairs)), key=lambda row: table["cells"]["orig_h"][row])
    numbers = [ipaddress.ip_address(pairs[row][0]) for row in hosts]
    keys = [((mapped or one).version, int(mapped or one)) for one in numbers for mapped in [mapped_of(one)]]
    assert keys == sorted(keys)


def test_of_too_many_flows_those_with_the_worst_verdicts_are_kept():
    """A table that is full leaves out the flows that tell least, and stays in the order of the capture."""
    words = [verdict.value for verdict in reversed(FIRST)]
    table = encoded(made([flow() for _ in words], words), most=3)
    assert (table["rows"], table["total"]) == (3, len(words))
    assert decoded(table, "verdict") == ["unexpected", "blocked", "intercepted"]
    assert decoded(table, "flow") == [4, 5, 6]


def test_rules_of_two_packs_are_two_rules():
    """Whoever picks one of them sees the flows of that pack alone; an id that one pack has stands by itself."""
    judged = replace(
        verdicts(["expected"] * 4),
        rule=np.array(["dns", "dns", "ntp", ""], object),
        pack=np.array(["one", "two", "two", "one"], object),
    )
    table = encoded(Result(observations([flow() for _ in range(4)]), conclusions(flows=judged)))
    assert decoded(table, "rule") == ["dns (one)", "dns (two)", "ntp", ""]


def test_every_verdict_has_its_place():
    """The order of verdicts leaves none out."""
    assert set(FIRST) == set(Verdict)
    assert len(FIRST) == len(Verdict)


def test_a_capture_without_flows_is_an_empty_table():
    """No flow makes no row, and JSON that can be read."""
    table = encoded(Result(observations([]), replace(conclusions(), flows=verdicts([]))))
    assert table["rows"] == 0
    assert json.loads(json.dumps(table)) == table


@pytest.mark.parametrize("text", ["\u202egpj.exe", "\x1b[2J", "\ud800"])
def test_what_does_not_print_is_spelled_out(text):
    """A name with marks that hide or turn it around is sent with visible escapes."""
    table = encoded(made([flow(server_name=text)], ["expected"]))
    assert all(word.isprintable() for word in table["words"]["server_name"])
