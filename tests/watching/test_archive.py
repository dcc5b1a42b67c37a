"""Facts of flows that left are kept in numbered parts, whole or not at all, within their bounds."""

from __future__ import annotations

from dataclasses import replace

import pytest

from analyzer import api, factsfile
from analyzer.watching.archive import Archive
from tests.builders.plant import observations

PART = observations()


def test_parts_are_counted_on(tmp_path):
    """Also where an earlier run left some; what is judged is all of them."""
    for number in (1, 2):
        archive = Archive(tmp_path / "facts", 1 << 30)
        assert archive.add(replace(PART, captures=(replace(PART.captures[0], start_ns=number),)))
    assert [part.name for part in archive.parts()] == ["000001", "000002"]
    assert api.load_facts(str(tmp_path / "facts")).flows.proto.size == 2 * PART.flows.proto.size


def test_the_oldest_part_is_given_up_for_the_newest(tmp_path):
    """What was written last stays, however little room there is."""
    archive = Archive(tmp_path, 1)
    for _ in range(3):
        archive.add(PART)
    assert [part.name for part in archive.parts()] == ["000003"]
    assert archive.given_up == 2


def test_what_cannot_be_written_is_told_and_counted(tmp_path, monkeypatch):
    """The parts that are there stay, and nothing half written is left."""
    archive = Archive(tmp_path, 1 << 30)
    archive.add(PART)

    def full(part, folder):
        folder.mkdir()
        (folder / "flows.parquet").write_bytes(b"half")
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(factsfile, "save", full)
        assert not archive.add(PART)
    assert (archive.lost, "no space left" in archive.trouble) == (PART.flows.proto.size, True)
    assert [path.name for path in tmp_path.iterdir()] == ["000001"]
    assert archive.add(PART)
    assert archive.trouble == ""


def test_only_parts_are_counted(tmp_path):
    """Other files and folders are nobody's business, and stay."""
    (tmp_path / "notes").mkdir()
    (tmp_path / "7").write_text("a file")
    archive = Archive(tmp_path, 1)
    archive.add(PART)
    archive.add(PART)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["000002", "7", "notes"]


@pytest.mark.parametrize("name", ["missing", "empty"])
def test_a_folder_without_facts_is_told(tmp_path, name):
    """As where one set of facts is missing."""
    if name == "empty":
        (tmp_path / name).mkdir()
    with pytest.raises(Exception, match="no saved facts here"):
        api.load_facts(str(tmp_path / name))


def test_parts_are_counted_beyond_their_width(tmp_path):
    """The millionth comes after the one before, and the next after it."""
    (tmp_path / "999999").mkdir()
    archive = Archive(tmp_path, 1 << 30)
    for _ in range(2):
        assert archive.add(PART)
    assert [part.name for part in archive.parts()] == ["999999", "1000000", "1000001"]
