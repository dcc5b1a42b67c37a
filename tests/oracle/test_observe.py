"""What the kernels observe is what the oracle observes, on captures that nobody here made."""

from __future__ import annotations

from random import Random

import numpy as np
import pytest

from analyzer.api import observe as observe_fast
from analyzer.errors import AnalyzerError
from analyzer.tables import columns
from tests.builders import frames as fr
from tests.builders.captures import NANOSECONDS, Shot, pcap
from tests.oracle.observe import observe

TABLES = ("flows", "dns", "tls", "certificates", "http", "dhcp", "ntp", "quic", "icmp", "arp", "rates")
COUNTS = (
    "missed_octets", "one_sided_flows", "midstream_flows", "tcp_flows", "snaplen_cut_frames", "unknown_link_frames",
    "undecoded_frames", "non_ip_frames", "time_steps_back", "duplicates", "duplicate_octets",
)  # fmt: skip
FACTS = ("format", "packets", "octets", "start_ns", "end_ns", "cut", "link_types")
NO_CAPTURES = {"expected", "fingerprint_tables"}


def as_lists(seen):
    """Observations as plain lists, by table and column; rates in the order of flow and time."""
    order = np.lexsort((seen.rates.start_ns, seen.rates.flow))
    tables = {name: getattr(seen, name) for name in TABLES}
    tables["rates"] = type(seen.rates)(*(column[order] for column in seen.rates))
    found = {
        (name, cell): getattr(table, cell).tolist() for name, table in tables.items() for cell in columns(type(table))
    }
    found |= {("quality", name): getattr(seen.quality, name) for name in COUNTS}
    return found | {("captures", name): [getattr(one, name) for one in seen.captures] for name in FACTS}


def long_talks(random):
    """Connections and talks of datagrams that go on for long, entwined, with what may come between."""
    shots, ts_ns = [], 1_772_359_200_000_000_000
    talks = [
        Long(random, "10.0.0.1", "192.0.2.7", 502), Long(random, "192.0.2.9", "10.0.0.1", 4840, vlans=[(0x8100, 5)]),
        Long(random, "fd00::1", "2001:db8::9", 443), Long(random, "10.0.0.1", "10.0.0.2", 9999, proto=fr.UDP),
        Long(random, "fd00::1", "fd00::2", 53, proto=fr.UDP),
    ]  # fmt: skip
    for _ in range(1500):
        ts_ns += random.choice((1_000, 50_000, 3_000_000)) if random.random() < 0.999 else 90_000_000_000
        frame = random.choice(talks).next()
        for _ in range(1 + (random.random() < 0.05)):  # mirrored twice, now and then
            shots.append(Shot(ts_ns, frame))
            ts_ns += 700
    return shots


class Long:
    """A talk whose ends take turns as they like; most of it is in order."""

    def __init__(self, random, src, dst, port, *, proto=fr.TCP, vlans=()):
        self.random, self.ends, self.ports, self.proto, self.vlans = random, (src, dst), (40000, port), proto, vlans
        self.seq, self.opening, self.ident = [random.randrange(1 << 32), 7], [fr.SYN, fr.SYN | fr.ACK], 0

    def next(self):
        """The next frame."""
        random = self.random
        side, flags = random.randrange(2), fr.ACK
        payload = random.randbytes(random.choice((0, 0, 12, 20, 100, 1460)))
        if self.opening and self.proto == fr.TCP:
            side, flags, payload = 2 - len(self.opening), self.opening.pop(0), b""
        self.ident += 1
        ports = self.ports[side], self.ports[1 - side]
        if self.proto == fr.UDP:
            body = fr.udp(*ports, payload)
        else:
            odd = random.random()
            back = 100 if odd < 0.01 else -50 if odd > 0.99 else 0  # sent again, or something is missing
            numbers = {"seq": self.seq[side] - back, "ack": self.seq[1 - side] if flags & fr.ACK else 0}
            body = fr.tcp(*ports, flags=flags, payload=payload, options=b"\1" * random.choice((0, 12)), **numbers)
            self.seq[side] += len(payload) + bool(flags & fr.SYN)
        more = {} if ":" in self.ends[0] else {"ident": self.ident % 65536}
        packet = fr.ip(self.ends[side], self.ends[1 - side], self.proto, body, ttl=64 - side, **more)
        return fr.linked(packet, source=side, vlans=self.vlans)


@pytest.mark.parametrize("number", range(4))
def test_long_talks_are_seen_alike(number, tmp_path):
    """What most frames are takes short ways in the kernels; the tables are those of the oracle, which has none."""
    path = tmp_path / "long.pcap"
    path.write_bytes(pcap(long_talks(Random(number)), magic=NANOSECONDS))
    assert disagreements([path]) == {}


def corpus(shared, most):
    """Captures of the public corpus of at most so many octets."""
    folders = [one for one in (shared / "corpus").iterdir() if one.is_dir() and one.name not in NO_CAPTURES]
    files = sorted(path for one in folders for path in one.rglob("*") if path.is_file())
    return [path for path in files if path.stat().st_size <= most]


def disagreements(paths):
    """Per file on which kernels and oracle disagree, the tables' columns in which they do."""
    found = {}
    for path in paths:
        try:
            fast = as_lists(observe_fast([str(path)]))
        except AnalyzerError:
            continue  # no capture, or nothing of it can be read: tests/capturing/test_corpus.py looks at those
        slow = as_lists(observe([path]))
        wrong = sorted(where for where in slow if fast[where] != slow[where])
        if wrong:
            found[path.name] = wrong
    return found


def test_small_captures_of_the_corpus_are_seen_alike(shared):
    """Every tenth of the small captures that other projects published gives the same tables."""
    paths = corpus(shared, 20_000)
    assert len(paths) > 500
    assert disagreements(paths[::10]) == {}


@pytest.mark.slow
def test_all_captures_of_the_corpus_are_seen_alike(shared):
    """All captures of the corpus up to 3 MB give the same tables."""
    assert disagreements(corpus(shared, 3_000_000)) == {}
