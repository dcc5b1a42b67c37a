"""Back from a result to the frames: a flow in full, the frames of a finding."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from analyzer.shell import CAPTURES, FILE, JSON, QUIET, print_json, progress, say, terms_of, terms_options, writing

MOST_TOLD = 8
"""Flows and rules that one line names."""


@click.command()
@CAPTURES
@click.option("--finding", default="", metavar="ID", help="Frames of this finding (as check calls it), or of a code.")
@click.option("--flow", default="", metavar="ID", help="Frames of this flow: id, community id, or its ends.")
@click.option("-w", "--write", "target", required=True, type=click.Path(dir_okay=False), help="The pcapng to write.")
@click.option("--sanitize", is_flag=True, help="Other addresses, MACs and names, no contents; every frame, if no ID.")
@terms_options
@QUIET
def extract(  # noqa: PLR0913 - as many options as it has
    captures: tuple[str, ...],
    finding: str,
    flow: str,
    target: str,
    sanitize: bool,
    own: tuple[str, ...],
    quiet: bool,
    **options: Any,
) -> None:
    """Write the frames of a finding or a flow as pcapng, with what each shows in its comment.

    The frames are as captured; the section's comment is the finding with the sentence of the document. What was given
    to `check` is to be given here as well, so that findings have the same ids.

    With --sanitize they can be handed on: addresses, MACs and names that no document has are others, contents and
    credentials are gone. They are judged anew, and where that gives other verdicts, it is told. The site file for them
    is written beside, with .site.yaml for its ending.
    """
    from analyzer import api

    if (finding and flow) or not (finding or flow or sanitize):
        raise click.UsageError("extract needs --finding ID or --flow ID, or --sanitize for every frame")
    terms = terms_of(own, **options)
    with progress(quiet=quiet) as told:
        result = api.check(captures, progress=told, **terms)
    with writing(Path(target)):
        if sanitize:
            safe = api.sanitize(captures, result, target, finding=finding, flow=flow, **terms)
            lines = [*_told(target, safe.frames, safe.marked), *_sanitized(safe.differing, safe.site)]
        else:
            done = api.extract(captures, result, target, finding=finding, flow=flow)
            lines = _told(target, done.frames, done.marked)
    if not quiet:
        for line in lines:
            say(line)


def _told(target: str, frames: int, marked: int) -> list[str]:
    """What was written."""
    return [f"{target}: {frames} frames, {marked} of them shown as evidence"]


def _sanitized(differing: Sequence[str], site: str) -> list[str]:
    """Whether the verdicts are the same, and where the site file is."""
    few = ", ".join(differing[:MOST_TOLD]) + (" and more" if len(differing) > MOST_TOLD else "")
    judged = f"other verdicts than before on {few}" if few else "the same verdicts as before"
    return [f"judged anew, sanitized: {judged}", *([f"{site}: the site file for it"] if site else [])]


@click.command()
@click.argument("capture", metavar="CAPTURE")
@click.option(
    "--flow", default="", metavar="ID", help="Show this flow: id, community id, or ADDRESS:PORT > ADDRESS:PORT."
)
@click.option("--against", type=click.Choice(["tshark"]), help="Compare what is read here with this program's reading.")
@click.option("--site", "site_path", type=FILE, help="With --flow: what you know of the place (YAML).")
@click.option("--timeout", default=600, type=click.IntRange(1), help="Seconds that the program may take (600).")
@JSON
@QUIET
@click.option("-v", "--verbose", is_flag=True, help="With --flow: every frame of a long one.")
def inspect(  # noqa: PLR0913 - as many options as it has
    capture: str,
    flow: str,
    against: str | None,
    site_path: str | None,
    timeout: int,
    as_json: bool,
    quiet: bool,
    verbose: bool,
) -> None:
    """Show one flow in full, or list where another program reads a capture differently.

    With --flow, its frames as tshark reads them, or scapy where no tshark is. With --against, compared are frames,
    octets, times, TCP and UDP conversations, and the names of TLS, QUIC, DNS, certificates and CONNECT. Exit codes: 0
    no difference, 1 at least one, 2 usage or no such program, 3 one of the two cannot read it.
    """
    from analyzer import api
    from analyzer.exporting import comparison, ladder

    if bool(flow) == bool(against):
        raise click.UsageError("inspect needs --flow ID or --against tshark")
    if flow:
        site = api.load_site(site_path) if site_path else None
        with progress(quiet=quiet) as told:
            held = api.inspect_flow(capture, flow, site=site, progress=told, timeout_s=timeout)
        if as_json:
            print_json(ladder.facts(held.result, held.flows, held.reading))
        else:
            ladder.shown(held.result, held.flows, held.reading, sys.stdout, whole=verbose)
        return
    with progress(quiet=quiet) as told:
        made = api.inspect(capture, progress=told, timeout_s=timeout)
    if as_json:
        print_json(comparison.facts(made))
    else:
        comparison.shown(made, sys.stdout)
    click.get_current_context().exit(int(not made.agree))
