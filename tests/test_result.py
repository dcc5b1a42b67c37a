import json

import jsonschema
import numpy as np
import pandas as pd
import pytest

from analyzer.exporting.jsonfile import SCHEMA_FILE
from analyzer.findings import Finding, Outcome, Rate
from analyzer.observations import Capture, Quality
from analyzer.result import FLOW_COLUMNS, Result, moment
from tests.builders.plant import FLOWS, conclusions, flow, healthy, observations, result, rule, verdicts

FLOW_COLUMNS_DOCUMENTED = [
    *("flow", "community_id", "start", "end", "proto", "orig_h", "orig_p", "resp_h", "resp_p"),
    *("orig_packets", "resp_packets", "orig_octets", "resp_octets", "conn_state", "history", "service"),
    *("server_name", "server_name_basis", "end_to_end", "pack", "rule", "verdict", "strength", "codes"),
]

SCHEMA = json.loads(SCHEMA_FILE.read_text())
CHECK = jsonschema.Draft202012Validator(SCHEMA)


def test_flows_have_the_documented_columns_in_order():
    """The columns of Result.flows are a promise."""
    assert FLOW_COLUMNS_DOCUMENTED == list(FLOW_COLUMNS) == list(result().flows.columns)


def test_flows_say_what_facts_and_verdicts_say():
    """A row holds the facts of its flow and its verdict, with times in UTC to the nanosecond."""
    frame = result().flows
    row = frame.iloc[2]
    assert list(range(len(FLOWS))) == frame["flow"].tolist()
    assert (row.orig_h, row.proto, row.verdict) == ("10.20.30.21", "tcp", "unexpected")
    assert row.codes == ("undocumented-name",)
    assert pd.Timestamp("2026-03-01T10:00:00.123456789", tz="UTC") == row.start
    assert str(frame.dtypes["end"]) == "datetime64[ns, UTC]"


def test_protocols_have_zeeks_words():
    """TCP, UDP and ICMP go by name, any other protocol by its number."""
    rows = [flow(proto=proto) for proto in (6, 17, 1, 58, 47)]
    made = Result(observations(rows), conclusions(flows=verdicts(["expected"] * 5)))
    assert made.flows["proto"].tolist() == ["tcp", "udp", "icmp", "icmp6", "47"]


def test_an_empty_result_keeps_its_columns_and_types():
    """Where nothing was seen, every table is there, empty, and the structure satisfies its schema."""
    made = Result(
        observations([], captures=(), quality=Quality()),
        conclusions(
            flows=verdicts([]), hosts=(), rules=(), findings=(), checklist=(), budgets=(), purposes=(), notes=()
        ),
    )
    assert list(made.flows.columns) == FLOW_COLUMNS_DOCUMENTED
    for name in ("flows", "findings", "rules", "hosts", "checklist", "captures", "bandwidth", "purposes"):
        assert getattr(made, name).empty
    CHECK.validate(made.to_dict())


@pytest.mark.parametrize("made", [result(), healthy()], ids=["faulty", "healthy"])
def test_the_structure_satisfies_the_strict_schema(made):
    """What result.json holds is what its schema says, and survives JSON."""
    structure = json.loads(json.dumps(made.to_dict(), allow_nan=False))
    CHECK.validate(structure)
    assert made.to_dict() == structure


def test_the_schema_is_strict():
    """Every object of the schema lists all its keys, needs them, and takes no other."""

    def objects(node):
        if isinstance(node, dict):
            if node.get("type") == "object":
                yield node
            node = list(node.values())
        if isinstance(node, list):
            for part in node:
                yield from objects(part)

    found = list(objects(SCHEMA))
    assert found
    for node in found:
        assert node["additionalProperties"] is False
        assert list(node["properties"]) == node["required"]


def test_numbers_that_json_cannot_hold_become_null():
    """A rate over no time at all is no number, and the file stays valid."""
    budget = conclusions().budgets[0]
    endless = Rate(float("nan"), float("inf"), 0.0, 0.0, 0.0, 0.0)
    made = result(budgets=(type(budget)("e", "edge", "", "", 0.0, 0.0, 0.25, endless, Outcome.NOT_OBSERVED),))
    CHECK.validate(made.to_dict())
    assert made.to_dict()["bandwidth"]["edges"][0]["upload"]["p50_bps"] is None


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        (result(), 1),
        (healthy(), 0),
        (result(rules=()), 0),
        (Result(observations([], captures=()), conclusions(rules=(), flows=verdicts([]))), 3),
        (
            Result(
                observations([], quality=Quality(unknown_link_frames=12_345)),
                conclusions(rules=(rule("r", Outcome.NOT_OBSERVED),), flows=verdicts([])),
            ),
            3,
        ),
    ],
    ids=["fails", "healthy", "no rules", "nothing captured", "nothing readable"],
)
def test_exit_code(made, expected):
    """1 where a rule fails, 3 where nothing could be read, else 0."""
    assert expected == made.exit_code


def test_tables_show_what_json_shows():
    """Each DataFrame has as many rows as its list in the structure."""
    made = result()
    structure = made.to_dict()
    for name in ("findings", "rules", "hosts", "checklist", "captures"):
        assert len(structure[name]) == len(getattr(made, name))
    assert len(structure["quality"]) - 1 == len(made.quality)
    assert len(made.bandwidth) == 3


def test_text_that_is_not_unicode_is_taken():
    """A path of octets that are no UTF-8, and such a name from a capture, reach tables and JSON as escapes."""
    capture = Capture("a\udc80.pcap", "pcap", 1, 60, 1, 1, cut=False, link_types=(), note="odd")
    made = Result(
        observations([flow(server_name="a\udcffb")], captures=(capture,)), conclusions(flows=verdicts(["expected"]))
    )
    assert made.flows["server_name"][0] == r"a\udcffb"
    assert made.to_dict()["captures"][0]["path"] == r"a\udc80.pcap"
    assert r"a\udc80.pcap: odd" in made.notes


def test_moments_are_exact():
    """Times before 1970 and fractions of a second keep every nanosecond."""
    assert moment(1) == "1970-01-01T00:00:00.000000001Z"
    assert moment(-1) == "1969-12-31T23:59:59.999999999Z"
    assert moment(np.iinfo(np.int64).max) == "2262-04-11T23:47:16.854775807Z"


def test_findings_keep_numpy_numbers_out_of_json():
    """Flow ids and frames that came from NumPy are plain integers in the structure."""
    given = {name: getattr(conclusions().findings[0], name) for name in Finding.__dataclass_fields__}
    made = result(findings=(Finding(**given | {"flows": (np.int64(2),)}),))
    assert json.dumps(made.to_dict()["findings"][0]["flows"]) == "[2]"
