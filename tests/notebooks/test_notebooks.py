"""The notebooks run as they stand, on another capture as well, and are stored without what a run printed."""

from __future__ import annotations

import ast

import nbformat
import pytest
from nbclient import NotebookClient

import analyzer

NAMES = ("capacity-planning", "first-look")
MUST = {
    "first-look": ["requirements", "or else", "change", "Wireshark: ip.addr"],
    "capacity-planning": [
        "budget_bps",
        "software updates",
        "measured p95",
        "more machines that fit",
        "megabytes a month",
    ],
}
FIGURES = {"first-look": 0, "capacity-planning": 5}
OTHERS = {
    "first-look": ("mm-blocked.pcapng.gz", "skala-faults.pcapng", "mm-blocked.site.yaml", "skala-faults.site.yaml"),
    "capacity-planning": (
        "mm-capacity.pcapng.zst", "mm-clean.pcapng.gz", "mm-capacity.site.yaml", "mm-clean.site.yaml",
    ),
}  # fmt: skip


def stored(root, name):
    """A notebook as it is stored."""
    return nbformat.read(root / "notebooks" / f"{name}.ipynb", as_version=4)


def code(notebook):
    """The cells that run, magic left out."""
    cells = [cell.source for cell in notebook.cells if cell.cell_type == "code"]
    return ["\n".join(line for line in cell.splitlines() if not line.startswith("%")) for cell in cells]


def run(notebook, folder):
    """A notebook that has run in a folder: what it shows as text, and how many figures."""
    done = NotebookClient(notebook, timeout=120, resources={"metadata": {"path": str(folder)}}).execute()
    outputs = [output for cell in done.cells if cell.cell_type == "code" for output in cell.outputs]
    held = [output.get("data", {}) for output in outputs]
    text = "\n".join(str(data.get("text/plain", "")) for data in held)
    text += "\n".join(output.get("text", "") for output in outputs)
    return text, sum("image/png" in data for data in held)


@pytest.mark.parametrize("name", NAMES)
def test_they_run_from_their_folder(root, name):
    """Every cell runs, and what one reads for is there."""
    text, figures = run(stored(root, name), root / "notebooks")
    assert [part for part in MUST[name] if part not in text] == []
    assert figures == FIGURES[name]


@pytest.mark.parametrize("name", NAMES)
def test_one_cell_is_changed_for_another_capture(root, name):
    """From the project's folder, on another capture and its site file."""
    notebook = stored(root, name)
    capture, other, site, its = OTHERS[name]
    first = next(cell for cell in notebook.cells if cell.cell_type == "code")
    assert capture in first.source
    assert site in first.source
    first.source = first.source.replace(capture, other).replace(site, its)
    text, _ = run(notebook, root)
    assert MUST[name][0] in text


@pytest.mark.parametrize("name", NAMES)
def test_they_are_stored_without_outputs(root, name):
    """Nothing that a run printed is kept."""
    cells = [cell for cell in stored(root, name).cells if cell.cell_type == "code"]
    assert cells
    assert all(not cell.outputs and cell.execution_count is None for cell in cells)


@pytest.mark.parametrize("name", NAMES)
def test_they_use_public_names_only(root, name):
    """What a notebook asks of the package is promised."""
    trees = [ast.parse(cell) for cell in code(stored(root, name))]
    nodes = [node for tree in trees for node in ast.walk(tree)]
    asked = {
        node.attr
        for node in nodes
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "analyzer"
    }
    imported = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    assert asked
    assert asked <= set(analyzer.__all__)
    assert imported <= {"analyzer", "pandas"}


def test_every_notebook_is_tested(root):
    """None is left out here."""
    assert sorted(path.stem for path in (root / "notebooks").glob("*.ipynb")) == sorted(NAMES)
