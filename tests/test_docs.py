"""What the documents say is so: their examples run, and nothing that a user meets is left out."""

from __future__ import annotations

import re
import shlex
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import click
import pytest
from click.testing import CliRunner

from analyzer.cli import main
from analyzer.judging.codes import CODES

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
COLUMNS = "100"  # of the terminal that the excerpts were taken from
GAP = "…"


class Block(NamedTuple):
    """A fenced block of the README: its language, its lines, and the file that it shows (a comment above says so)."""

    language: str
    lines: tuple[str, ...]
    file: str


def blocks() -> Iterator[Block]:
    """The fenced blocks of the README, in order."""
    pattern = r"(?:<!-- file: (\S+) -->\n)?^```(\w*)\n(.*?)^```$"
    for found in re.finditer(pattern, README, re.MULTILINE | re.DOTALL):
        yield Block(found[2], tuple(found[3].splitlines()), found[1] or "")


def demo(variable: str) -> str:
    """What the Makefile gives the demo."""
    found = re.search(rf"^{variable} := (\S+)$", MAKEFILE, re.MULTILINE)
    assert found
    return found[1]


def commands(group: click.Group, path: str) -> Iterator[tuple[str, click.Command]]:
    """Every command below a group, with its full name."""
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from commands(command, f"{path} {name}")
        else:
            yield f"{path} {name}", command


COMMANDS = dict(commands(main, "analyzer"))


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a customer's capture and the files that the README shows; the tests stand in it."""
    (tmp_path / "captures").symlink_to(ROOT / "captures")
    shutil.copy(ROOT / demo("DEMO"), tmp_path / "customer.pcapng")
    for block in blocks():
        if block.file:
            (tmp_path / block.file).write_text("\n".join(block.lines) + "\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", COLUMNS)
    return tmp_path


def excerpt_of(shown: list[str], printed: list[str]) -> str:
    """Why lines are no excerpt of what was printed; empty where they are. GAP stands for any lines."""
    at = 0
    anywhere = False
    for line in shown:
        if line.strip() == GAP:
            anywhere = True
            continue
        rest = printed[at:] if anywhere else printed[at : at + 1]
        if line not in rest:
            return f"not printed{' any more' if anywhere else ' here'}: {line}"
        at += rest.index(line) + 1
        anywhere = False
    return ""


def test_console_examples_run_and_print_what_is_shown(folder: Path) -> None:
    """Each `$ analyzer …` of the README ends with exit code 0 or 1 and prints the lines below it."""
    ran = 0
    for block in blocks():
        if block.language != "console":
            continue
        starts = [number for number, line in enumerate(block.lines) if line.startswith("$ ")]
        for start, end in zip(starts, [*starts[1:], len(block.lines)], strict=True):
            words = shlex.split(block.lines[start].removeprefix("$ "))
            assert words[0] == "analyzer"
            done = CliRunner().invoke(main, words[1:], prog_name="analyzer")
            assert done.exit_code in (0, 1), f"{words}: {done.output}"
            printed = [line.rstrip() for line in done.stdout.splitlines()]
            assert excerpt_of(list(block.lines[start + 1 : end]), printed) == ""
            ran += 1
    assert ran > 0


def test_python_examples_run(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The README's Python runs as it stands, and prints something."""
    examples = [block for block in blocks() if block.language == "python"]
    assert examples
    for block in examples:
        exec(compile("\n".join(block.lines), "README.md", "exec"), {})
    assert capsys.readouterr().out


def test_the_demo_is_what_the_readme_shows() -> None:
    """The README's first example is the command that `make demo` runs."""
    first = next(block for block in blocks() if block.language == "console")
    assert first.lines[0] == f"$ analyzer check {demo('DEMO')} --site {demo('DEMO_SITE')}"


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_is_in_the_readme(name: str) -> None:
    """No command exists of which the README says nothing."""
    assert re.search(rf"\b{name}\b", README)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_is_explained(name: str) -> None:
    """--help tells what a command and each of its options does, and the README names each long option of `check`."""
    command = COMMANDS[name]
    assert command.help
    for option in command.params:
        if isinstance(option, click.Option) and not option.hidden:
            assert option.help, f"{name} {option.opts}"
            if name == "analyzer check":
                assert f"`{option.opts[-1]}" in README, option.opts


def test_every_option_in_the_readme_exists() -> None:
    """No option that the README names in code is unknown to every command."""
    known = {name for command in COMMANDS.values() for option in command.params for name in option.opts}
    for word in re.findall(r"`(--[a-z-]+)", README):
        assert word in known | {"--help", "--version"}, word


def test_every_code_is_in_the_readme_and_explained() -> None:
    """Each code of a finding stands in the README, and `analyzer explain` tells of it; the README names no other."""
    table = README.split("| code |")[1].split("\n\n")[0]
    assert set(re.findall(r"^\| `([a-z-]+)`", table, re.MULTILINE)) == set(CODES)
    for code in CODES:
        done = CliRunner().invoke(main, ["explain", code], prog_name="analyzer")
        assert done.exit_code == 0
        assert code in done.stdout


def test_every_exit_code_is_in_the_readme_and_in_the_help() -> None:
    """Exit codes 0 to 3 stand in the README's table and in --help."""
    table = README.split("| exit code |")[1].split("\n\n")[0]
    assert re.findall(r"^\| (\d)", table, re.MULTILINE) == ["0", "1", "2", "3"]
    told = CliRunner().invoke(main, ["--help"], prog_name="analyzer").stdout
    sentence = " ".join(told[told.index("Exit codes") :].split())
    assert re.findall(r"\b([0-9]) [a-z]", sentence)[:4] == ["0", "1", "2", "3"]


def test_every_make_target_exists_and_is_explained() -> None:
    """`make help` lists every target but those that make files, and the README names none that is not there."""
    phony = re.search(r"^\.PHONY: (.*)$", MAKEFILE, re.MULTILINE)
    assert phony
    explained = set(re.findall(r"^([a-z-]+):.*## ", MAKEFILE, re.MULTILINE))
    assert explained | {"types"} == set(phony[1].split())
    assert (
        set(re.findall(r"\bmake ([a-z-]+)", " ".join(re.findall(r"`[^`\n]*`|^make .*$", README, re.MULTILINE))))
        <= explained
    )


def test_files_that_are_named_are_there() -> None:
    """Every link of a document to a file of the project leads somewhere."""
    for document in ("README.md", "ARCHITECTURE.md", "CHANGELOG.md"):
        text = (ROOT / document).read_text(encoding="utf-8")
        for target in re.findall(r"\]\((?!https?://)([^)#]+)", text):
            assert (ROOT / target).exists(), f"{document}: {target}"
