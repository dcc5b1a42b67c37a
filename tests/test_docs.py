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
from analyzer.packformat import KINDS

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
PAGES = (
    "README.md",
    "rules/README.md",
    *sorted(f"notebooks/{page.name}" for page in (ROOT / "notebooks").glob("*.md")),
)
"""What a user reads; README is the door to the others."""

GUIDE = {page: (ROOT / page).read_text(encoding="utf-8") for page in PAGES}
DOCUMENTS = (*PAGES, "ARCHITECTURE.md", "CHANGELOG.md", "captures/README.md")
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
COLUMNS = "100"  # of the terminal that the excerpts were taken from
GAP = "…"


class Block(NamedTuple):
    """A fenced block of a page: its language, its lines, and the file that it shows (a comment above says so)."""

    language: str
    lines: tuple[str, ...]
    file: str


def blocks(page: str) -> Iterator[Block]:
    """The fenced blocks of a page, in order."""
    pattern = r"(?:<!-- file: (\S+) -->\n)?^```(\w*)\n(.*?)^```$"
    for found in re.finditer(pattern, GUIDE[page], re.MULTILINE | re.DOTALL):
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
    """A folder with a customer's capture and the files that the pages show; the tests stand in it."""
    (tmp_path / "captures").symlink_to(ROOT / "captures")
    shutil.copy(ROOT / demo("DEMO"), tmp_path / "customer.pcapng")
    for block in (block for page in PAGES for block in blocks(page)):
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


@pytest.mark.parametrize("page", PAGES)
def test_console_examples_run_and_print_what_is_shown(page: str, folder: Path) -> None:
    """Each `$ analyzer …` of a page ends with exit code 0 or 1 and prints the lines below it."""
    for block in blocks(page):
        if block.language != "console":
            continue
        starts = [number for number, line in enumerate(block.lines) if line.startswith("$ ")]
        assert starts[:1] == [0], block
        for start, end in zip(starts, [*starts[1:], len(block.lines)], strict=True):
            words = shlex.split(block.lines[start].removeprefix("$ "))
            assert words[0] == "analyzer"
            done = CliRunner().invoke(main, words[1:], prog_name="analyzer")
            assert done.exit_code in (0, 1), f"{words}: {done.output}"
            printed = [line.rstrip() for line in done.stdout.splitlines()]
            assert excerpt_of(list(block.lines[start + 1 : end]), printed) == ""


@pytest.mark.parametrize("page", [page for page in PAGES if page != "notebooks/span-port.md"])
def test_each_page_has_an_example_that_runs(page: str) -> None:
    """All but that of the span port, which needs an interface."""
    assert any(block.language == "console" for block in blocks(page))


def lines_to_type() -> Iterator[tuple[str, list[str]]]:
    """The lines for a shell in which `analyzer` is run: page, and the words from there to the line's or pipe's end."""
    for page in PAGES:
        for block in blocks(page):
            for line in block.lines if block.language == "sh" else ():
                words = shlex.split(line, comments=True)
                if "analyzer" in words:
                    rest = words[words.index("analyzer") + 1 :]
                    yield page, rest[: next((at for at, word in enumerate(rest) if word in "|>"), len(rest))]


def test_lines_to_type_name_commands_and_options_that_exist() -> None:
    """What a page has somebody type is a command, with options that it takes."""
    typed = list(lines_to_type())
    assert len({page for page, _ in typed}) > 2
    for page, words in typed:
        name = next(" ".join(words[:length]) for length in (2, 1) if f"analyzer {' '.join(words[:length])}" in COMMANDS)
        known = {option for param in COMMANDS[f"analyzer {name}"].params for option in param.opts}
        for word in words:
            assert not re.match(r"--?[a-zA-Z]", word) or word in known, f"{page}: {words}"


def test_python_examples_run(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The README's Python runs as it stands, and prints something."""
    examples = [block for block in blocks("README.md") if block.language == "python"]
    assert examples
    for block in examples:
        exec(compile("\n".join(block.lines), "README.md", "exec"), {})
    assert capsys.readouterr().out


def test_the_demo_is_what_the_readme_shows() -> None:
    """The README's first example is the command that `make demo` runs."""
    first = next(block for block in blocks("README.md") if block.language == "console")
    assert first.lines[0] == f"$ analyzer check {demo('DEMO')} --site {demo('DEMO_SITE')}"


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_is_in_the_readme(name: str) -> None:
    """No command exists of which the README says nothing."""
    assert re.search(rf"\b{name}\b", README)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_is_explained(name: str) -> None:
    """--help tells what a command and each of its options does, and a page each long option of `check`."""
    command = COMMANDS[name]
    assert command.help
    for option in command.params:
        if isinstance(option, click.Option) and not option.hidden:
            assert option.help, f"{name} {option.opts}"
            if name == "analyzer check":
                assert any(f"`{option.opts[-1]}" in text for text in GUIDE.values()), option.opts


@pytest.mark.parametrize("page", PAGES)
def test_every_option_that_is_named_exists(page: str) -> None:
    """No option that a page names in code is unknown to every command."""
    known = {name for command in COMMANDS.values() for option in command.params for name in option.opts}
    for word in re.findall(r"`(--[a-z-]+)", GUIDE[page]):
        assert word in known | {"--help", "--version"}, word


def test_every_code_is_listed_and_explained() -> None:
    """Each code of a finding stands in the page's table, and no other, and `analyzer explain` tells of it."""
    table = GUIDE["notebooks/customer-pcap.md"].split("| code |")[1].split("\n\n")[0]
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
    """`make help` lists every target but those that make files, and no page names one that is not there."""
    phony = re.search(r"^\.PHONY: (.*)$", MAKEFILE, re.MULTILINE)
    assert phony
    explained = set(re.findall(r"^([a-z-]+):.*## ", MAKEFILE, re.MULTILINE))
    assert explained | {"types"} == set(phony[1].split())
    for page, text in GUIDE.items():
        code = " ".join(re.findall(r"`[^`\n]*`|^make .*$", text, re.MULTILINE))
        assert set(re.findall(r"\bmake ([a-z-]+)\b", code)) <= explained, page


def anchors(text: str) -> set[str]:
    """The anchors of a document's headings, as GitHub and GitLab make them."""
    plain = re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL)
    titles = re.findall(r"^#+ (.*)$", plain, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_link_leads_somewhere(document: str) -> None:
    """Each relative link and picture of a document is a file of the project, and its anchor a heading there."""
    here = ROOT / document
    for target in re.findall(r"\]\((?!https?://)([^)]+)\)", here.read_text(encoding="utf-8")):
        name, _, anchor = target.partition("#")
        there = (here.parent / name).resolve() if name else here
        assert there.is_file(), f"{document}: {target}"
        assert there.is_relative_to(ROOT), f"{document}: {target}"
        assert not anchor or anchor in anchors(there.read_text(encoding="utf-8")), f"{document}: {target}"


def test_each_page_is_linked_from_the_readme() -> None:
    """Who begins at the README finds every page."""
    for page in PAGES[1:]:
        assert f"]({page})" in README, page


def test_the_kinds_of_rules_are_those_that_there_are() -> None:
    """The page on rule packs lists each kind with its meaning."""
    told = dict(re.findall(r"^\| `([a-z-]+)` \| (.*) \|$", GUIDE["rules/README.md"], re.MULTILINE))
    assert {name: told.get(name) for name in KINDS} == {name: kind.meaning for name, kind in KINDS.items()}
