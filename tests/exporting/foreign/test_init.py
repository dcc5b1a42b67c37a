"""Formats are chosen by name, and written beside each other."""

from __future__ import annotations

import pytest

from analyzer import api
from analyzer.errors import AnalyzerError
from analyzer.exporting import foreign
from tests.builders.plant import result

NAMES = tuple(form.NAME for form in foreign.FORMATS)


def test_names_come_alone_or_with_commas():
    """Each format once, in one order, however it is asked for."""
    assert [form.NAME for form in foreign.chosen(["zeek-json, zeek", "zeek"])] == ["zeek", "zeek-json"]
    assert foreign.chosen([]) == ()


@pytest.mark.parametrize("name", ["nix", "", "zeek,", "ZEEK", "\x1b[2J"])
def test_another_name_is_refused_in_one_line(name):
    """With those that there are."""
    with pytest.raises(AnalyzerError, match=f"no such format .known: {', '.join(NAMES)}") as caught:
        foreign.chosen([name])
    assert str(caught.value).isprintable()


def test_every_format_writes_its_files_and_no_other(tmp_path):
    """Twice the same octets, and no file of one is a file of another."""
    files = [name for form in foreign.FORMATS for name in form.FILES]
    assert len(set(files)) == len(files)
    for folder in ("a", "b"):
        api.export(result(), str(tmp_path / folder), NAMES)
        there = {path.relative_to(tmp_path / folder).as_posix() for path in (tmp_path / folder).rglob("*.*")}
        there |= {name for name in files if (tmp_path / folder / name).is_file()}
        assert there == set(files)
    assert [(tmp_path / "a" / name).read_bytes() for name in files] == [
        (tmp_path / "b" / name).read_bytes() for name in files
    ]


def test_one_format_alone_may_be_named(tmp_path):
    """A notebook does what --export does."""
    assert api.export(result(), str(tmp_path), "zeek") == ()
    assert sorted(path.name for path in (tmp_path / "zeek").iterdir()) == ["conn.log", "dns.log", "ssl.log"]
