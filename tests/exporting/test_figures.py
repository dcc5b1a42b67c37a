"""Figures of bandwidth: what is drawn is what was measured, the same files each time, and nothing of nothing."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree as ET

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib import dates
from matplotlib.colors import LogNorm, Normalize

import analyzer
from analyzer import sitefile
from analyzer.exporting import figures
from analyzer.planning import Request, Usage, parse, plan
from analyzer.planning.capacity import Interval
from analyzer.result import Result
from analyzer.sitefile import Site, SiteHost
from tests.builders.site import BEGIN, EDGE, GOOGLE, PUBLIC, STORE, UPLOADS, S, Scene

ROOT = Path(__file__).resolve().parents[2]
CAPTURE = ROOT / "captures" / "mm-clean.pcapng.gz"
HOSTILE = ("$x_1$ \\frac{a}{b}", "a\x1b[31m\nb", "\u202egnp.exe", "<b>&\"'</b>", "\u673a\u5e8a", "$$", "\\", "x" * 99)


def sends(scene, row, times_s, orig=0, resp=0):
    """A flow sends so many octets at each of these times, and nothing else."""
    scene.rows["rates"] = [rate for rate in scene.rows["rates"] if rate["flow"] != row]
    for time_s in times_s:
        scene.rows["rates"].append(
            {"flow": row, "start_ns": BEGIN + time_s * S, "orig_octets": orig, "resp_octets": resp}
        )
    count = len(times_s)
    scene.rows["flows"][row].update(orig_octets=orig * count, resp_octets=resp * count, start_ns=BEGIN)


def usage(duration_s=1200, machines=2, edges=1, names=(), classes=("focas", "standard"), upload=750):
    """Edges that poll machines each 20 s and upload each 10 s, half the time; one updates itself."""
    scene, hosts, number = Scene(duration_s), [], 0
    for at in range(edges):
        edge = f"10.7.{at}.10"
        hosts.append(SiteHost(f"edge-{at + 1}", "edge", (edge,)))
        for place in range(machines):
            machine, number = f"10.7.{at}.{20 + place}", number + 1
            name = names[place] if place < len(names) else f"m{number}"
            hosts.append(SiteHost(name, "machine", (machine,), machine_class=classes[place % len(classes)]))
            row = scene.poll(edge, machine)
            sends(scene, row, range(0, duration_s // (1 + place % 2), 20), 100, 300 // (place + 1))
        row = scene.tls(edge, PUBLIC, UPLOADS)
        sends(scene, row, range(0, duration_s // 2, 10), upload, 60)
    sends(scene, scene.tls(EDGE, "52.218.220.145", STORE), range(5, 65, 10), 5000, 90)
    site = Site(hosts=tuple(hosts))
    return Usage(Result(scene.seen(), scene.judged(site)))


@pytest.fixture(scope="module")
def built():
    """Twenty minutes of a FOCAS and a standard machine."""
    return usage()


@pytest.fixture(scope="module")
def vague():
    """The same with machines of unknown class."""
    return usage(classes=("",))


@pytest.fixture(scope="module")
def shipped():
    """A sample capture."""
    site = sitefile.load(ROOT / "captures" / "mm-clean.site.yaml")
    return Usage(analyzer.check([str(CAPTURE)], site=site))


def texts(figure):
    """All that stands in a figure."""
    figure.draw_without_rendering()
    return [found.get_text() for found in figure.findobj(mpl.text.Text) if found.get_text()]


def level(axes):
    """The heights of lines that go straight across."""
    return [
        line.get_ydata()[0] for line in axes.lines if len(set(line.get_ydata())) == 1 and len(line.get_xdata()) == 2
    ]


@pytest.mark.parametrize("source", ["built", "shipped"])
def test_steps_are_the_series(source, request):
    """Each step of the upload is a window of the series, at its time."""
    used = request.getfixturevalue(source)
    (key,) = used.keys("steady")
    values, edges, _ = figures.draw(used, "upload").axes[0].patches[0].get_data()
    series = used.series("steady", key, "up", 10.0)
    assert values.tolist() == (series / 1000).tolist()
    assert edges[0] == pytest.approx(dates.date2num(series.index[0].to_pydatetime()), abs=1e-9)
    assert np.diff(edges) == pytest.approx(10 / 86_400, abs=1e-9)


def test_the_mean_slides_over_the_windows_of_budgets(built):
    """The line is the mean of the five minutes before, at each second from the first five on."""
    (line,) = (line for line in figures.draw(built, "upload").axes[0].lines if len(line.get_xdata()) > 2)
    octets = built.octets("steady", "edge-1", "up")
    means = np.convolve(octets, np.ones(300), "valid") * 8 / 300 / 1000
    assert line.get_ydata() == pytest.approx(means)
    since_s = (line.get_xdata() - BEGIN / S / 86_400) * 86_400
    assert since_s[[0, -1]] == pytest.approx([300, 1201], abs=0.01)


def test_the_budget_and_its_tolerance_are_lines(built):
    """A FOCAS and a standard machine are granted 6 kbit/s, a quarter more is tolerated."""
    figure = figures.draw(built, "upload")
    assert level(figure.axes[0]) == [6, 7.5]
    assert {"budget 6", "+25%: 7.5", "10 s steps", "mean of the last 5 min", "edge-1"} <= set(texts(figure))


def test_a_budget_that_may_be_more_is_a_band(vague):
    """Machines of unknown class may be granted 2 or 10 kbit/s."""
    figure = figures.draw(vague, "upload")
    assert level(figure.axes[0]) == [2, 10, 12.5]
    assert "budget 2 to 10" in texts(figure)


def test_what_else_goes_up_is_apart(built):
    """Updates have a panel of their own: the uplink without the steady upload."""
    values, _, _ = figures.draw(built, "upload").axes[1].patches[0].get_data()
    rest = built.series("uplink", "uplink", "up", 10.0) - built.series("steady", "edge-1", "up", 10.0)
    assert values.tolist() == (rest / 1000).tolist()
    assert values[:7].tolist() == [4, 4, 4, 4, 4, 4, 0]


def test_where_nothing_else_goes_up_there_is_one_panel():
    """An empty panel tells nothing."""
    scene = Scene(600)
    scene.poll(EDGE, "10.7.0.21")
    scene.tls(EDGE, PUBLIC, UPLOADS)
    assert len(figures.draw(Usage(Result(scene.seen(), scene.judged())), "upload").axes) == 1


def test_many_edges_have_a_panel_each_up_to_four():
    """The others are counted, and what else goes up keeps its own panel."""
    figure = figures.draw(usage(edges=6, machines=1), "upload")
    assert [len(axes.patches) for axes in figure.axes] == [1] * 5
    assert "Steady upload against its budget; 2 Edges with less left out" in texts(figure)
    assert len(figures.draw(usage(edges=6, machines=1), "distribution").axes) == 4


@pytest.mark.parametrize("source", ["built", "shipped", "vague"])
def test_bars_are_the_rates(source, request):
    """One bar for what was measured, one that is called an estimate, and a mark of what is granted."""
    used = request.getfixturevalue(source)
    figure = figures.draw(used, "machines")
    (axes,) = figure.axes
    held = {one.host: one for one in used.result.conclusions.budgets if one.role == "machine"}
    measured, estimated = (bars.datavalues for bars in axes.containers)
    names = [label.get_text() for label in axes.get_yticklabels()]
    shown = [held[name.rpartition(" (")[0]] for name in names]
    assert len(shown) == len(held)
    assert measured.tolist() == [one.rate.mean_bps / 1000 for one in shown]
    assert estimated.tolist() == [one.estimate.mean_bps / 1000 for one in shown]
    assert all(bar.get_hatch() for bar in axes.containers[1])
    assert "estimate of its upload, which is encrypted: by its share of what is collected" in texts(figure)
    marks = [sorted({at for at, _ in np.vstack(lines.get_segments())}) for lines in axes.collections]
    expected = [[one.budget_bps / 1000] + [one.high_bps / 1000] * (one.high_bps > one.budget_bps) for one in shown]
    assert marks[:: 2 if source == "vague" else 1] == expected


def test_a_machine_without_estimate_has_none(built):
    """No bar and no number, where nothing was collected."""
    conclusions = built.result.conclusions
    kept = tuple(replace(one, estimate=None) for one in conclusions.budgets)
    used = Usage(Result(built.seen, replace(conclusions, budgets=kept)))
    figure = figures.draw(used, "machines")
    assert figure.axes[0].containers[1].datavalues.tolist() == [0, 0]
    assert [text.get_text() for text in figure.axes[0].texts[-3:]] == ["estimate", "", ""]


def test_many_machines_are_capped_and_counted():
    """Of 100 machines those with most are drawn, and it is said how many are not."""
    used = usage(machines=100)
    for name, most in (("machines", figures.MOST_MACHINES), ("heatmap", figures.MOST_ROWS)):
        axes = figures.draw(used, name).axes[0]
        assert len(axes.get_yticklabels()) == most
        assert f"{100 - most} machines with less left out" in axes.get_xlabel()
        assert axes.get_yticklabels()[0].get_text().startswith("m1")


def cells(figure):
    """The cells of a heatmap, silent ones masked."""
    return figure.axes[0].collections[0].get_array()


def test_cells_are_what_machine_and_edge_say_to_each_other(built):
    """Both ways, minute by minute; a silent cell has no colour."""
    held = cells(figures.draw(built, "heatmap"))
    for row, name in enumerate(("m1", "m2")):
        both = sum(built.series("pair", f"edge-1 ↔ {name}", way, 60.0) for way in ("up", "down"))
        assert held[row].filled(0).tolist() == (both / 1000).tolist()
    assert held.mask.sum(axis=1).tolist() == [0, 10]
    assert isinstance(figures.draw(built, "heatmap").axes[0].collections[0].norm, Normalize)


def test_a_machine_that_speaks_first_counts_as_well():
    """The pair may be called by the machine's name first."""
    scene = Scene(600)
    hosts = (SiteHost("edge-1", "edge", (EDGE,)), SiteHost("m1", "machine", ("10.7.0.21",)))
    sends(scene, scene.flow("10.7.0.21", EDGE, 5000), range(0, 600, 60), 100, 50)
    sends(scene, scene.poll(EDGE, "10.7.0.21"), range(0, 600, 60), 7, 3)
    used = Usage(Result(scene.seen(), scene.judged(Site(hosts=hosts))))
    assert used.keys("pair") == ["m1 ↔ edge-1"]
    assert cells(figures.draw(used, "heatmap")).sum() == pytest.approx(1600 * 8 / 10 / 1000)


def test_rates_far_apart_are_coloured_by_their_logarithm():
    """One loud machine leaves the differences of the others to be seen."""
    scene = Scene(1200)
    for place, octets in enumerate((1, 100_000)):
        sends(scene, scene.poll(EDGE, f"10.7.0.{21 + place}"), range(0, 1200, 60), octets, octets)
    mesh = figures.draw(Usage(Result(scene.seen(), scene.judged())), "heatmap").axes[0].collections[0]
    assert isinstance(mesh.norm, LogNorm)
    assert mesh.get_array().shape[0] == 2


@pytest.mark.parametrize("source", ["built", "shipped"])
def test_percentiles_are_those_of_the_table(source, request):
    """The marks of the distribution are the percentiles that the budget is judged by, as shares of it."""
    used = request.getfixturevalue(source)
    (budget,) = (one for one in used.result.conclusions.budgets if one.role == "edge")
    (axes,) = figures.draw(used, "distribution").axes
    long_s = used.windows_s[-1]
    for window_s, marks in zip((10.0, long_s), axes.lines[1:4:2], strict=True):
        rate = used.rate("steady", budget.host, "up", window_s)
        wanted = [bps / budget.budget_bps for bps in (rate.p50_bps, rate.p95_bps, rate.p99_bps)]
        assert marks.get_xdata().tolist() == wanted
        assert list(marks.get_ydata()) == [0.5, 0.95, 0.99]
    assert [line.get_xdata()[0] for line in axes.lines[4:]] == [1, 1, 1 + budget.tolerance]


def test_a_distribution_goes_from_none_to_all(built):
    """It never falls, begins at the lowest window and ends at the highest."""
    (axes,) = figures.draw(built, "distribution").axes
    shares, below = axes.lines[2].get_data()
    rate = built.rate("steady", "edge-1", "up", 300.0)
    assert (np.diff(shares) >= 0).all()
    assert (np.diff(below) > 0).all()
    assert (below[0], below[-1], shares[-1]) == (0, 1, rate.peak_bps / 6000)
    labels = [text.get_text() for text in axes.get_legend().get_texts()]
    told = f"p50 {rate.p50_bps / 6000:.0%}, p95 {rate.p95_bps / 6000:.0%}, p99 {rate.p99_bps / 6000:.0%}"
    assert labels[1] == f"5 min windows: {told}, peak {rate.peak_bps / 6000:.0%}"


def test_shares_of_a_budget_that_may_be_more_have_a_band(vague):
    """From 2 to 10 kbit/s is from one to five times the least."""
    (axes,) = figures.draw(vague, "distribution").axes
    assert [line.get_xdata()[0] for line in axes.lines[4:]] == [1, 5, 6.25]


def slopes(axes):
    """How much each line from end to end rises by machine, thin ones as well."""
    lines = (line.get_data() for line in axes.lines if len(line.get_xdata()) == 2)
    return sorted(round(float(y[1] / x[1]), 6) for x, y in lines if x[1] > x[0] and y[1] > y[0])


def crossings(axes):
    """Where lines fill the uplink."""
    return sorted(line.get_xdata()[0] for line in axes.lines if line.get_marker() == "X")


def test_a_plan_has_its_lines_its_point_and_where_it_fills_the_uplink(built):
    """40 standard and 10 FOCAS machines are granted 90 kbit/s; as measured they need less."""
    made = plan(built, parse("standard=40,focas=10", 150_000.0))
    figure = figures.draw(built, "plan", made)
    (axes,) = figure.axes
    measured = made.measured.p95.bps / 1000 / 50
    assert slopes(axes) == pytest.approx(sorted([1, 1.8, 5, measured]))
    points = {line.get_marker(): line.get_xydata()[0].tolist() for line in axes.lines if line.get_marker() in "os"}
    assert points == {"o": [50, pytest.approx(90)], "s": [50, made.measured.p95.bps / 1000]}
    free = (150_000 - made.other_bps) / 1000
    assert crossings(axes) == pytest.approx(sorted((free / 1.8, free / measured)))
    assert 50 + made.fits["standard"][0] == pytest.approx(50 + (free - 90) // 1)
    told = texts(figure)
    assert {"uplink 150", "50 planned", "measured p95", "document, 1.8 each", "any class, 5 each"} <= set(told)
    assert any("planned: 40 standard, 10 focas" in text for text in told)


def test_a_plan_of_unknown_classes_is_a_range(built):
    """Each machine may be granted 1 or 5 kbit/s."""
    figure = figures.draw(built, "plan", plan(built, parse("machines=30")))
    assert {"document, 1 each", "document, 5 each"} <= set(texts(figure))
    assert "Upload by number of machines\nplanned: 30 of unknown class" in texts(figure)


def test_a_plan_without_uplink_crosses_nothing(built):
    """What is not known is not drawn."""
    figure = figures.draw(built, "plan", plan(built, parse("standard=40")))
    assert crossings(figure.axes[0]) == []
    assert not any("uplink" in text for text in texts(figure))


def test_an_uplink_far_away_is_drawn_on_logarithmic_axes(built):
    """Both the plan and where it ends can be seen, and the axes say so."""
    figure = figures.draw(built, "plan", plan(built, parse("standard=40", 50e6)))
    (axes,) = figure.axes
    assert (axes.get_xscale(), axes.get_yscale()) == ("log", "log")
    assert max(crossings(axes)) < axes.get_xlim()[1]
    assert axes.get_xlabel().startswith("machines, logarithmic")


def test_an_uplink_that_is_full_already_is_not_crossed(built):
    """Where other traffic takes all of it, or its line lies at the bottom, the figure can still be drawn."""
    assert crossings(figures.draw(built, "plan", plan(built, parse("focas=40", 100.0))).axes[0]) == []
    assert len(crossings(figures.draw(built, "plan", plan(built, parse("focas=400", 9_000.0))).axes[0])) == 2


def test_an_interval_is_drawn_where_there_is_one(built):
    """Four windows are too few, which is said."""
    made = plan(built, parse("standard=40"))
    figure = figures.draw(built, "plan", made)
    assert "too few windows" in figure.axes[0].get_xlabel()
    sure = replace(made, measured=replace(made.measured, sure=True, p95=Interval(30e3, 20e3, 45e3)))
    (axes,) = figures.draw(built, "plan", sure).axes
    (spread,) = axes.collections[-1].get_segments()
    assert spread.tolist() == [[40, 20], [40, 45]]
    assert axes.get_xlabel() == "machines"


def test_nothing_measured_is_not_drawn_as_nothing_needed(built):
    """A plan without a measured need, or with one of 0, has the document's lines alone."""
    made = plan(built, parse("standard=40", 50e6))
    for measured in (None, replace(made.measured, p95=Interval(0.0, 0.0, 0.0))):
        figure = figures.draw(built, "plan", replace(made, measured=measured))
        assert "measured p95" not in texts(figure)
        assert len(crossings(figure.axes[0])) == 1


def test_without_an_edge_there_is_no_figure():
    """A site of which nothing is known but its browsers has nothing to draw."""
    scene = Scene(1200)
    scene.lookup("10.7.0.50", "example.com", PUBLIC)
    used = Usage(Result(scene.seen(), scene.judged()))
    assert [figures.draw(used, name) for name in figures.FIGURES] == [None] * 5


def test_without_machines_that_speak_there_is_no_figure_of_them(built):
    """Machines of which nothing was heard have neither bars nor cells."""
    conclusions = built.result.conclusions
    rateless = replace(conclusions.budgets[0].rate, mean_bps=0.0)
    kept = tuple(
        replace(one, rate=rateless, estimate=None, host="gone") for one in conclusions.budgets if one.role == "machine"
    )
    used = Usage(Result(built.seen, replace(conclusions, budgets=kept)))
    assert figures.draw(used, "machines") is None
    assert figures.draw(used, "heatmap") is None


def test_a_capture_of_seconds_has_no_figure_over_time():
    """Fewer than two steps, and no window, are no figure."""
    used = usage(duration_s=9)
    assert [figures.draw(used, name) for name in ("upload", "heatmap", "distribution")] == [None] * 3


def test_no_plan_has_no_figure(built):
    """Nor has a plan of no machines."""
    assert figures.draw(built, "plan") is None
    assert figures.draw(built, "plan", replace(plan(built, parse("standard=40")), request=Request())) is None


def test_another_name_is_a_key_error(built):
    """The names of FIGURES are all that there are."""
    with pytest.raises(KeyError):
        figures.draw(built, "pie")


@pytest.mark.parametrize("source", ["built", "shipped"])
def test_files_are_the_same_each_time(source, request, tmp_path):
    """Each figure is written as SVG and PNG, without a date, whatever the user's settings."""
    used = request.getfixturevalue(source)
    made = plan(used, parse("standard=40,focas=10", 2e6))
    paths = figures.write(used, made, tmp_path / "a" / "b")
    assert [path.name for path in paths] == [f"{name}.{kind}" for name in figures.FIGURES for kind in ("svg", "png")]
    with mpl.rc_context({"font.size": 20, "text.parse_math": True, "svg.hashsalt": None, "savefig.dpi": 30}):
        again = figures.write(used, made, tmp_path / "c")
    assert [path.read_bytes() for path in paths] == [path.read_bytes() for path in again]
    assert b"<dc:date>" not in paths[0].read_bytes()


def test_figures_of_nothing_are_not_written(built, tmp_path):
    """Without a plan there is no file of one."""
    assert {path.stem for path in figures.write(built, None, tmp_path)} == {*figures.FIGURES} - {"plan"}
    assert len(list(tmp_path.iterdir())) == 8


def test_hostile_names_are_only_text(tmp_path):
    """Nothing in a name is read as mathematics, breaks the SVG, or lacks a glyph."""
    used = usage(machines=len(HOSTILE), names=HOSTILE)
    figures.write(used, None, tmp_path)
    drawn = ["".join(node.itertext()) for node in ET.parse(tmp_path / "heatmap.svg").iter() if "text" in node.tag]
    shown = {"$x_1$ \\frac{a}{b}", "a\\x1b[31m\\nb", "\\u202egnp.exe", "<b>&\"'</b>", "\\u673a\\u5e8a", "$$", "\\"}
    assert shown <= set(drawn)
    assert any(text.startswith("xxxx") and "…" in text and len(text) < 30 for text in drawn)


def test_a_hostile_edge_is_only_text(tmp_path, built):
    """The names above panels and legends are as harmless."""
    conclusions = built.result.conclusions
    hosts = tuple(replace(one, host="$\\alpha$\x00") if one.host == "edge-1" else one for one in conclusions.hosts)
    kept = tuple(replace(one, host="$\\alpha$\x00") if one.host == "edge-1" else one for one in conclusions.budgets)
    used = Usage(Result(built.seen, replace(conclusions, hosts=hosts, budgets=kept)))
    figures.write(used, None, tmp_path)
    for name in ("upload", "distribution"):
        tree = ET.parse(tmp_path / f"{name}.svg")
        assert "$\\alpha$\\x00" in ["".join(node.itertext()) for node in tree.iter() if "text" in node.tag]


def test_many_cells_are_one_image(tmp_path):
    """An SVG does not grow with the cells."""
    used = usage(duration_s=7200, machines=60)
    figures.write(used, None, tmp_path)
    text = (tmp_path / "heatmap.svg").read_text(encoding="utf-8")
    assert "data:image/png;base64" in text
    assert len(text) < 200_000


def test_no_screen_is_asked_for():
    """Pyplot, which chooses a window system, is not imported."""
    code = "import sys; from analyzer.exporting import figures; print('matplotlib.pyplot' in sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert run.stdout == "False\n"


def test_lookups_go_up_beside_the_upload():
    """Names are not counted by budgets, and shown as what else goes up."""
    scene = Scene(600)
    scene.poll(EDGE, "10.7.0.21")
    scene.tls(EDGE, PUBLIC, UPLOADS)
    sends(scene, scene.lookup(EDGE, "api.machinemetrics.com", PUBLIC, resolver=GOOGLE), [100, 101], 60, 90)
    values, _, _ = figures.draw(Usage(Result(scene.seen(), scene.judged())), "upload").axes[1].patches[0].get_data()
    assert values.sum() == pytest.approx(120 * 8 / 10 / 1000)
