"""Make the pictures of the documents anew: `python captures/pictures.py [NAME…]`, from the sample captures.

What is shown is what the program shows of a shipped capture, and nothing else. The report is drawn by Chromium, driven
by Playwright; the others need nothing but the analyzer. The same program makes the same pictures, but for fonts.
"""

from __future__ import annotations

import argparse
import io
import os
import shutil
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import MONOKAI
from rich.text import Text

import analyzer
from analyzer import exporting
from analyzer.exporting import figures, livescreen
from analyzer.live import watch
from analyzer.watching.feeds import StreamFeed
from analyzer.watching.picture import Picture

ROOT = Path(__file__).resolve().parent.parent
FAULTS, CAPACITY = "captures/mm-faults", "captures/mm-capacity"
WIDTH, SCREEN, LIVE = 100, 33, (124, 34)
"""Columns and lines of the terminal; of the one with the live view."""

LAPTOP = {"width": 1280, "height": 720}

SVG = """<svg viewBox="0 0 {width} {height}" xmlns="http://www.w3.org/2000/svg">
<style>
.{unique_id}-matrix {{ font: {char_height}px/{line_height}px "DejaVu Sans Mono", Menlo, Consolas, monospace; }}
.{unique_id}-title {{ font: bold 18px sans-serif; }}
{styles}
</style>
<defs>
<clipPath id="{unique_id}-clip-terminal"><rect width="{terminal_width}" height="{terminal_height}" /></clipPath>
{lines}
</defs>
{chrome}
<g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">
{backgrounds}
<g class="{unique_id}-matrix">
{matrix}
</g>
</g>
</svg>
"""
"""rich's own would have a browser fetch its font."""


class Terminal(io.StringIO):
    """What a program takes for a terminal."""

    encoding = "utf-8"

    def isatty(self) -> bool:
        """It says that it is one."""
        return True


def check(folder: Path) -> None:
    """The first screen of `analyzer check`."""
    made = analyzer.check([f"{FAULTS}.pcapng"], site=analyzer.load_site(f"{FAULTS}.site.yaml"))
    screen = Terminal()
    exporting.SCREEN.show(made, screen, 0)
    lines = [Text.from_ansi(line) for line in screen.getvalue().splitlines()]
    _terminal(folder / "check.svg", f"analyzer check {FAULTS}.pcapng --site {FAULTS}.site.yaml", lines[:SCREEN], WIDTH)


def live(folder: Path) -> None:
    """The view of `analyzer live -` when a sample has come through."""
    command = f"analyzer live - --site {FAULTS}.site.yaml < {FAULTS}.pcapng"
    lines = livescreen.screen(_watched(), livescreen.Looking(keyless=True), *LIVE)
    _terminal(folder / "live.svg", command, lines, LIVE[0])


def _watched() -> Picture:
    """A sample, watched to its end; its rates are those of the whole, and not of the time that it took to read it."""
    seen = watch(StreamFeed(f"{FAULTS}.pcapng"), site=analyzer.load_site(f"{FAULTS}.site.yaml"))
    seen.start()
    while not seen.over:
        time.sleep(0.05)
    seen.finish()
    picture = seen.picture()
    lasted_s = (picture.now_ns - picture.since_ns) / 1e9
    return replace(picture, interface="-", frames_s=picture.frames / lasted_s, bps=picture.octets * 8 / lasted_s)


def report(folder: Path) -> None:
    """The first screen of report.html on a laptop."""
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 - only this picture needs it

    made = analyzer.check([f"{FAULTS}.pcapng"], site=analyzer.load_site(f"{FAULTS}.site.yaml"))
    with tempfile.TemporaryDirectory() as scratch, sync_playwright() as playwright:
        exporting.write(made, Path(scratch))
        flags = ["--no-sandbox", "--disable-gpu"]
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), headless=True, args=flags)
        page = browser.new_page(viewport=LAPTOP, color_scheme="light", reduced_motion="reduce")
        page.goto(f"file://{scratch}/report.html")
        page.screenshot(path=folder / "report.png")
        browser.close()


def upload(folder: Path) -> None:
    """The upload of three hours against its budget."""
    made = analyzer.check([f"{CAPACITY}.pcapng.zst"], site=analyzer.load_site(f"{CAPACITY}.site.yaml"))
    with tempfile.TemporaryDirectory() as scratch:
        figures.write(analyzer.usage(made), None, Path(scratch))
        shutil.copy(Path(scratch) / "upload.svg", folder)


def _terminal(target: Path, command: str, lines: list[Text], width: int) -> None:
    """Lines on a terminal of a width, as SVG, below the command that prints them."""
    console = Console(
        file=io.StringIO(), record=True, width=width, force_terminal=True, color_system="truecolor", highlight=False,
        markup=False, emoji=False, legacy_windows=False,
    )  # fmt: skip
    for line in lines:
        console.print(line, no_wrap=True, overflow="crop", crop=True)
    text = console.export_svg(title=command, theme=MONOKAI, code_format=SVG, unique_id=target.stem)
    target.write_text(text, encoding="utf-8")


PICTURES: dict[str, Callable[[Path], None]] = {one.__name__: one for one in (check, live, report, upload)}


def main() -> None:
    """Make the pictures that the command line names, all if it names none."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of: {', '.join(PICTURES)}")
    parser.add_argument("--out", type=Path, default=ROOT / "captures" / "pictures", help="folder to write into")
    args = parser.parse_args()
    if unknown := [name for name in args.names if name not in PICTURES]:
        parser.error(f"no such picture: {', '.join(unknown)}")
    folder = args.out.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    os.chdir(ROOT)
    os.environ |= {"COLUMNS": str(WIDTH), "TERM": "xterm-256color"}
    os.environ.pop("NO_COLOR", None)
    for name in args.names or PICTURES:
        PICTURES[name](folder)
        print(f"{args.out.name}: {name}")


if __name__ == "__main__":
    main()
