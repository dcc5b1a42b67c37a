"""Every code is explained."""

import ast
import string
from pathlib import Path

import pytest

import analyzer.judging
from analyzer.judging import explain
from analyzer.judging.codes import CODES

FOLDER = Path(analyzer.judging.__file__).parent


def test_every_code_that_judging_names_is_explained():
    """Each hyphenated word in the code that a finding or a flow could carry has an entry, and none is idle."""
    named = set()
    for path in FOLDER.rglob("*.py"):
        if path.name != "codes.py":
            tree = ast.parse(path.read_text())
            named |= {
                node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)
            }
    assert set(CODES) <= named


@pytest.mark.parametrize("code", sorted(CODES))
def test_an_entry_says_all_that_explain_prints(code):
    """Title with the two places that are filled in, meaning, look-alikes, blind spots, remedy."""
    entry = explain(code)
    assert {name for _, name, _, _ in string.Formatter().parse(entry.title) if name} <= {"host", "whom"}
    assert all(text.endswith(".") for text in (entry.meaning, entry.blind, entry.remedy))
    assert entry.rivals


def test_an_unknown_code_is_a_key_error():
    """The command line turns it into a usage error."""
    with pytest.raises(KeyError):
        explain("nonsense")
