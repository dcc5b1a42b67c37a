"""The table of known differences says of each what it is, and says it once."""

from __future__ import annotations

import collections

from tests.agreement.known import RIGHT, TOOLS, causes, unexplained


def test_every_cause_is_explained():
    """A cause has a tool, a name of its own, a sentence, a side that is right, and files."""
    for cause in causes():
        assert cause.keys() == {"tool", "name", "right", "because", "files"}
        assert cause["tool"] in TOOLS
        assert cause["right"] in RIGHT
        assert cause["because"].endswith(".")
        assert cause["files"]
        assert all(cause["files"].values())
    names = [(cause["tool"], cause["name"]) for cause in causes()]
    assert sorted(set(names)) == sorted(names)


def test_a_difference_has_one_cause():
    """No quantity of a file stands under two causes."""
    times = collections.Counter(
        (cause["tool"], quantity, path)
        for cause in causes()
        for quantity, paths in cause["files"].items()
        for path in paths
    )
    assert [one for one, count in times.items() if count > 1] == []


def test_files_that_are_named_are_in_the_corpus(shared):
    """Every path of the table leads to a capture."""
    paths = {path for cause in causes() for paths in cause["files"].values() for path in paths}
    assert [path for path in sorted(paths) if not (shared / "corpus" / path).is_file()] == []


def test_what_is_not_in_the_table_is_told_and_so_is_what_no_longer_differs():
    """A new difference gives a line, a known one none, a line of the table without difference another."""
    quantity, path = "udp_conversations", "encap/arkime--gtp-iphone.pcap"
    assert unexplained("tshark", {(quantity, path): "0, 1"}, {path}) == []
    assert unexplained("tshark", {("cut", path): "0, 1"}, {path}) == [
        f"cut of {path}: 0, 1",
        f"{quantity} of {path} differs no more",
    ]
    assert unexplained("tshark", {}, {"other.pcap"}) == []
