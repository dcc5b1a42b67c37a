"""What commands share."""

from __future__ import annotations

import json

import click
import pytest

from analyzer import api, shell
from analyzer.errors import AnalyzerError
from analyzer.program import Mistake

USUAL = {"exports": (), "old": None, "profiles": (), "filter": "", "trust": (), "baseline": (), "as_json": False}


def asked(out=None, site=None, **given):
    """The options of a judging command, as they are read."""
    given = {"quiet": False, "verbose": False, "as_csv": False, **USUAL, **given}
    return shell.asked_for((), site, out, **given)


def test_options_that_exclude_each_other_are_refused(tmp_path):
    """Quiet and verbose; tables as CSV without a folder for them."""
    with pytest.raises(click.UsageError, match="exclude each other"):
        asked(quiet=True, verbose=True)
    with pytest.raises(click.UsageError, match="needs --out"):
        asked(as_csv=True)
    assert asked(as_csv=True, out=str(tmp_path)).out == tmp_path


def test_exports_need_a_folder_and_a_name_that_exists(tmp_path):
    """Both are said before a capture is read."""
    with pytest.raises(click.UsageError, match="--export needs --out"):
        asked(exports=("zeek",))
    with pytest.raises(AnalyzerError, match="'nix': no such format"):
        asked(exports=("zeek,nix",), out=str(tmp_path))
    chosen = asked(exports=("zeek-json", "zeek"), out=str(tmp_path)).formats
    assert [form.NAME for form in chosen] == ["zeek", "zeek-json"]


def test_a_folder_of_facts_takes_no_result(tmp_path):
    """Both would be there, and neither would be whole."""
    (tmp_path / "facts.json").write_text("{}")
    with pytest.raises(Mistake, match="holds saved facts"):
        asked(out=str(tmp_path))


def test_a_folder_is_the_commands_until_it_is_over(tmp_path):
    """One that was made for nothing goes again; one with something in it stays; none needs nothing."""
    command = click.Command("check")
    for made in ((), ("result.json",)):
        with click.Context(command):
            shell.lock(None)
            shell.lock(tmp_path / "out")
            with pytest.raises(AnalyzerError, match="out: another program writes there"):
                shell.lock(tmp_path / "out")
            for name in made:
                (tmp_path / "out" / name).touch()
        assert (tmp_path / "out").exists() == bool(made)
    (tmp_path / "file").touch()
    with click.Context(command), pytest.raises(Mistake, match="file: cannot be written: file exists"):
        shell.lock(tmp_path / "file")


def test_files_that_cannot_be_written_are_one_line(tmp_path):
    """With the path that the system names, else the target."""
    with pytest.raises(Mistake, match="there/x: cannot be written: no such file"), shell.writing(tmp_path):
        (tmp_path / "there" / "x").write_text("")
    with pytest.raises(Mistake, match="cannot be written: full"), shell.writing(tmp_path):
        raise OSError("full")


def test_a_closed_pipe_is_none_of_it(tmp_path):
    """The program ends as others do whose reader has gone."""
    with pytest.raises(BrokenPipeError), shell.writing(tmp_path):
        raise BrokenPipeError


def test_shipped_packs_come_first():
    """Those of the user beside them."""
    assert {pack.name for pack in shell.packs_of(())} == {"machinemetrics", "skala"}


def test_json_is_ascii(capsys):
    """So that a terminal only shows it."""
    shell.print_json({"name": "\x1b\x7f\u202e"})
    told = capsys.readouterr().out
    assert told.isascii()
    assert "\x7f" not in told
    assert json.loads(told) == {"name": "\x1b\x7f\u202e"}


def test_no_bar_without_a_terminal():
    """In a pipe nothing is drawn."""
    with shell.progress(quiet=False) as told:
        assert told is None


@pytest.mark.parametrize("must", [True, False])
def test_compiling_is_said(monkeypatch, capsys, must):
    """Where it has to be done; else nothing is said."""
    monkeypatch.setattr(api, "must_compile", lambda: must)
    assert shell.compiling() is must
    assert ("compiling kernels" in capsys.readouterr().err) is must
