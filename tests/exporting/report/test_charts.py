import base64
import subprocess
import sys
from dataclasses import replace

import pytest

from analyzer.exporting.report import charts
from analyzer.findings import Outcome
from tests.builders.plant import conclusions, result


def budgets(outcome):
    return tuple(replace(budget, outcome=outcome) for budget in conclusions().budgets)


def test_figures_are_svg_in_the_file_itself():
    """Each figure is a data URI of an SVG document, the same each time."""
    made = charts.charts(result())
    assert made
    assert charts.charts(result()) == made
    for chart in made:
        kind, _, data = chart.uri.partition(",")
        assert kind == "data:image/svg+xml;base64"
        assert b"<svg" in base64.b64decode(data)
        assert chart.caption


def test_a_figure_that_is_too_large_is_left_out(monkeypatch):
    """What would swell the report is not drawn into it."""
    monkeypatch.setattr(charts, "MOST_OCTETS", 100)
    assert charts.charts(result()) == []


@pytest.mark.parametrize("outcome", [Outcome.NOT_OBSERVABLE, Outcome.NOT_OBSERVED])
def test_a_capture_that_tells_of_no_budget_has_no_figures(outcome):
    """Where no budget is held against, nothing is drawn."""
    assert charts.charts(result(budgets=budgets(outcome))) == []


def test_the_command_line_does_not_load_what_only_a_report_needs():
    """Exporters are there without jinja2; it is loaded where a report is written."""
    code = "import sys, analyzer.exporting; print('jinja2' in sys.modules, 'matplotlib' in sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.split() == ["False", "False"]
