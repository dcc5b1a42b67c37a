"""A result is read back from the folder that --out wrote, and nothing else is taken for one."""

from __future__ import annotations

import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from analyzer import earlier, exporting
from analyzer.errors import SourceError
from tests.builders.plant import FINDING, FLOWS, RULES, result


@pytest.fixture
def folder(tmp_path):
    """The folder of a result."""
    exporting.write(result(), tmp_path)
    return tmp_path


def test_what_was_written_is_what_is_compared(folder):
    """A result and its files are the same to a comparison."""
    loaded, made = earlier.load(folder), earlier.of(result())
    assert loaded.told == made.told
    assert {name: list(cells) for name, cells in loaded.flows.items()} == made.flows
    assert set(made.flows) == set(earlier.COLUMNS)
    assert len(made.flows["verdict"]) == len(FLOWS)
    assert [found.title for found in made.told.findings] == [FINDING.title]
    assert [rule.rule for rule in made.told.rules] == [rule.rule for rule in RULES]


def damaged(folder, change):
    """The file result.json with one thing changed."""
    path = folder / "result.json"
    told = json.loads(path.read_text())
    change(told)
    path.write_text(json.dumps(told))


DAMAGE = {
    "other schema": (lambda told: told.update(schema="x\x1b"), r"result.json: expected schema .*, found 'x\\x1b'"),
    "no schema": (lambda told: told.pop("schema"), "expected schema .*, found None"),
    "a part is missing": (lambda told: told.pop("rules"), "result.json: rules: field required"),
    "an outcome that is none": (
        lambda told: told["rules"][0].update(outcome="well"),
        r"rules\.0\.outcome: input should",
    ),
    "a flow that is none": (lambda told: told["findings"][0].update(flows=["x"]), r"findings\.0\.flows\.0"),
    "a flow that is not there": (
        lambda told: told["findings"][0].update(flows=[99]),
        "names a flow that flows.parquet",
    ),
    "a flow before the first": (lambda told: told["findings"][0].update(flows=[-1]), "names a flow that flows.parquet"),
}


@pytest.mark.parametrize("kind", DAMAGE)
def test_a_damaged_result_is_one_line(folder, kind):
    """With the file and the place in it."""
    change, line = DAMAGE[kind]
    damaged(folder, change)
    with pytest.raises(SourceError, match=line) as caught:
        earlier.load(folder)
    assert str(caught.value).isprintable()


@pytest.mark.parametrize("text", [b"", b"{", b"[]", b"\xff\xfe", b"[" * 100_000, b"3"])
def test_what_is_no_json_of_ours_is_one_line(folder, text):
    """However it is broken."""
    (folder / "result.json").write_bytes(text)
    with pytest.raises(SourceError, match="expected the JSON that --out writes"):
        earlier.load(folder)


def test_files_that_are_missing_are_told(folder, tmp_path):
    """Each with its name."""
    with pytest.raises(SourceError, match=r"nowhere/result\.json: no result here"):
        earlier.load(tmp_path / "nowhere")
    (folder / "flows.parquet").unlink()
    with pytest.raises(SourceError, match=r"flows.parquet: is missing beside result.json"):
        earlier.load(folder)
    (folder / "result.json").unlink()
    (folder / "result.json").mkdir()
    with pytest.raises(SourceError, match="cannot be read: Is a directory"):
        earlier.load(folder)


def test_flows_that_are_no_flows_are_told(folder):
    """Not Parquet, without a column, with something else in it."""
    path = folder / "flows.parquet"
    whole = pq.read_table(path)
    for text in (b"", b"PAR1", path.read_bytes()[:-9]):
        path.write_bytes(text)
        with pytest.raises(SourceError, match=r"flows.parquet: cannot be read"):
            earlier.load(folder)
    pq.write_table(whole.drop_columns(["verdict"]), path)
    with pytest.raises(SourceError, match="column verdict is missing or holds something else"):
        earlier.load(folder)
    other = whole.drop_columns(["resp_p"]).append_column("resp_p", pa.array(["x"] * len(whole)))
    pq.write_table(other, path)
    with pytest.raises(SourceError, match="column resp_p is missing or holds something else"):
        earlier.load(folder)
    for cell in ("x", [[]], [None]):
        nested = whole.drop_columns(["codes"]).append_column("codes", pa.array([cell] * len(whole)))
        pq.write_table(nested, path)
        with pytest.raises(SourceError, match="column codes is missing or holds something else"):
            earlier.load(folder)
