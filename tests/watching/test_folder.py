"""A result's files are replaced one by one, each whole; what another run left is set aside."""

from __future__ import annotations

import os
import threading

from analyzer.watching import folder as module
from analyzer.watching.folder import Folder


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def writer(result, folder):
    (folder / "flows.parquet").write_text(f"flows of {result}")
    (folder / "zeek").mkdir()
    (folder / "zeek" / "conn.log").write_text(f"connections of {result}")
    (folder / "result.json").write_text(f"result of {result}" * 1000)


def test_files_are_those_of_the_last_result(tmp_path):
    """And nothing else is there."""
    folder = Folder(tmp_path, writer)
    for result in ("one", "two"):
        assert folder.update(result)
    assert (tmp_path / "flows.parquet").read_text() == "flows of two"
    assert (tmp_path / "zeek" / "conn.log").read_text() == "connections of two"
    assert names(tmp_path) == ["flows.parquet", "result.json", "zeek"]


def test_whoever_reads_sees_a_whole_file(tmp_path):
    """A reader that opens the file again and again never gets half of it."""
    folder = Folder(tmp_path, writer)
    folder.update("0")
    wrong, over = [], threading.Event()

    def read():
        while not over.is_set():
            text = (tmp_path / "result.json").read_text()
            if text != text[: len(text) // 1000] * 1000:
                wrong.append(text[:50])

    reader = threading.Thread(target=read)
    reader.start()
    for number in range(200):
        folder.update(str(number))
    over.set()
    reader.join()
    assert wrong == []


def test_what_cannot_be_written_leaves_what_was(tmp_path):
    """The files of the moment before stay, and it is said."""

    def failing(result, folder):
        writer(result, folder)
        if result == "two":
            raise OSError(28, "No space left on device")

    folder = Folder(tmp_path, failing)
    folder.update("one")
    assert not folder.update("two")
    assert "no space left on device; the files are of an earlier moment" in folder.trouble
    assert (tmp_path / "flows.parquet").read_text() == "flows of one"
    assert names(tmp_path) == ["flows.parquet", "result.json", "zeek"]
    assert folder.update("three")
    assert folder.trouble == ""


def test_the_files_of_an_earlier_run_are_set_aside(tmp_path):
    """By the time at which they were written; facts of both runs stay side by side."""
    Folder(tmp_path, writer).update("one")
    (tmp_path / "facts" / "000001").mkdir(parents=True)
    (tmp_path / ".next").mkdir()
    (tmp_path / "plant.yaml").write_text("site: Acme")
    os.utime(tmp_path / "result.json", (1_772_359_200, 1_772_359_200))
    second = Folder(tmp_path, writer)
    assert (tmp_path / "flows.parquet").read_text() == "flows of one"
    for result in ("two", "three"):
        second.update(result)
    assert (tmp_path / "runs" / "20260301T100000.000000Z" / "flows.parquet").read_text() == "flows of one"
    assert (tmp_path / "flows.parquet").read_text() == "flows of three"
    assert names(tmp_path) == ["facts", "flows.parquet", "plant.yaml", "result.json", "runs", "zeek"]
    assert len(names(tmp_path / "runs")) == 1


def test_runs_do_not_fill_the_disk(tmp_path, monkeypatch):
    """Of more than so many, the oldest are deleted; what is called otherwise stays."""
    monkeypatch.setattr(module, "MOST_RUNS", 2)
    (tmp_path / "runs" / "mine").mkdir(parents=True)
    for number in range(5):
        Folder(tmp_path, writer).update(str(number))
        os.utime(tmp_path / "result.json", (1_772_359_200 + number, 1_772_359_200 + number))
    assert len(names(tmp_path / "runs")) == 3
    assert "mine" in names(tmp_path / "runs")
