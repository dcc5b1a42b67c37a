"""The stages put together: captures become observations, observations a result."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from analyzer.capturing.inputs import expand
from analyzer.capturing.source import STDIN
from analyzer.decrypting import with_certificates
from analyzer.errors import AnalyzerError, SourceError
from analyzer.kernels import jit
from analyzer.observations import Observations
from analyzer.observing import Observer
from analyzer.settings import Settings

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from analyzer.differing import Difference
    from analyzer.earlier import Judged
    from analyzer.exporting.allowlist import Exported
    from analyzer.extracting import Extracted
    from analyzer.extracting.handing import Sanitized
    from analyzer.inspecting.reading import Comparison
    from analyzer.inspecting.steps import Reading
    from analyzer.planning import Plan, Usage
    from analyzer.result import Result
    from analyzer.rulepack import RulePack
    from analyzer.sitefile import Site

TSHARK_S = 600.0
"""What tshark may take where it reads certificates with keys."""

Progress = Callable[[int, int], None]
"""Called with octets read and octets in all (0 where that is not known), often."""


class Ladder(NamedTuple):
    """A flow frame by frame: the capture and its result, the flows that were meant, and a reading of the first."""

    capture: str
    result: Result
    flows: tuple[int, ...]
    reading: Reading


def must_compile() -> bool:
    """Whether the first capture waits for kernels to be compiled, half a minute, once per version and user."""
    return jit.must_compile()


def observe(
    captures: Sequence[str],
    *,
    progress: Progress | None = None,
    settings: Settings | None = None,
    keylog: str = "",
) -> Observations:
    """The facts of captures (paths, globs, folders, "-"), read as one capture in the order of their first frames.

    keylog  a key log (NSS format), with which tshark reads the certificates that TLS 1.3 encrypts; keys that a pcapng
            holds are used as well

    Raises SourceError and CaptureError where nothing of a capture can be read; a cut one gives all before the cut.
    """
    paths = expand(captures)
    observer = Observer(settings or Settings())
    for number, path in enumerate(paths):
        observer.read(path, progress, (number, len(paths)))
    return with_certificates(observer.finish(), keylog, TSHARK_S)


def inspect(capture: str, *, progress: Progress | None = None, timeout_s: float = 600) -> Comparison:
    """Our reading of one capture file beside that of tshark, which may take so many seconds.

    Raises AnalyzerError where tshark is not installed, SourceError or CaptureError where one of the two cannot read it.
    """
    from analyzer.inspecting import ours, wireshark
    from analyzer.inspecting.reading import Comparison, compare

    if not Path(capture).is_file():
        there = Path(capture).exists() or capture == STDIN
        raise SourceError(capture, "cannot be read twice: a file is needed" if there else "no such file")
    program = wireshark.find()
    name = wireshark.version(program)
    here = ours.read(observe([str(Path(capture).absolute())], progress=progress))
    return Comparison(capture, name, compare(here, wireshark.read(program, capture, timeout_s)))


def inspect_flow(
    capture: str, flow: str, *, site: Site | None = None, progress: Progress | None = None, timeout_s: float = 600
) -> Ladder:
    """One flow of a capture file in full: what is concluded of it, and its frames as tshark, else scapy, reads them.

    flow  an id of the result's flows, a community id, or "10.0.0.1:4000 > 10.0.0.2:443/tcp"; where several are meant,
          the first is shown and the others are told

    Raises AnalyzerError where the flow is not there or cannot be read.
    """
    from analyzer.inspecting import dissected, scapyread, steps, wireshark

    result = check([capture], site=site, progress=progress)
    if not Path(capture).is_file():
        raise SourceError(capture, "cannot be read twice: a file is needed")
    found = steps.chosen(result.observations, flow)
    wanted = steps.wanted(result.observations, found[0])
    try:
        program = wireshark.find()
    except AnalyzerError:
        return Ladder(capture, result, tuple(found), scapyread.read(capture, wanted))
    return Ladder(capture, result, tuple(found), dissected.read(program, capture, wanted, timeout_s))


def extract(captures: Sequence[str], result: Result, target: str, *, finding: str = "", flow: str = "") -> Extracted:
    """Writes the frames of a finding, or of a flow, as pcapng, with what each shows in its comment.

    captures  those that the result is of, in files that can be read again
    finding   its id, or a code; else `flow`: an id, a community id, or "10.0.0.1:4000 > 10.0.0.2:443/tcp"

    Raises AnalyzerError where there is no such finding or flow, or a capture cannot be read again; OSError where the
    file cannot be written.
    """
    from analyzer import extracting

    paths = _again(captures)
    wanted = extracting.of_finding(result, finding) if finding else extracting.of_flow(result, flow)
    return extracting.extract(paths, wanted, Path(target))


def sanitize(  # noqa: PLR0913 - as judge, and what is wanted of it
    captures: Sequence[str],
    result: Result,
    target: str,
    *,
    finding: str = "",
    flow: str = "",
    packs: Sequence[RulePack] | None = None,
    site: Site | None = None,
    profiles: Sequence[str] = (),
    filter: str = "",  # noqa: A002 - as in judge
    trust: Sequence[str] = (),
    baseline: Sequence[str] = (),
    key: bytes = b"",
) -> Sanitized:
    """As `extract`, or of every frame where neither finding nor flow is given, with frames that can be handed on.

    Addresses, MACs and names that no document has are others, contents and credentials are gone. The frames are judged
    anew, with the arguments that gave `result`, and comments tell what is found in them. A site file for them is
    written beside the target, where there is none yet, with .site.yaml for a capture's ending; it names no roots.

    key  by which others are chosen, so that what is the same in several captures is so again; else nobody's

    Raises what `extract` raises, and AnalyzerError where something that was read would be written over.
    """
    from analyzer import rulepack
    from analyzer.extracting import disguise, handing
    from analyzer.terms import terms_of

    chosen = rulepack.shipped() if packs is None else packs
    others = disguise.Disguise(key or secrets.token_bytes(32), chosen)

    def judged(paths: Sequence[str], place: Site | None) -> Result:
        return terms_of(chosen, place, profiles, others.text(filter), trust, baseline).judge(observe(paths))

    return handing.sanitize(_again(captures), result, Path(target), others, site, judged, (finding, flow))


def _again(captures: Sequence[str]) -> list[str]:
    """Paths of captures that can be read again; raises SourceError."""
    paths = expand(captures)
    if STDIN in paths:
        raise SourceError(STDIN, "cannot be read twice: a file is needed")
    return paths


def export(result: Result, folder: str, formats: str | Sequence[str]) -> tuple[str, ...]:
    """Writes a result for other people's tools into a folder; returns what the formats cannot hold, in words.

    formats  names of `analyzer.exporting.foreign.FORMATS` ("zeek", …), or several with commas between them

    Raises AnalyzerError for another name, OSError where a file cannot be written.
    """
    from analyzer.exporting import foreign

    names = [formats] if isinstance(formats, str) else formats
    return foreign.export(result, Path(folder), foreign.chosen(names))


def load_result(folder: str) -> Judged:
    """What an earlier --out wrote, as `difference` takes it; raises AnalyzerError."""
    from analyzer import earlier

    try:
        return earlier.load(Path(folder))
    except SourceError as error:
        raise AnalyzerError(f"diff: {error}") from error


def difference(result: Result, old: str | Judged) -> Difference:
    """What changed since an earlier result of the same site: its `rules` and `findings`, the worst first.

    old  the folder of an earlier --out, or what `load_result` made of it

    Raises AnalyzerError where the folder holds no result.
    """
    from analyzer import differing, earlier

    return differing.between(load_result(old) if isinstance(old, str) else old, earlier.of(result))


def judge(  # noqa: PLR0913 - what may be told of a site stands side by side, by name
    observations: Observations,
    *,
    packs: Sequence[RulePack] | None = None,
    site: Site | None = None,
    profiles: Sequence[str] = (),
    filter: str = "",  # noqa: A002 - the word that users know from other tools
    trust: Sequence[str] = (),
    baseline: Sequence[str] = (),
) -> Result:
    """What facts say about requirements.

    packs     rule packs to choose from; by default those that travel with the program
    site      what is known of the place (sitefile.load)
    profiles  "pack" or "pack:variant" to judge by; by default the site's, else every pack of which a host is seen
    filter    judge only flows that it picks: host, port, net, tcp, udp, icmp with and, or, not
    trust     PEM files of roots that count as vouching, beside those of the site
    baseline  folders of saved facts (`analyzer observe`) of the same devices from when all was well

    Raises AnalyzerError where a profile, the filter, a PEM file or a baseline cannot be used.
    """
    from analyzer.terms import terms_of

    return terms_of(packs, site, profiles, filter, trust, baseline).judge(observations)


def check(  # noqa: PLR0913 - as judge, and the captures
    captures: Sequence[str],
    *,
    progress: Progress | None = None,
    keylog: str = "",
    packs: Sequence[RulePack] | None = None,
    site: Site | None = None,
    profiles: Sequence[str] = (),
    filter: str = "",  # noqa: A002 - as in judge
    trust: Sequence[str] = (),
    baseline: Sequence[str] = (),
) -> Result:
    """What captures say about requirements: `judge` of what they let one `observe`, with the arguments of both.

    Raises what these raise; what `judge` refuses is refused before a capture is opened.
    """
    from analyzer.terms import terms_of

    terms = terms_of(packs, site, profiles, filter, trust, baseline)
    return terms.judge(observe(captures, progress=progress, keylog=keylog))


def compare(  # noqa: PLR0913 - as check, of two taps
    inside: Sequence[str],
    outside: Sequence[str] = (),
    *,
    progress: Progress | None = None,
    keylog: str = "",
    packs: Sequence[RulePack] | None = None,
    site: Site | None = None,
    profiles: Sequence[str] = (),
    filter: str = "",  # noqa: A002 - as in judge
    trust: Sequence[str] = (),
    baseline: Sequence[str] = (),
) -> Result:
    """What captures of one site from both sides of a firewall or proxy say: the inside one's result, with its `taps`.

    Its `outside` is the result of the other one. Without `outside`, `inside` holds both sides of a NAT.

    Raises what `check` raises, and AnalyzerError where one capture is to be both and is not.
    """
    from analyzer import comparing
    from analyzer.terms import terms_of

    terms = terms_of(packs, site, profiles, filter, trust, baseline)
    here = observe(inside, progress=progress, keylog=keylog)
    if outside:
        taps = comparing.lay(here, observe(outside, progress=progress, keylog=keylog))
    else:
        taps = comparing.lay(*comparing.split(here, terms.site.nat))
    there = terms.judge(taps.outside, taps.from_outside())
    return terms.judge(taps.inside, taps.from_inside(), (taps, there))


def usage(result: Result) -> Usage:
    """What a result's flows sent, by host, pair, rule and purpose, at which rate over which windows: `.table`."""
    from analyzer import planning

    return planning.Usage(result)


def plan(result: Result, machines: str = "", *, uplink: str | float = 0.0, growth: float = 0.0) -> Plan:
    """What so many machines need, by the document and by what was measured.

    machines  standard=40,focas=10 and, where it is to be planned, dashboards=3, workcenters=5; machines=50 where the
              class is not known; empty for those that are there
    uplink    what the uplink carries, in bit/s or as 10M      growth  machines more each year, in parts of one

    Raises AnalyzerError where the plan cannot be read, or no document grants an upload.
    """
    from analyzer import planning

    return planning.plan(planning.Usage(result), planning.parse(machines, uplink, growth))


def figure(result: Result, name: str, plan: Plan | None = None) -> Figure | None:
    """A figure of a result: upload, machines, heatmap, distribution, plan (of a plan); None where nothing can be drawn.

    Raises KeyError for another name.
    """
    from analyzer.exporting import figures

    return figures.draw(usage(result), name, plan)


def export_rules(  # noqa: PLR0913 - what may be asked of a list, by name
    profile: str,
    form: str,
    *,
    site: Site | None = None,
    role: str = "",
    mud_url: str = "",
    packs: Sequence[RulePack] | None = None,
) -> Exported:
    """The allow-list of `pack` or `pack:variant` as text, in a format as `csv`, and what the format cannot hold.

    Raises AnalyzerError for a pack, variant, role or format that is not there.
    """
    import datetime as dt

    from analyzer import rulepack
    from analyzer.exporting import allowlist
    from analyzer.terms import named

    pack, variant = named(profile, tuple(rulepack.shipped() if packs is None else packs))
    now = dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
    return allowlist.export(pack, variant, site, form, role=role, updated=now, url=mud_url)


def load_rules(path: str) -> RulePack:
    """The rule pack in a YAML file, or of a MUD file (RFC 8520, JSON), for `packs`; raises AnalyzerError."""
    from analyzer import mudfile

    return mudfile.pack_of(path)


def load_site(path: str) -> Site:
    """What a site file tells of a place, for `check` and `judge`; raises AnalyzerError."""
    from analyzer import sitefile

    return sitefile.load(path)


def load_facts(folder: str) -> Observations:
    """Saved facts (`analyzer observe`), or those of all folders in it, as a live capture leaves them, put together.

    Raises SourceError where they are not whole.
    """
    from analyzer import terms

    return terms.load_facts(Path(folder))


def merge(parts: Sequence[Observations]) -> Observations:
    """Facts put together as if they had been observed at once, where no flow is in two of them: see merging.merge."""
    from analyzer import merging

    return merging.merge(parts)


def draft_site(observations: Observations, *, packs: Sequence[RulePack] | None = None) -> tuple[Site, dict[str, str]]:
    """A site as facts show it, and per host, by its name, why it is taken for what it is."""
    from analyzer import judging, rulepack

    return judging.draft_site(observations, rulepack.shipped() if packs is None else packs)
