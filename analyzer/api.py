"""The stages put together: captures become observations, observations a result."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
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

    from analyzer.exporting.allowlist import Exported
    from analyzer.extracting import Extracted
    from analyzer.inspecting.reading import Comparison
    from analyzer.inspecting.steps import Reading
    from analyzer.judging import Filter
    from analyzer.planning import Plan, Usage
    from analyzer.result import Result
    from analyzer.rulepack import RulePack
    from analyzer.sitefile import Site
    from analyzer.taps import Across, Taps

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

    paths = expand(captures)
    if STDIN in paths:
        raise SourceError(STDIN, "cannot be read twice: a file is needed")
    wanted = extracting.of_finding(result, finding) if finding else extracting.of_flow(result, flow)
    return extracting.extract(paths, wanted, Path(target))


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
    return _terms(packs, site, profiles, filter, trust, baseline).judge(observations)


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
    terms = _terms(packs, site, profiles, filter, trust, baseline)
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

    terms = _terms(packs, site, profiles, filter, trust, baseline)
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
    """What so many machines need, by the document and by what was measured; the result's `plan` tells it as well.

    machines  standard=40,focas=10 and, where it is to be planned, dashboards=3, workcenters=5; machines=50 where the
              class is not known; empty for those that are there
    uplink    what the uplink carries, in bit/s or as 10M      growth  machines more each year, in parts of one

    Raises AnalyzerError where the plan cannot be read, or no document grants an upload.
    """
    from analyzer import planning

    made = planning.plan(planning.Usage(result), planning.parse(machines, uplink, growth))
    result.plan = planning.told(made)
    return made


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

    chosen = tuple(rulepack.shipped() if packs is None else packs)
    _know(profile, chosen)
    wanted, _, variant = profile.partition(":")
    pack = next(pack for pack in chosen if pack.name == wanted)
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


def draft_site(observations: Observations, *, packs: Sequence[RulePack] | None = None) -> tuple[Site, dict[str, str]]:
    """A site as facts show it, and per host, by its name, why it is taken for what it is."""
    from analyzer import judging, rulepack

    return judging.draft_site(observations, rulepack.shipped() if packs is None else packs)


@dataclass(frozen=True)
class _Terms:
    """By what is judged, read and found sound."""

    packs: tuple[RulePack, ...]
    site: Site
    profiles: tuple[str, ...]
    keep: Filter | None
    roots: tuple[bytes, ...]
    baseline: tuple[Observations, ...]

    def judge(
        self, seen: Observations, across: Across | None = None, beside: tuple[Taps | None, Result | None] = (None, None)
    ) -> Result:
        """The result of facts, as far as another tap tells of them; of two taps compared, `beside` them."""
        from analyzer import judging
        from analyzer.result import Result

        means = judging.Means(self.roots, across, self.baseline)
        found = judging.judge(seen, self.packs, self.site, profiles=self.profiles, keep=self.keep, means=means)
        return Result(seen, found, *beside)


def _terms(  # noqa: PLR0913 - as judge
    packs: Sequence[RulePack] | None,
    site: Site | None,
    profiles: Sequence[str],
    expression: str,
    trust: Sequence[str],
    baseline: Sequence[str],
) -> _Terms:
    from analyzer import factsfile, judging, rulepack, trustfile
    from analyzer.sitefile import Site

    chosen = tuple(rulepack.shipped() if packs is None else packs)
    place = site or Site()
    for profile in (*profiles, *place.profiles):
        _know(profile, chosen)
    try:
        roots = [root for path in (*place.trust, *trust) for root in trustfile.load(path)]
    except SourceError as error:
        raise AnalyzerError(f"trust: {error}") from error
    try:
        known = tuple(factsfile.load(Path(folder)) for folder in baseline)
    except SourceError as error:
        raise AnalyzerError(f"baseline: {error}") from error
    keep = judging.parse(expression) if expression else None
    return _Terms(chosen, place, tuple(profiles), keep, tuple(roots), known)


def _know(profile: str, packs: Sequence[RulePack]) -> None:
    """Raises AnalyzerError where a profile names a pack or a variant that is not there."""
    name, _, variant = profile.partition(":")
    pack = next((pack for pack in packs if pack.name == name), None)
    if pack is None:
        known = ", ".join(pack.name for pack in packs)
        raise AnalyzerError(f"profile {profile}: no such rule pack (known: {known})")
    if variant and variant not in pack.variants:
        raise AnalyzerError(f"profile {profile}: {name} has the variants {', '.join(pack.variants) or '(none)'}")
