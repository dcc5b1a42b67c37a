"""A picture of a live capture and what somebody looks at in it become one screen of a given width and height."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import overload

from rich.text import Text

from analyzer.exporting import livechanges, livepanels
from analyzer.exporting.livepanels import Turned, ends, fit
from analyzer.watching.picture import Picture, Seen

RULES, FINDINGS, MACHINES, NOTES = "requirements", "findings", "machines", "notes"
PANELS = (RULES, FINDINGS, MACHINES, NOTES)
SHARES = {RULES: 3, FINDINGS: 2, MACHINES: 2, NOTES: 1}
"""How much of the height that is left each panel gets; the one looked at counts double."""

NOTHING = {
    RULES: "nothing was judged yet",
    FINDINGS: "no findings",
    MACHINES: "no host that the document grants a rate was seen",
    NOTES: "no notes",
}
NO_PACK = "no rule pack governs a host that was seen (-p, --site)"
SORTS = {
    RULES: ("by outcome", "by section"),
    FINDINGS: ("newest first", "worst first"),
    MACHINES: ("fullest first", "by name"),
}
HELP = (
    ("space, p", "the picture stands still; the capture goes on"),
    ("tab, ← →", "the next panel, the one before"),
    ("↑ ↓, page, home, end", "move in it, by a line, a page, to either end"),
    ("s", "sort it: rules by outcome or by section, findings by time or severity, machines by rate or by name"),
    ("enter", "the finding that is marked, in full; ← → the next ones"),
    ("f", "the newest finding, in full"),
    ("esc", "back"),
    ("?", "this page"),
    ("q", "end the capture and show the result"),
)
SIGNS = (
    ("✗ fails", "what the document demands was broken"),
    ("✓ holds", "what it demands was seen"),
    ("· not observed", "nothing that it speaks of was seen"),
    ("? not observable", "it cannot be seen from here; analyzer check tells what would"),
    ("▸", "it turned within two minutes"),
)
TALL, TWO_COLUMNS = 16, 120
BESIDE = 24
"""Lines from which on two columns are worth it."""

HISTORY = 24


@dataclass
class Looking:
    """What somebody looks at: panel, where in each, the order of each, the page above them, and what turned when.

    keyless   no keys can be pressed
    page      "" for the panels, "findings" for one of them in full, or "help"
    mark      the finding that is marked; None for the first
    tops      first line shown of each panel, and of the page
    """

    keyless: bool = False
    panel: str = RULES
    page: str = ""
    mark: livechanges.Key | None = None
    paused: bool = False
    tops: dict[str, int] = field(default_factory=dict)
    swapped: set[str] = field(default_factory=set)
    turned: dict[tuple[str, str], Turned] = field(default_factory=dict)
    rates: deque[float] = field(default_factory=lambda: deque(maxlen=HISTORY))

    def findings(self, picture: Picture) -> tuple[Seen, ...]:
        """The findings in the order in which they are shown."""
        return livepanels.sorted_findings(picture, worst_first=FINDINGS in self.swapped)

    def marked(self, found: Sequence[Seen]) -> int:
        """Which finding is marked: the first, where the one that was has left."""
        return next((at for at, seen in enumerate(found) if livechanges.key(seen) == self.mark), 0)

    def move(self, picture: Picture, by: int) -> None:
        """Marks a finding so many further down."""
        found = self.findings(picture)
        if found:
            at = min(max(self.marked(found) + by, 0), len(found) - 1)
            self.mark = livechanges.key(found[at]) if at else None


def screen(picture: Picture, looking: Looking, width: int, height: int) -> list[Text]:
    """As many lines as the terminal has, none wider; where one looks is kept within what there is to see."""
    top = livepanels.header(picture, tuple(looking.rates), width, short=height < TALL)
    if looking.paused:
        top[0] = ends(top[0], Text(" PAUSED ", "bold reverse yellow"), width)
    left = max(height - len(top) - 1, 0)
    body = _page(picture, looking, width, left) if looking.page else _panels(picture, looking, width, left)
    lines = [*top, *body, *(Text("") for _ in range(left))][: max(height - 1, 0)]
    return [*lines, _footer(looking, width)][-height:] if height > 0 else []


def _footer(looking: Looking, width: int) -> Text:
    if looking.keyless:
        return fit(Text(" ").append("Ctrl-C", "reverse").append(" end the capture and show the result"), width)
    keys = [("space", "go on" if looking.paused else "pause"), ("s", "sort"), ("tab", "panel"), ("↑↓", "move")]
    keys += [("enter", "finding"), ("?", "help"), ("q", "quit")]
    if looking.page:
        keys = [("esc", "back"), ("↑↓", "move"), *([("←→", "others")] if looking.page == FINDINGS else []), keys[-1]]
    elif width < livepanels.NARROW:
        keys = [("spc", "pause"), *keys[2:3], *keys[5:]]
    text = Text("")
    for key, does in keys:
        text.append(" ").append(key, "reverse").append(f" {does} ")
    return fit(text, width)


def _page(picture: Picture, looking: Looking, width: int, height: int) -> list[Text]:
    """A finding in full or the help, in place of the panels."""
    if looking.page == FINDINGS:
        found = looking.findings(picture)
        if found:
            at = looking.marked(found)
            title = f"finding {at + 1} of {len(found)}"
            return _framed(title, "", livepanels.in_full(found[at], width), looking, (width, height))
    lines = []
    for told in (HELP, SIGNS):
        lines += livepanels.sheet(told, width)
    return _framed("help", "", lines, looking, (width, height))


def _framed(name: str, said: str, lines: Sequence[Text], looking: Looking, size: tuple[int, int]) -> list[Text]:
    """A title and as many lines below it as there is height for, from where one looks."""
    width, height = size
    page = name not in PANELS
    key = f"{looking.page} page" if page else name
    room = max(height - 1, 0)
    first = looking.tops[key] = min(looking.tops.get(key, 0), max(len(lines) - room, 0))
    more = f" {first + 1}-{min(first + room, len(lines))} of {len(lines)} " if len(lines) > room > 0 else ""
    mine = page or looking.panel == name
    title = Text("").append(f"{'▌' if mine else ' '}{name.upper()}", "bold cyan" if mine else "bold")
    title.append(f"  {said}" if said else "", "dim")
    rule = "─" * max(width - title.cell_len - len(more) - 1, 0)
    head = ends(title.append(" ").append(rule, "cyan" if mine else "dim"), Text(more, "dim"), width)
    shown = [*lines[first : first + room], *(Text(" " * width) for _ in range(room))][:room]
    return [head, *shown][:height]


def _panels(picture: Picture, looking: Looking, width: int, height: int) -> list[Text]:
    """The panels, one below the other, or the rules beside the others; only one of them where there is no room."""
    shown = [name for name in PANELS if name != NOTES or picture.notes or looking.panel == NOTES]
    if height < 2 * len(shown) + 2:
        return _column(picture, looking, [looking.panel], (width, height))
    if width < TWO_COLUMNS or height < BESIDE:
        return _column(picture, looking, shown, (width, height))
    left = width // 2
    first = _column(picture, looking, shown[:1], (left, height))
    second = _column(picture, looking, shown[1:], (width - left - 1, height))
    gap = Text(" ")
    return [
        Text("").append_text(one).append_text(gap).append_text(other) for one, other in zip(first, second, strict=True)
    ]


def _column(picture: Picture, looking: Looking, names: Sequence[str], size: tuple[int, int]) -> list[Text]:
    """Panels one below the other; they fill the height."""
    width, height = size
    bodies = {name: _body(name, picture, looking, width) for name in names}
    made: list[Text] = []
    rooms = _rooms({name: len(body) for name, body in bodies.items()}, height - len(names), looking.panel)
    for name, room in rooms.items():
        sort = SORTS[name][name in looking.swapped] if name in SORTS else ""
        if name == FINDINGS:
            _follow(looking, picture, room)
        made += _framed(name, sort, bodies[name], looking, (width, room + 1))
    return made


class _Findings(Sequence[Text]):
    """A line for each finding, made when it is shown: there may be many thousand."""

    def __init__(self, picture: Picture, looking: Looking, width: int) -> None:
        self._found = looking.findings(picture)
        self._mark = looking.marked(self._found) if looking.panel == FINDINGS else -1
        self._width = width

    def __len__(self) -> int:
        return len(self._found) or 1

    @overload
    def __getitem__(self, at: int) -> Text: ...
    @overload
    def __getitem__(self, at: slice) -> list[Text]: ...
    def __getitem__(self, at: int | slice) -> Text | list[Text]:
        if isinstance(at, slice):
            return [self[number] for number in range(*at.indices(len(self)))]
        if not self._found:
            return fit(Text(f" {NOTHING[FINDINGS]}", "dim"), self._width)
        line = livepanels.finding(self._found[at], self._width)
        if at == self._mark:
            line.stylize("reverse")
        return line


def _body(name: str, picture: Picture, looking: Looking, width: int) -> Sequence[Text]:
    """All lines of a panel."""
    swapped = name in looking.swapped
    if name == RULES:
        lines = livepanels.rules(picture, looking.turned, width, by_section=swapped)
    elif name == FINDINGS:
        return _Findings(picture, looking, width)
    elif name == MACHINES:
        lines = livepanels.machines(picture, width, by_name=swapped)
    else:
        lines = livepanels.notes(picture, width)
    nothing = NO_PACK if name == RULES and picture.result is not None else NOTHING[name]
    return lines or [fit(Text(f" {nothing}", "dim"), width)]


def _follow(looking: Looking, picture: Picture, room: int) -> None:
    """Keeps the marked finding on the screen."""
    at = looking.marked(looking.findings(picture))
    top = looking.tops.get(FINDINGS, 0)
    looking.tops[FINDINGS] = max(min(top, at), at - room + 1, 0)


def _rooms(wanted: dict[str, int], height: int, focus: str) -> dict[str, int]:
    """How many lines each panel gets: by its share, never more than it wants; what is over goes to the first."""
    rooms = dict.fromkeys(wanted, 0)
    while (left := height - sum(rooms.values())) > 0:
        hungry = [name for name in wanted if rooms[name] < wanted[name]]
        if not hungry:
            rooms[next(iter(rooms))] += left
            break
        neediest = min(hungry, key=lambda name: rooms[name] / (SHARES[name] * (1 + (name == focus))))
        rooms[neediest] += 1
    return rooms
