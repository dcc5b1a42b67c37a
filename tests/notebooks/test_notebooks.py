"""The notebooks run as they stand, on another capture as well, and are stored without what a run printed."""

from __future__ import annotations

import ast
import re
import tempfile
from pathlib import Path

import nbformat
import psutil
import pytest
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from traitlets.config import Config

import analyzer

NAMES = ("capacity-planning", "first-look")
MUST = {
    "first-look": {
        "outcomes": ["fails", "not_observable"],
        "quality": ["effect"],
        "findings": ["severity", "syn-refused"],
        "findings-in-full": ["quote", "seen", "or else", "change", "filter  (ip.addr =="],
        "rules": ["Required Outbound Ports"],
        "rules-that-fail": ["mm-std-edge-uploads"],
        "rules-not-observable": ["what would tell"],
        "flows-by-verdict": ["blocked", "expected"],
        "one-flow": ["community_id", "conn_state", "verdict"],
        "one-flow-frames": ["Wireshark: ip.addr ==", "first", "last"],
        "one-flow-findings": ["F1"],
    },
    "capacity-planning": {
        "budgets": ["budget_bps", "edge-1", "holds"],
        "windows": ["window_s", "p95_bps"],
        "busiest": ["kbit/s", "edge-1"],
        "purposes": ["software updates"],
        "plan-documented": ["upload, any class"],
        "plan-measured": ["measured p95", "interval"],
        "fits": ["as measured", "years until full"],
        "what-if": ["plan x 10", "% of uplink"],
        "month": ["megabytes a month"],
    },
}
FIGURES = {
    "first-look": [],
    "capacity-planning": [f"{name}-figure" for name in ("upload", "machines", "distribution", "heatmap", "plan")],
}
SAMPLE = {"first-look": "mm-blocked.pcapng.gz", "capacity-planning": "mm-capacity.pcapng.zst"}
OTHERS = [
    ("first-look", "skala-faults.pcapng", "dhcp"),
    ("first-look", "mm-intercepted.pcapng.gz", "certificate-forged"),
    ("first-look", "office.pcapng", "not_judged"),
    ("capacity-planning", "mm-clean.pcapng.gz", "megabytes a month"),
]
NUMBERS = re.compile(
    r"\d|\b(two|three|four|five|six|seven|eight|nine|ten|twelve|twenty|thirty|fifty|hundred|thousand|half|quarter|fifth)\b"
)


@pytest.fixture(autouse=True)
def apart(monkeypatch, tmp_path):
    """Kernels keep what they write away from the user's own folders."""
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path))


def stored(root, name):
    """A notebook as it is stored."""
    return nbformat.read(root / "notebooks" / f"{name}.ipynb", as_version=4)


def cells(notebook, kind):
    """The cells of a kind."""
    return [cell for cell in notebook.cells if cell.cell_type == kind]


def code(notebook):
    """The cells that run, as trees, magic left out."""
    sources = [cell.source.splitlines() for cell in cells(notebook, "code")]
    return [ast.parse("\n".join(line for line in lines if not line.startswith("%"))) for lines in sources]


def run(notebook, folder):
    """What each cell of a notebook shows as text when it runs in a folder, and the cells that show a figure.

    The kernel is spoken to by sockets in a folder, so that no two tests meet on a port.
    """
    with tempfile.TemporaryDirectory(prefix="nb-") as sockets:
        manager = {"transport": "ipc", "connection_file": str(Path(sockets) / "k.json")}
        where = {"metadata": {"path": str(folder)}}
        config = Config({"KernelManager": manager})
        done = NotebookClient(notebook, timeout=120, config=config, resources=where).execute()
    texts, figures = {}, []
    for cell in cells(done, "code"):
        assert [output for output in cell.outputs if output.get("name") == "stderr"] == []
        held = [output.get("data", {}) for output in cell.outputs]
        told = [output.get("text", "") for output in cell.outputs]
        texts[cell.id] = "\n".join([*told, *(data.get("text/plain", "") for data in held)])
        figures += [cell.id for data in held if "image/png" in data]
    return texts, figures


def pointed(notebook, name, capture, *, site):
    """A notebook whose first cell that runs names another capture, and its site file or none."""
    first = cells(notebook, "code")[0]
    stem = SAMPLE[name].split(".", maxsplit=1)[0]
    known, place = f'here / "captures" / "{stem}.site.yaml"', f"{capture.split('.', maxsplit=1)[0]}.site.yaml"
    assert SAMPLE[name] in first.source
    assert known in first.source
    first.source = first.source.replace(SAMPLE[name], capture)
    first.source = first.source.replace(known, f'here / "captures" / "{place}"' if site else "None")
    return notebook


@pytest.mark.parametrize("name", NAMES)
def test_they_run_from_their_folder(root, name):
    """Every cell runs, says what one reads it for, and leaves no kernel behind."""
    texts, figures = run(stored(root, name), root / "notebooks")
    missing = [(cell, part) for cell, parts in MUST[name].items() for part in parts if part not in texts[cell]]
    assert missing == []
    assert figures == FIGURES[name]
    assert [
        child for child in psutil.Process().children(recursive=True) if "ipykernel" in " ".join(child.cmdline())
    ] == []


@pytest.mark.parametrize(("name", "capture", "part"), OTHERS)
def test_one_cell_is_changed_for_another_capture(root, name, capture, part):
    """From the project's folder, on another capture and its site file."""
    texts, _ = run(pointed(stored(root, name), name, capture, site=True), root)
    assert part in "\n".join(texts.values())


def test_a_capture_without_flows_and_site_is_looked_at(root, tmp_path):
    """Tables that are empty stop no cell."""
    (tmp_path / "captures").mkdir()
    header = bytes.fromhex("d4c3b2a1 0200 0400 00000000 00000000 ffff0000 01000000")
    (tmp_path / "captures" / "nothing.pcap").write_bytes(header)
    texts, _ = run(pointed(stored(root, "first-look"), "first-look", "nothing.pcap", site=False), tmp_path)
    assert "grade: empty" in texts["captures"]


def test_without_a_budget_the_usage_is_shown_and_the_plan_says_why(root):
    """A document that grants no upload stops at the plan, in words."""
    notebook = pointed(stored(root, "capacity-planning"), "capacity-planning", "skala-clean.pcapng.zst", site=False)
    with pytest.raises(CellExecutionError, match="no budget for uploads") as stopped:
        run(notebook, root / "notebooks")
    assert "plan = analyzer.plan" in str(stopped.value)


@pytest.mark.parametrize("name", NAMES)
def test_they_are_stored_without_outputs(root, name):
    """Nothing that a run printed is kept, cells keep their names, and any Python runs them."""
    notebook = stored(root, name)
    held = cells(notebook, "code")
    assert held
    assert all(not cell.outputs and cell.execution_count is None for cell in held)
    assert all(re.fullmatch("[a-z]+(-[a-z]+)*", cell.id) for cell in notebook.cells)
    assert len({cell.id for cell in notebook.cells}) == len(notebook.cells)
    assert notebook.metadata == {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }


@pytest.mark.parametrize("name", NAMES)
def test_they_use_public_names_only(root, name):
    """What a notebook asks of the package is promised, in code and in prose; nothing else is needed but pandas."""
    notebook = stored(root, name)
    nodes = [node for tree in code(notebook) for node in ast.walk(tree)]
    attributes = [node for node in nodes if isinstance(node, ast.Attribute)]
    asked = {node.attr for node in attributes if isinstance(node.value, ast.Name) and node.value.id == "analyzer"} | {
        word for cell in cells(notebook, "markdown") for word in re.findall(r"`analyzer\.(\w+)", cell.source)
    }
    imported = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    imported |= {node.module for node in nodes if isinstance(node, ast.ImportFrom)}
    assert asked
    assert asked <= set(analyzer.__all__)
    assert imported <= {"analyzer", "pandas", "pathlib", "textwrap"}
    assert [node.attr for node in attributes if re.match("_[^_]", node.attr)] == []


@pytest.mark.parametrize("name", NAMES)
def test_figures_come_from_cells(root, name):
    """No number stands in prose, where it would go stale, and no path of somebody's own machine anywhere."""
    notebook = stored(root, name)
    prose = [re.sub("`[^`]*`", "", cell.source) for cell in cells(notebook, "markdown")]
    assert [found[0] for text in prose for found in NUMBERS.finditer(text.lower())] == []
    sources = "\n".join(cell.source for cell in notebook.cells)
    assert re.findall(r"""["'`](?:/|~|[A-Za-z]:\\)|https?://|/(?:home|work|Users|tmp)/""", sources) == []


def test_every_notebook_is_tested(root):
    """None is left out here."""
    assert sorted(path.stem for path in (root / "notebooks").glob("*.ipynb")) == sorted(NAMES)
