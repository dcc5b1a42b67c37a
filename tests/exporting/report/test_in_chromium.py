"""The report in a real browser: it runs nothing but its own script, asks for nothing, and can be used by everybody."""

from __future__ import annotations

import base64
import functools
import shutil
from pathlib import Path

import pytest

from analyzer import api
from analyzer.exporting.report import document
from analyzer.result import Result
from analyzer.sitefile import load
from tests.builders import hostile
from tests.builders.plant import START_NS, conclusions, flow, healthy, observations, result, verdicts

ROOT = Path(__file__).resolve().parents[3]
CAPTURES = {path.name.split(".")[0]: path for path in sorted((ROOT / "captures").iterdir()) if ".pcap" in path.name}
INSIDE, OUTSIDE = "mm-intercepted", "mm-intercepted-outside"

FLAGS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip
SIZES = {"phone": (390, 844), "laptop": (1440, 900)}
WATCH = """
window.seen = [];
for (const name of ["alert", "confirm", "prompt", "open"]) window[name] = (...said) => seen.push(`${name} ${said}`);
document.addEventListener("securitypolicyviolation", (event) => seen.push(`policy ${event.violatedDirective}`));
"""

MANY = 100_000
SLOW_MS = 2_000
"""What a step over 100 000 flows may take on a machine that others use too; it takes some fifty here."""


@pytest.fixture(scope="module")
def chromium():
    """One browser for all tests of this module: Playwright's loop must not outlive it, for others run their own."""
    with pytest.importorskip("playwright.sync_api").sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), headless=True, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def opened(needs_program, request, tmp_path):
    """To be called with a result, and what the page is to be like; ends with nothing run, said or asked for."""
    needs_program("chromium")
    browser = request.getfixturevalue("chromium")
    contexts, said = [], []

    def open_one(made, size="laptop", **kind):
        target = tmp_path / "report.html"
        target.write_text(document.text(made), encoding="utf-8")
        wide, high = SIZES[size]
        context = browser.new_context(viewport={"width": wide, "height": high}, **kind)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(15_000)
        page.add_init_script(WATCH)
        page.on("console", lambda message: said.append(f"console {message.text}"))
        page.on("pageerror", lambda error: said.append(f"error {error}"))
        page.on("dialog", lambda dialog: said.append(f"dialog {dialog.message}"))
        page.on("popup", lambda popup: said.append(f"popup {popup.url}"))
        page.on(
            "request", lambda asked: asked.url.startswith(("file:", "data:")) or said.append(f"request {asked.url}")
        )
        page.goto(target.as_uri())
        page.seen = said
        return page

    yield open_one
    for context in contexts:
        for page in context.pages:
            said.extend(page.evaluate("window.seen ?? []"))
        context.close()
    assert said == []


@functools.cache
def checked(name):
    """The result of a sample capture, with its site file."""
    path = CAPTURES[name]
    site = path.with_name(f"{name}.site.yaml")
    return api.check([str(path)], site=load(str(site)))


@pytest.fixture(scope="module")
def faults():
    return checked("mm-faults")


@pytest.fixture(scope="module")
def crowd():
    """A result of 100 000 flows."""
    rows = [
        flow(
            orig_p=1024 + number % 60_000,
            resp_p=(443, 53, 123, 7422)[number % 4],
            resp_h=f"203.0.{number % 113}.{number % 251}",
            server_name=f"host-{number % 997}.example",
            start_ns=START_NS + number * 1_000_000,
            orig_octets=number * 7_919 % 100_003,
        )
        for number in range(MANY)
    ]
    words = ["expected", "unexpected", "blocked", "not_judged", "expected"]
    return Result(observations(rows), conclusions(flows=verdicts([words[n % len(words)] for n in range(MANY)])))


def serious(page):
    """What axe-core finds of serious or critical faults, in short."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    found = axe.run(page).response["violations"]
    return [
        (fault["id"], [node["html"][:200] for node in fault["nodes"]][:3])
        for fault in found
        if fault["impact"] in ("serious", "critical")
    ]


def listed(page, column):
    """The cells of a column of the flow table from top to bottom, scrolled through as a reader would."""
    found = {}
    page.evaluate("document.querySelector('#scroll').scrollTop = 0")
    while True:
        page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
        rows = page.evaluate(
            """(column) => {
              const heads = [...document.querySelectorAll("#grid th")];
              const at = heads.findIndex((head) => head.classList.contains(column));
              return [...document.querySelectorAll("#grid tbody tr[aria-rowindex]")]
                .map((row) => [Number(row.getAttribute("aria-rowindex")), row.cells[at].textContent]);
            }""",
            column,
        )
        found |= dict(rows)
        bottom = page.evaluate("(s => (s.scrollTop += 400, s.scrollTop + s.clientHeight >= s.scrollHeight - 1))"
                               "(document.querySelector('#scroll'))")  # fmt: skip
        if bottom and found.keys() >= set(range(2, page.evaluate("Number(grid.getAttribute('aria-rowcount'))") + 1)):
            return [found[index] for index in sorted(found)]


@pytest.mark.parametrize("name", CAPTURES)
def test_the_report_of_each_sample_capture_is_sound(opened, name):
    """No console message, no request, no breach of the policy, no serious fault of access; all flows are there."""
    made = checked(name)
    page = opened(made)
    assert serious(page) == []
    assert page.locator("h1").inner_text() in document.contents(made)["headline"]
    assert page.evaluate("Number(grid.getAttribute('aria-rowcount'))") == len(made.flows) + 1
    assert page.evaluate("[...document.images].every((image) => image.complete && image.naturalWidth > 0)")


@pytest.mark.parametrize(("name", "size"), [("mm-blocked", "phone"), ("hostile", "phone"), ("mm-faults", "laptop")])
def test_nothing_is_wider_than_the_screen(opened, name, size):
    """On a phone and on a laptop the page never scrolls sideways; in the dark, colours keep their contrast."""
    page = opened(hostile.result() if name == "hostile" else checked(name), size, color_scheme="dark")
    assert page.evaluate("document.documentElement.scrollWidth") <= SIZES[size][0]
    assert serious(page) == []


def test_two_taps_have_their_section(opened):
    """The report of a comparison tells what became of the flows between the taps."""
    made = api.compare(
        [str(CAPTURES[INSIDE])], [str(CAPTURES[OUTSIDE])], site=load(str(ROOT / f"captures/{INSIDE}.site.yaml"))
    )
    page = opened(made)
    assert "opened between the taps" in page.locator("#taps").inner_text()
    assert serious(page) == []


@pytest.mark.parametrize(
    ("column", "key"),
    [
        ("flow", lambda row: row.flow),
        ("verdict", lambda row: ("unexpected", "expected", "not_judged").index(row.verdict)),
        ("server_name", lambda row: row.server_name),
        ("service", lambda row: row.service),
        ("rule", lambda row: row.rule),
        ("orig_octets", lambda row: row.orig_octets),
        ("start", lambda row: row.start.value // 1_000_000),
        ("orig", lambda row: (*map(int, row.orig_h.split(".")), row.orig_p)),
        ("resp", lambda row: (*map(int, row.resp_h.split(".")), row.resp_p)),
    ],
)
def test_a_click_on_a_head_sorts_by_it(opened, faults, column, key):
    """Rows stand in the order of the column's values, numbers as numbers, and backwards after another click."""
    page = opened(faults)
    rows = sorted(faults.flows.itertuples(index=False), key=key)
    head = page.locator(f"#grid th.{column}")
    if column != "flow":
        head.locator("button").click()
    assert head.get_attribute("aria-sort") == "ascending"
    assert listed(page, "flow") == [str(row.flow) for row in rows]
    head.locator("button").click()
    assert head.get_attribute("aria-sort") == "descending"
    backwards = sorted(rows, key=lambda row: row.flow)
    assert listed(page, "flow") == [str(row.flow) for row in sorted(backwards, key=key, reverse=True)]
    assert page.locator("#grid th[aria-sort=none]").count() == page.locator("#grid th").count() - 1


def test_search_and_filters_narrow_together(opened, faults):
    """What is typed has to be in a row, ports as whole numbers, and what is chosen has to be as chosen."""
    page, flows = opened(faults), faults.flows
    page.fill("#search", "balena 443")
    page.press("#search", "Enter")
    wanted = flows[flows["server_name"].str.contains("balena") & (flows["resp_p"] == 443)]
    assert len(wanted) > 1
    assert listed(page, "flow") == [str(flow) for flow in wanted["flow"]]
    page.select_option("#verdict-is", label=f"unexpected ({(flows['verdict'] == 'unexpected').sum()})")
    both = wanted[wanted["verdict"] == "unexpected"]
    assert listed(page, "flow") == [str(flow) for flow in both["flow"]]
    assert page.locator("#status").inner_text().startswith(f"{len(both)} of {len(flows)} flows")
    page.fill("#search", "no such thing")
    page.press("#search", "Enter")
    assert listed(page, "flow") == []


def test_a_finding_leads_to_its_flows(opened, faults):
    """The link of a finding shows its flows and no other; a button shows all again."""
    page, finding = opened(faults), faults.conclusions.findings[0]
    page.locator(f"#finding-{finding.id} [data-flows]").click()
    assert listed(page, "flow") == [str(flow) for flow in sorted(finding.flows)]
    page.get_by_role("button", name=f"Only those of {finding.id}").click()
    assert len(listed(page, "flow")) == len(faults.flows)


def test_the_keyboard_does_all(opened, faults):
    """The first stop skips to the report; in the table arrows walk rows, Enter opens one, and focus is never lost."""
    page = opened(faults)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
    page.focus("#scroll")
    for _ in range(page.locator("#grid th").count() + 1):
        page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "0"
    for key, flow_id in (("ArrowDown", "1"), ("PageDown", "16"), ("End", "46"), ("ArrowUp", "45"), ("Home", "0")):
        page.keyboard.press(key)
        page.wait_for_timeout(60)
        assert page.evaluate("document.activeElement.textContent") == flow_id, key
        assert page.evaluate("document.activeElement.matches(':focus-visible')")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "detail"
    assert page.locator("#detail-title").inner_text().startswith("Flow 1: ")
    page.locator("#grid th.server_name button").focus()
    page.keyboard.press("Space")
    assert page.locator("#grid th.server_name").get_attribute("aria-sort") == "ascending"


def test_the_filter_of_a_flow_is_its_own(opened, faults):
    """The details of a flow hold a display filter with its two ends, and copy it."""
    page = opened(faults, permissions=["clipboard-read", "clipboard-write"])
    page.fill("#search", "hooks.acme-mes.example")
    page.press("#search", "Enter")
    page.locator("#grid tbody button").first.click()
    row = faults.flows[faults.flows["server_name"] == "hooks.acme-mes.example"].iloc[0]
    wanted = (
        f"ip.addr == {row.orig_h} && ip.addr == {row.resp_h} && tcp.port == {row.orig_p} && tcp.port == {row.resp_p}"
    )
    assert page.locator("#detail code").inner_text() == wanted
    page.locator("#detail [data-copy]").click()
    page.locator("#detail [data-copy]", has_text="Copied").wait_for()
    assert page.evaluate("navigator.clipboard.readText()") == wanted


def test_paper_has_what_is_folded(opened, faults):
    """For print all sections unfold and all flows are rows; afterwards the screen is as before. Pages are A4."""
    page = opened(faults)
    folded = page.locator("details:not([open])").count()
    assert folded
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.locator("details:not([open])").count() == 0
    assert page.locator("#grid tbody tr").count() == len(faults.flows)
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert page.locator("details:not([open])").count() == folded
    assert page.locator("#grid tbody tr").count() < len(faults.flows)
    assert b"/MediaBox [0 0 594.95" in page.pdf(prefer_css_page_size=True)


def test_without_scripts_the_report_still_tells(opened, faults):
    """With scripts switched off all is there but the flow table, and that is said."""
    page = opened(faults, java_script_enabled=False)
    text = page.locator("body").inner_text()
    assert faults.conclusions.findings[0].title in text
    assert "needs a browser that runs scripts" in text
    assert not page.locator("#table").is_visible()


def test_a_hundred_thousand_flows_do_not_stall(opened, crowd):
    """Sorting, searching and scrolling 100 000 flows are done at once, with no more rows than can be seen."""
    page = opened(crowd)
    took = page.evaluate(
        """() => {
          const timed = (act) => {
            const at = performance.now();
            act();
            grid.getBoundingClientRect();
            return performance.now() - at;
          };
          const made = {};
          for (const head of document.querySelectorAll("#grid th")) {
            made[head.className] = timed(() => head.firstChild.click());
          }
          document.querySelector("#search").value = "host-12 7422";
          made.search = timed(() => document.querySelector("form").requestSubmit());
          return made;
        }"""
    )
    assert max(took.values()) < SLOW_MS, took
    flows = crowd.flows
    wanted = flows[flows["server_name"].str.contains("host-12") & (flows["resp_p"] == 7422)]
    assert page.locator("#status").inner_text().startswith(f"{len(wanted)} of 100\u202f000 flows")
    page.fill("#search", "")
    page.press("#search", "Enter")
    page.locator("#grid th.orig_octets button").click()
    page.evaluate("document.querySelector('#scroll').scrollTop = 1e9")
    page.locator("#grid tr[aria-rowindex='100001']").wait_for()
    assert page.locator("#grid tbody tr").count() < 100
    at = [*page.locator("#grid th").evaluate_all("heads => heads.map((head) => head.classList[0])")].index(
        "orig_octets"
    )
    last = page.locator("#grid tr[aria-rowindex='100001'] td").nth(at).inner_text()
    assert int(last.replace("\u202f", "")) == flows["orig_octets"].max()


def test_nothing_of_a_capture_runs(opened):
    """Names, hosts, certificates, paths and notes with markup, script and turned text are shown, and are only text."""
    page = opened(hostile.result())
    for link in page.locator("[data-flows]").all():
        link.click()
    page.locator("#grid tbody button").first.click()
    page.locator("#detail").wait_for()
    page.locator("summary").evaluate_all("all => all.forEach((one) => { one.parentElement.open = true; })")
    page.wait_for_timeout(200)
    text = page.evaluate("document.body.textContent")
    for attempt in ("<script>alert(1)</script>", "{{ 7 * 7 }}", r"\u202emoc.elpmaxe"):
        assert attempt in text
    assert page.locator("script").count() == 2
    assert page.locator("iframe, base, object, embed, [onerror], [onload]").count() == 0
    assert page.locator("a[href^='javascript']").count() == 0


def test_the_watch_sees_what_it_watches_for(opened):
    """A script that is put into a page is refused by the policy, and that is noticed: the tests above can fail."""
    page = opened(healthy())
    page.evaluate("document.body.append(Object.assign(document.createElement('script'), {textContent: 'alert(1)'}))")
    page.evaluate("document.body.append(Object.assign(new Image(), {src: 'https://evil.example/x.png'}))")
    for _ in range(100):
        if page.evaluate("window.seen.length") == 2:
            break
        page.wait_for_timeout(50)
    assert page.evaluate("window.seen.splice(0)") == ["policy script-src-elem", "policy img-src"]
    assert page.seen
    page.seen.clear()


def test_figures_are_drawn_under_the_policy(opened):
    """Figures are images in the file, which no policy of it refuses."""
    page = opened(result())
    sources = page.locator("figure img").evaluate_all("all => all.map((one) => [one.src, one.naturalWidth])")
    assert sources
    for source, wide in sources:
        assert b"<svg" in base64.b64decode(source.partition(",")[2])
        assert wide > 0
