"""DNS messages are read as the oracle and dnspython read them; any octets are read without harm."""

from __future__ import annotations

import dns.message
import dns.name
import dns.rdatatype
import dns.rrset
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analyzer.kernels.dns import MESSAGE
from analyzer.kernels.keeping import SEGMENT
from analyzer.metering.flows import addresses
from analyzer.metering.harvest import Harvest
from analyzer.metering.strings import Strings
from tests.oracle import dns as oracle

labels = st.binary(min_size=1, max_size=63)
names = st.lists(labels, max_size=6).filter(lambda one: sum(len(x) + 1 for x in one) < 250).map(
    lambda one: dns.name.Name([*one, b""])
)  # fmt: skip
plain = st.lists(st.text("abcXYZ019-_", min_size=1, max_size=12), min_size=1, max_size=4).map(
    lambda one: dns.name.from_text(".".join(one) + ".")
)


def read(*messages):
    """What the kernel makes of datagrams: per message None or (id, flags, query, qtype, answers)."""
    found = Harvest(Strings(7, 2, 8), Strings(7))
    segments = np.zeros(len(messages), SEGMENT)
    at = 0
    for segment, octets in zip(segments, messages, strict=True):
        segment["at"], segment["octets"] = at, len(octets)
        at += len(octets)
    arena = np.frombuffer(bytearray(b"".join(messages)) or bytearray(1), np.uint8)
    flags = found.read_messages(arena, segments, np.arange(segments.size))
    rows = np.concatenate([np.zeros(0, MESSAGE), *(part.rows for part in found.messages)])
    texts = found.strings.texts()
    made, shift = [], 0
    for part in found.messages:
        made += [told(row, part.answers, texts) for row in part.rows]
        shift += part.rows.size
    assert shift == rows.size == flags.sum()
    left = iter(made)
    return [next(left) if flag else None for flag in flags]


def told(row, answers, texts):
    """A row as the oracle's Message."""
    some = answers[row["answers_at"] : row["answers_at"] + row["answers"]]
    version = np.where(some["type"] == oracle.AAAA, 6, 4).astype(np.uint8)
    shown = [
        texts[one["target"]] if one["type"] == oracle.CNAME else address
        for one, address in zip(some, addresses(some["hi"], some["lo"], version), strict=True)
    ]
    listed = tuple(zip(some["type"].tolist(), shown, some["ttl"].tolist(), strict=True))
    query = texts[row["query"]] if row["query"] >= 0 else ""
    return oracle.Message(int(row["id"]), int(row["flags"]), query, int(row["qtype"]), listed)


def answered(query, aliases, hosts, kind="A"):
    """A response with a chain of aliases and addresses at its end, compressed by dnspython."""
    message = dns.message.make_response(dns.message.make_query(query, kind))
    for name, target in zip([query, *aliases], aliases, strict=False):
        message.answer.append(dns.rrset.from_text(name, 60, "IN", "CNAME", target.to_text()))
    message.answer.append(dns.rrset.from_text([query, *aliases][-1], 300, "IN", kind, *hosts))
    return message


@settings(max_examples=60, deadline=None)
@given(plain, st.lists(plain, max_size=3), st.lists(st.ip_addresses(v=4).map(str), min_size=1, max_size=4, unique=True))
def test_answers_are_those_that_dnspython_wrote(query, aliases, hosts):
    """Names, compressed by somebody else's code, come out in lower case; addresses and TTLs in order."""
    made = read(answered(query, aliases, hosts).to_wire())[0]
    assert made.query == query.to_text(omit_final_dot=True).lower()
    assert made.qtype == dns.rdatatype.A
    assert [text for kind, text, _ in made.answers if kind == oracle.CNAME] == [
        alias.to_text(omit_final_dot=True).lower() for alias in aliases
    ]
    assert sorted(text for kind, text, _ in made.answers if kind == oracle.A) == sorted(hosts)
    assert {ttl for kind, _, ttl in made.answers if kind == oracle.A} == {300}


@settings(max_examples=60, deadline=None)
@given(names)
def test_names_of_any_octets_are_written_as_dnspython_writes_them(name):
    """Escapes are those of the presentation form, save that dnspython escapes quotes, at-signs and more besides."""
    made = read(dns.message.make_query(name, "AAAA").to_wire())[0]
    assert made is not None
    assert dns.name.from_text(made.query + ".") == name
    assert made.query == made.query.lower()


@settings(max_examples=120, deadline=None)
@given(plain, plain, st.lists(st.tuples(st.integers(0, 120), st.integers(0, 255)), max_size=4), st.integers(0, 200))
def test_damaged_messages_are_read_as_the_oracle_reads_them(query, alias, wrong, cut):
    """Whatever octets are wrong or missing: loops of pointers, lying counts, lengths past the end."""
    octets = bytearray(answered(query, [alias], ["192.0.2.1", "192.0.2.2"]).to_wire())
    for at, value in wrong:
        octets[at % len(octets)] = value
    damaged = bytes(octets[: max(len(octets) - cut, 0)]) if cut % 2 else bytes(octets)
    assert read(damaged) == [oracle.parse(damaged)]


@settings(max_examples=100, deadline=None)
@given(st.lists(st.binary(max_size=60), max_size=6))
def test_any_octets_are_read_as_the_oracle_reads_them(messages):
    """Rubbish beside rubbish: nothing of one datagram is read as another's."""
    assert read(*messages) == [oracle.parse(one) for one in messages]


@pytest.mark.parametrize("pointer", [12, 0, 0x3FFF])
def test_a_pointer_to_itself_or_past_the_end_ends(pointer):
    """Loops of compression and pointers to nowhere are no DNS."""
    octets = b"\0\1\1\0\0\1\0\0\0\0\0\0" + (0xC000 | pointer).to_bytes(2, "big") + b"\0\1\0\1"
    assert read(octets) == [oracle.parse(octets)]
    assert pointer == 0 or read(octets) == [None]


def test_a_hundred_answers_give_the_first_64():
    """More answers than are kept are passed over, not written elsewhere."""
    hosts = [f"192.0.2.{k}" for k in range(100)]
    made = read(answered(dns.name.from_text("many.example."), [], hosts).to_wire())[0]
    assert len(made.answers) == 64


def test_strings_that_do_not_fit_grow_and_nothing_is_read_twice():
    """A thousand different names in one go, with tables that begin with room for two."""
    queries = [dns.message.make_query(f"host-{k}.example.", "A").to_wire() for k in range(1000)]
    assert [one.query for one in read(*queries)] == [f"host-{k}.example" for k in range(1000)]
