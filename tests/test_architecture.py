"""The code is built as ARCHITECTURE.md says: its tables are read here."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "analyzer"
MODULES = sorted(PACKAGE.rglob("*.py"))
WRITTEN = sorted(path for folder in ("analyzer", "captures", "tests") for path in (ROOT / folder).rglob("*.py"))

MODULE_LINES, FUNCTION_LINES, KERNEL_LINES = 400, 40, 80
DATA_MODULES = {"analyzer/iana.py"}  # the registries, written down

WITHOUT_TEST = {
    "analyzer/settings.py": "plain data",
    "analyzer/watching/limits.py": "plain data",
    "analyzer/watching/picture.py": "plain data",
}

VAGUE = {"util", "utils", "helper", "helpers", "common", "misc", "manager", "managers", "lib", "core", "base", "tools"}

TEXT = {"", ".py", ".md", ".yaml", ".yml", ".toml", ".json", ".txt", ".csv", ".cfg", ".ini", ".sh", ".ipynb"}
TEXT |= {".css", ".jinja", ".js"}


def table(heading: str) -> dict[str, set[str]]:
    """A table of ARCHITECTURE.md: each name of its first column, and the set of its second."""
    lines = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8").splitlines()
    at = lines.index(next(line for line in lines if line.startswith(f"| {heading} |")))
    found: dict[str, set[str]] = {}
    for line in lines[at + 2 :]:
        if not line.startswith("|"):
            break
        names, values = (cell.strip() for cell in line.strip("|").split("|"))
        for name in names.split(", "):
            assert name not in found, f"{name} stands twice"
            found[name] = set() if values == "nothing" else set(values.split(", "))
    return found


PARTS = table("part")
DOORS = table("library")


def called(path: Path) -> str:
    """A file's path from the project's folder on."""
    return path.relative_to(ROOT).as_posix()


def part_of(path: Path) -> str:
    """The part of `analyzer` that a module belongs to."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imported(path: Path) -> Iterator[tuple[int, str]]:
    """Line and dotted name of everything that a module imports, wherever in it."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{called(path)}:{node.lineno}: imports are written out from analyzer on"
            yield from ((node.lineno, f"{node.module}.{alias.name}") for alias in node.names)


def functions(path: Path) -> Iterator[tuple[str, int, int]]:
    """Name, line and length of every function of a module, without its decorators."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert node.end_lineno is not None
            yield node.name, node.lineno, node.end_lineno - node.lineno + 1


def texts() -> Iterator[tuple[Path, str]]:
    """Every text file that belongs to the project."""
    folders = ("analyzer", "captures", "notebooks", "rules", "tests", ".ci")
    inside = (path for folder in folders for path in (ROOT / folder).rglob("*"))
    for path in sorted((*inside, *ROOT.glob("*"))):
        if path.is_file() and path.suffix in TEXT and "__pycache__" not in path.parts:
            yield path, path.read_text(encoding="utf-8")


@pytest.mark.parametrize("path", MODULES, ids=called)
def test_a_part_imports_only_what_its_row_names(path: Path) -> None:
    """No module of a part imports another part that its row in ARCHITECTURE.md does not name."""
    if path == PACKAGE / "__init__.py":
        pytest.skip("re-exports the public names")
    part = part_of(path)
    assert part in PARTS, f"{part} has no row in ARCHITECTURE.md"
    allowed = PARTS[part] | {part}
    wrong = [
        f"{called(path)}:{line}: {name}"
        for line, name in imported(path)
        if name.startswith("analyzer.") and name.split(".")[1] not in allowed
    ]
    assert wrong == []


@pytest.mark.parametrize("path", MODULES, ids=called)
def test_a_library_is_imported_at_its_door(path: Path) -> None:
    """No module imports a library whose door, as ARCHITECTURE.md has it, is another part."""
    wrong = [
        f"{called(path)}:{line}: {name}"
        for line, name in imported(path)
        if (library := name.split(".")[0]) in DOORS and part_of(path) not in DOORS[library]
    ]
    assert wrong == []


def test_every_library_has_a_door() -> None:
    """A library that is neither the standard one nor NumPy has a row in ARCHITECTURE.md."""
    own = {"analyzer", "numpy", *DOORS, *sys.stdlib_module_names}
    strangers = {name.split(".")[0] for path in MODULES for _, name in imported(path)} - own
    assert strangers == set()


def test_the_tables_name_only_what_is_there() -> None:
    """Every part that ARCHITECTURE.md names is a module or folder, and so is every part that a row allows."""
    there = {part_of(path) for path in MODULES} - {"__init__"}
    assert there == set(PARTS)
    assert set[str]().union(*PARTS.values(), *DOORS.values()) <= there


def test_parts_do_not_import_each_other_in_a_circle() -> None:
    """Parts can be put in an order in which each imports only what stands before it."""
    left, placed = dict(PARTS), set[str]()
    while left:
        ready = {part for part, needs in left.items() if needs <= placed}
        assert ready, f"a circle among {sorted(left)}"
        placed |= ready
        left = {part: needs for part, needs in left.items() if part not in ready}


@pytest.mark.parametrize("path", MODULES, ids=called)
def test_a_module_has_its_test_file(path: Path) -> None:
    """analyzer/x/y.py is tested by tests/x/test_y.py."""
    if path.name == "__init__.py" or called(path) in WITHOUT_TEST:
        return
    test = ROOT / "tests" / path.relative_to(PACKAGE).with_name(f"test_{path.name}")
    assert test.is_file(), f"no {called(test)}"


def test_exceptions_are_still_needed() -> None:
    """No module that is excused from a rule has left or come to obey it."""
    for name in WITHOUT_TEST:
        path = ROOT / name
        assert path.is_file()
        assert not (ROOT / "tests" / path.relative_to(PACKAGE).with_name(f"test_{path.name}")).exists()
    for name in DATA_MODULES:
        assert len((ROOT / name).read_text(encoding="utf-8").splitlines()) > MODULE_LINES


@pytest.mark.parametrize("path", MODULES, ids=called)
def test_modules_and_functions_are_short(path: Path) -> None:
    """A module has at most 400 lines, a function 40, a kernel 80."""
    lines = len(path.read_text(encoding="utf-8").splitlines())
    assert lines <= MODULE_LINES or called(path) in DATA_MODULES
    most = KERNEL_LINES if part_of(path) == "kernels" else FUNCTION_LINES
    long = [f"{called(path)}:{line}: {name}: {length}" for name, line, length in functions(path) if length > most]
    assert long == []


def test_names_of_modules_say_something() -> None:
    """No module is named like one of the standard library, or for holding what fits nowhere else."""
    names = {called(path): path.stem if path.stem != "__init__" else path.parent.name for path in WRITTEN}
    vague = {path for path, name in names.items() if VAGUE & set(name.split("_"))}
    assert vague == set()
    shadowing = {called(path) for path in MODULES if path.parent == PACKAGE and path.stem in sys.stdlib_module_names}
    assert shadowing == set()


def test_every_module_opens_with_a_sentence() -> None:
    """The first line of each module says what it turns into what."""
    silent = [called(path) for path in MODULES if not ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))]
    assert silent == []


def test_no_path_of_a_machine_is_written_down() -> None:
    """No file names an absolute path that only one person's machine has."""
    personal = "|".join(("wo" + "rk", "ro" + "ot", r"home/\w+", r"Users/\w+"))
    homes = re.compile(rf"(?<![\w.*>/-])/(?:{personal})(?=/)")
    found = [f"{called(path)}: {hit.group()}" for path, text in texts() for hit in homes.finditer(text)]
    assert found == []


def test_no_package_registry_is_named() -> None:
    """Only the row of a vendor's document that names a package index, and its transcript, name one."""
    registries = re.compile("|".join(("py" + r"pi\.(?:org|python)", "python" + "hosted", "npm" + r"js\.(?:org|com)")))
    allowed = {"rules/skala.yaml", "rules/skala-network-requirements.txt"}
    found = {called(path) for path, text in texts() if registries.search(text)}
    assert found <= allowed


def test_help_needs_no_heavy_library() -> None:
    """The command line is imported without what only its commands need, so that --help answers at once."""
    code = "import sys, analyzer.cli; print(*{name.split('.')[0] for name in sys.modules})"
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    heavy = {
        "numpy",
        "numba",
        "pandas",
        "pyarrow",
        "matplotlib",
        "scapy",
        "prometheus_client",
        "pyshark",
        "rich",
        "pydantic",
        "ruamel",
        "jinja2",
        "cryptography",
    }
    assert heavy & set(run.stdout.split()) == set()
