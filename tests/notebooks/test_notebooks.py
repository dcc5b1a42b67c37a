import json
import os
import subprocess
import sys

import pytest


def notebooks(root):
    return sorted((root / "notebooks").glob("*.ipynb"))


def test_there_is_a_notebook(root):
    """The folder of notebooks holds one."""
    assert notebooks(root)


def test_notebooks_are_stored_without_outputs(root):
    """No notebook keeps what a run printed."""
    for path in notebooks(root):
        cells = json.loads(path.read_text())["cells"]
        assert [
            cell for cell in cells if cell["cell_type"] == "code" and (cell["outputs"] or cell["execution_count"])
        ] == []


@pytest.mark.parametrize("folder", [".", "notebooks"])
def test_notebooks_run(root, folder, tmp_path):
    """Every cell of every notebook runs, from the project's folder and from its own."""
    for path in notebooks(root):
        cells = json.loads(path.read_text())["cells"]
        code = "\n\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code")
        script = tmp_path / f"{path.stem}.py"
        script.write_text(code)
        environment = {**os.environ, "MPLBACKEND": "Agg", "MPLCONFIGDIR": str(tmp_path)}
        run = subprocess.run(
            [sys.executable, str(script)],
            cwd=root / folder,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert (run.returncode, run.stderr) == (0, "")
