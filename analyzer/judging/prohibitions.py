"""What the documents forbid whatever else allows it: machines that speak to others, and flows towards a closed host."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from analyzer import addresses
from analyzer.addresses import Reach
from analyzer.findings import Severity, Strength, Verdict
from analyzer.judging.place import Actor, Cast
from analyzer.judging.ruling import Book, Ruling
from analyzer.judging.traffic import SYSTEM_PORTS, TCP, UDP, Kind, Trouble
from analyzer.rulepack import Rule


def forbidden(cast: Cast, books: Sequence[Book], kind: Kind) -> Ruling | None:
    """The first ruling of a prohibition on a kind of flow; one of an isolation rule may also say that all is well."""
    return next(_rulings(cast, books, kind), None)


def _rulings(cast: Cast, books: Sequence[Book], kind: Kind) -> Iterator[Ruling]:
    """The rulings of all prohibitions."""
    for check, name in ((_isolated, "isolated-machines"), (_inbound, "no-inbound")):
        for book in books:
            for rule in book.of(name):
                found = check(cast, book, rule, kind)
                if found:
                    yield found


def may_answer(kind: Kind) -> bool:
    """Whether what looks like an opening may answer a datagram sent before the capture began: from a server's port."""
    return kind.proto == UDP and kind.orig_p > 0 and kind.resp_p >= SYSTEM_PORTS


def outside(cast: Cast, here: str, there: str) -> bool:
    """Whether an address is outside the site of another one."""
    return addresses.reach(there) is Reach.PUBLIC and not cast.inside(here, there)


def _isolated(cast: Cast, book: Book, rule: Rule, kind: Kind) -> Ruling | None:
    """A machine that exchanges anything with anybody but its peer."""
    pack, peer = book.pack.name, str(rule.options["peer"])
    for here, there in ((kind.orig, kind.resp), (kind.resp, kind.orig)):
        actor, other = cast.at(here), cast.at(there)
        if actor is None or actor.shared or not actor.plays(pack, rule.who):
            continue
        if other is not None and other.plays(pack, (peer,)):
            return Ruling(Verdict.EXPECTED, pack, (rule,), actor=actor, whom=other.name)
        leaves = outside(cast, here, there)
        code = "machine-leaves-site" if leaves else "machine-other-peer"
        whom = _whom(kind, there)
        return Ruling(Verdict.UNEXPECTED, pack, (), rule, actor, whom, code, _severity(rule, crosses=leaves))
    return None


def _inbound(cast: Cast, book: Book, rule: Rule, kind: Kind) -> Ruling | None:
    """A flow that somebody opens towards a host that offers nothing; its machines may."""
    pack, orig, resp = book.pack.name, cast.at(kind.orig), cast.at(kind.resp)
    if resp is None or not resp.plays(pack, rule.who) or (orig is not None and _is_machine(book, orig)):
        return None
    if kind.proto not in {TCP, UDP} or kind.midstream or may_answer(kind):
        return None
    whom, crosses = f"{kind.orig} to port {kind.resp_p}", outside(cast, kind.resp, kind.orig)
    if resp.shared and not crosses:
        return None  # a proxy or resolver that speaks for others is there for its neighbours
    if not resp.shared:
        severity = _severity(rule, crosses=crosses)
        return Ruling(Verdict.UNEXPECTED, pack, (), rule, resp, whom, "inbound-connection", severity)
    if kind.trouble is not Trouble.NONE or kind.proto != TCP:
        why = f"opened from outside towards an address of several hosts, and {kind.trouble or 'UDP shows no opening'}"
        return Ruling(Verdict.UNDETERMINED, pack, actor=resp, whom=whom, code="behind-nat", why=why)
    why = "another host behind the address may serve it"
    return Ruling(
        Verdict.UNEXPECTED, pack, (), rule, resp, whom, "inbound-connection", Severity.MEDIUM, Strength.SUGGESTIVE, why
    )


def _is_machine(book: Book, actor: Actor) -> bool:
    """Whether a host is one that an isolation rule lets speak with its peer."""
    return any(actor.plays(book.pack.name, rule.who) for rule in book.of("isolated-machines"))


def _severity(rule: Rule, *, crosses: bool) -> Severity:
    """The rule's severity for what crosses the border of the site, its milder one for what happens inside."""
    return rule.severity if crosses else Severity(str(rule.options.get("inside", Severity.LOW)))


def _whom(kind: Kind, there: str) -> str:
    """Whom a host exchanged data with, in words; a client's own port says nothing."""
    if there == kind.resp:
        return f"{kind.name or there} port {kind.resp_p}"
    return f"{there}, which opened port {kind.resp_p}"
