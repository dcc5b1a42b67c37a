"""`check` on a span port: what an interface shows is judged again and again, until somebody stops it."""

from __future__ import annotations

import math
import os
import signal
import sys
import threading
import time
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

from analyzer.program import INTERRUPTED
from analyzer.shell import asked_for, compiling, judging_options, print_json, say, show, since, write_files, writing

if TYPE_CHECKING:
    from collections.abc import Iterator

    from analyzer.capturing.keeping import Keeper
    from analyzer.exporting.livedisplay import Display
    from analyzer.shell import Asked
    from analyzer.watching.feeds import Feed
    from analyzer.watching.picture import Seen
    from analyzer.watching.watch import Watch

HOOK_S = 60.0
TURN_S = 0.5
"""How often what is shown is brought up to date."""

PATIENCE_S = 1.0
ENDS = (signal.SIGINT, signal.SIGTERM)
MB = 1_000_000
SHIPPED = ("grafana", "alerts", "systemd")
FEEDS = ("auto", "ring", "program", "scapy")


@click.command()
@click.argument("stream", metavar="[-]", required=False)
@click.option("-i", "--interface", default="", help="The interface to capture on.")
@click.option("-D", "--list-interfaces", "listed", is_flag=True, help="List interfaces and what each may do.")
@click.option(
    "-f", "--capture-filter", default="", metavar="BPF", help="Capture only what this picks (pcap-filter(7))."
)
@click.option(
    "--feed", "how", type=click.Choice(FEEDS), default="auto", help="What captures (auto: the first that may)."
)
@click.option("--duration", default=0.0, type=click.FloatRange(0), metavar="S", help="End after so many seconds.")
@click.option("--every", default=5.0, type=click.FloatRange(0.1), metavar="S", help="Judge so often at most (5).")
@click.option("--flows", default=100_000, type=click.IntRange(100), help="Hold so many flows in memory (100000).")
@click.option("--write", default="", metavar="DIR", help="Keep the frames as pcapng files here, a ring of them.")
@click.option("--write-size", default=100, type=click.IntRange(1), metavar="MB", help="… each so large (100).")
@click.option("--write-files", default=20, type=click.IntRange(1), help="… so many of them (20).")
@click.option(
    "--write-age", default=0.0, type=click.FloatRange(0), metavar="H", help="… none older than so many hours."
)
@click.option("--facts-size", default=2000, type=click.IntRange(1), metavar="MB", help="With --out: facts kept (2000).")
@click.option(
    "--on-finding", "command", default="", metavar="COMMAND", help="Run this for each finding, JSON on stdin."
)
@click.option("--metrics", default="", metavar="ADDRESS:PORT", help="Serve Prometheus metrics, on loopback only.")
@click.option("--user", default="", help="Go on as this user once the interface is open (as root; sudo's caller).")
@click.option("--print", "text", type=click.Choice(SHIPPED), help="Print a dashboard, alert rules, or a unit.")
@judging_options
def live(stream: str | None, interface: str, *, listed: bool, text: str | None, **options: Any) -> None:
    """Judge what an interface shows, again and again, until interrupted.

    The same verdicts as `check`. "-" reads a capture that is still being written from standard input, as in
    `ssh tap tcpdump -U -w - not port 22 | analyzer live -`. On a terminal, a view with keys (? for help); else lines,
    with --json one object per line. With --out, DIR holds the result as it is now. Exit codes are those of `check`.
    """
    if listed or text:
        _tell(text, as_json=options["as_json"])
        return
    if bool(stream) == bool(interface) or (stream and stream != "-"):
        raise click.UsageError("live needs -i INTERFACE, or - for standard input (live -D lists interfaces)")
    if options["out"] and options["write"] and Path(options["out"]).resolve() == Path(options["write"]).resolve():
        raise click.UsageError("--out and --write need folders of their own")
    limits = {name: options.pop(name) for name in (*KEPT, *WATCHED, "duration", "metrics", "command", "user")}
    if limits["metrics"]:
        from analyzer.exporting.metrics import loopback

        loopback(limits["metrics"])
    how, capture_filter = options.pop("how"), options.pop("capture_filter")
    asked = asked_for(**options)
    feed = _opened(stream or interface, how, capture_filter, limits["user"], quiet=asked.quiet)
    try:
        _Session(feed, asked, limits).run()
    except KeyboardInterrupt:
        feed.close()
        _leave()
    finally:
        feed.close()


def _opened(interface: str, how: str, capture_filter: str, user: str, *, quiet: bool) -> Feed:
    """The feed of an interface, with the rights that it took given up again."""
    from analyzer.watching import privileges, warming
    from analyzer.watching.opening import open_feed

    entry = privileges.chosen(user) if interface != "-" or user else None
    privileges.needs_program(entry)
    compiling()
    warming.warm()
    feed = open_feed(interface, how=how, capture_filter=capture_filter, user=entry)
    try:
        note = privileges.give_up(entry) if interface != "-" or entry else ""
    except BaseException:
        feed.close()
        raise
    if note and (entry is None or not quiet):
        say(note)
    return feed


def _leave() -> NoReturn:
    """End at once: an interpreter that ends as usual aborts where a thread is within native code, as in judging."""
    say("analyzer: interrupted")
    sys.stdout.flush()
    os._exit(INTERRUPTED)


KEPT = ("write", "write_size", "write_files", "write_age")
WATCHED = ("every", "flows", "facts_size")


class _Session:
    """A live capture from its first frame to its result."""

    def __init__(self, feed: Feed, asked: Asked, limits: dict[str, Any]) -> None:
        from analyzer.live import watch
        from analyzer.watching.hook import Hook
        from analyzer.watching.limits import Limits

        self.feed, self.asked, self.limits = feed, asked, limits
        self.hook = Hook(limits["command"]) if limits["command"] else None
        self.keeper = self._keeper()
        self.stopped = threading.Event()
        kept = limits["facts_size"] * MB
        bounds = Limits(limits["every"], limits["flows"], str(asked.out or ""), kept)
        with writing(asked.out or Path()):
            self.watch: Watch = watch(
                feed, limits=bounds, write=partial(write_files, asked), keeper=self.keeper, on_finding=self._found,
                troubles=self._troubles, **asked.terms,
            )  # fmt: skip

    def run(self) -> None:
        """Capture, show, and end with the result's exit code."""
        from analyzer import exporting
        from analyzer.exporting import changes

        for number in ENDS:
            signal.signal(number, self._stop)
        if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # as nohup(1) has it
            signal.signal(signal.SIGHUP, self._stop)
        with self._metrics() as serve:
            self.watch.start()
            try:
                with self._display() as display:
                    self._follow(display, serve)
            except BaseException:
                self.watch.finish()  # nobody looks on any more, but what is kept is brought up to date
                raise
            with self._patience("judging what was captured"):
                result = self.watch.finish()
            display.last(self.watch.picture())
        if self.keeper is not None:
            self.keeper.close()
        changed = since(self.asked, result)
        if changed is not None and self.asked.out is not None:
            changes.write(changed, self.asked.out)
        if not self.asked.as_json:
            show(self.asked, result, changed, lambda detail: exporting.SCREEN.show(result, sys.stdout, detail))
            sys.stdout.flush()
        for trouble in self.watch.unkept:
            say(trouble)
        self._close_hook()
        click.get_current_context().exit(result.exit_code)

    def _stop(self, _number: int, _frame: object) -> None:
        """Somebody wants the capture to end; who asks again does not want the result either.

        A terminal that is gone may tell so several times.
        """
        for number in ENDS:
            signal.signal(number, signal.default_int_handler)
        self.stopped.set()

    def _close_hook(self) -> None:
        if self.hook is None:
            return
        with self._patience("waiting for --on-finding"):
            untold = self.hook.close(HOOK_S)
        if untold:
            say(f"--on-finding was not run for {untold} findings: it took too long")

    @contextmanager
    def _patience(self, doing: str) -> Iterator[None]:
        """Tells who waits at a terminal what for, where it takes long enough to be asked."""
        told = threading.Timer(PATIENCE_S, say, [f"{doing}; Ctrl-C once more ends without it"])
        if sys.stderr.isatty() and not self.asked.quiet:
            told.start()
        try:
            yield
        finally:
            told.cancel()

    def _follow(self, display: Display, serve: Any) -> None:
        """Show how things stand until the capture is over, or somebody wants it to be."""
        end = time.monotonic() + self.limits["duration"] if self.limits["duration"] else float("inf")
        while not self.watch.over and not self.stopped.is_set() and time.monotonic() < end:
            picture = self.watch.picture()
            display.update(picture)
            if serve is not None:
                serve.update(picture)
            if not display.wait(min(TURN_S, max(end - time.monotonic(), 0.0))):
                return

    def _found(self, seen: Seen) -> None:
        if self.hook is not None:
            from analyzer.result import finding_facts

            self.hook.tell(finding_facts(seen.finding))

    def _troubles(self) -> tuple[str, ...]:
        """What went wrong beside the capture."""
        kept = self.keeper.trouble if self.keeper is not None else ""
        if self.keeper is not None and self.keeper.lost and not kept:
            kept = f"{self.keeper.folder}: {self.keeper.lost:,} frames were not kept as evidence"
        hook = self.hook.trouble if self.hook is not None else ""
        skipped = self.hook.skipped if self.hook is not None else 0
        return kept, hook, f"--on-finding was not run for {skipped} findings" if skipped else ""

    def _keeper(self) -> Keeper | None:
        limits = self.limits
        if not limits["write"]:
            return None
        from analyzer.capturing.keeping import Keeper

        with writing(Path(limits["write"])):
            return Keeper(
                Path(limits["write"]), link_type=self.feed.link_type, interface=self.feed.interface,
                octets=limits["write_size"] * MB, files=limits["write_files"],
                age_s=limits["write_age"] * 3600 or math.inf,
            )  # fmt: skip

    @contextmanager
    def _metrics(self) -> Iterator[Any]:
        if not self.limits["metrics"]:
            yield None
            return
        from analyzer.exporting.metrics import Metrics

        served = Metrics(self.limits["metrics"])
        try:
            yield served
        finally:
            served.close()

    def _display(self) -> AbstractContextManager[Display]:
        """What shows how things stand: a screen on a terminal, lines elsewhere, nothing with -q."""
        from analyzer.exporting import livedisplay

        kind = "json" if self.asked.as_json else "none" if self.asked.quiet else "auto"
        return livedisplay.display(kind, self.feed.interface, self.stopped.wait, taken=self.feed.interface == "-")


def _tell(text: str | None, *, as_json: bool) -> None:
    """Print what is shipped, or the interfaces."""
    if text:
        from analyzer.exporting import monitoring

        click.echo(monitoring.text(text), nl=False)
        return
    import dataclasses

    from analyzer.capturing.interfaces import interfaces
    from analyzer.capturing.links import rights
    from analyzer.exporting.interfaces import listed

    found = interfaces()
    if as_json:
        print_json([dataclasses.asdict(one) for one in found])
    else:
        listed(found, rights(), sys.stdout)
