"""The package offers its public names, and imports what they need only then."""

import subprocess
import sys
from pathlib import Path

import pytest

import analyzer

ROOT = Path(__file__).resolve().parent.parent


@pytest.mark.parametrize("name", analyzer.__all__)
def test_public_names_are_there(name):
    """Each public name leads to something that has a docstring."""
    assert getattr(analyzer, name).__doc__


def test_other_names_are_not():
    """A name that is not public is an AttributeError, as from any module."""
    with pytest.raises(AttributeError, match="no_such_name"):
        analyzer.no_such_name  # noqa: B018  it is the access that raises


def test_the_package_alone_imports_nothing_heavy():
    """Importing the package loads no library but the standard one."""
    code = "import sys, analyzer; print(*sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert not {"numpy", "pandas", "numba", "click"} & set(run.stdout.split())
