"""A hello that leaves the site, and that none of its devices speaks.

Fact    on the outside tap: a ClientHello from a public address to a public server, for a name of the baseline, whose
        JA4 is that of no hello in the baseline, whatever its SNI, ALPN and tickets.
Leans   intercepted, strong, where one such stack speaks for names of unrelated operators, and no hello of the devices'
        own goes out for them: a relay speaks with one stack for all. Suggestive below that.
Blind   inside taps, where the hello is still the device's own; Encrypted ClientHello; QUIC; names that the baseline
        lacks; relays that copy the device's hello, or are built on the same library.
Source  FoxIO, technical_details/JA4.md; RFC 8446 section 4.1.2; Durumeric et al., "The Security Impact of HTTPS
        Interception", NDSS 2017.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from analyzer import addresses
from analyzer.addresses import Reach
from analyzer.findings import Evidence, Strength, Verdict
from analyzer.judging.baseline import Stack, stack_of
from analyzer.judging.case import frames, listed
from analyzer.judging.sessions import Session, unrelated
from analyzer.judging.sight import Sight

CODE = "hello-foreign"
TITLE = "{host}: TLS with {whom} leaves the site in a hello that is no device's"
RIVALS: tuple[str, ...] = (
    "the device's software was updated since the baseline was taken",
    "another host behind the same address (NAT) that asks for the same name",
)
REMEDY = "Exempt the names from decryption; if a device's software changed since, take its baseline anew."


def find(sight: Sight) -> Iterator[Evidence]:
    """Evidence for each session whose hello is foreign."""
    baseline, tls = sight.baseline, sight.view.seen.tls
    if baseline is None:
        return
    leaving = [session for session in sight.abroad if _is_leaving(sight, session)]
    strange = {ja4 for ja4 in {tls.ja4[session.row] for session in leaving} if not baseline.speaks(ja4)}
    foreign = [session for session in leaving if tls.ja4[session.row] in strange]
    own = {session.name for session in leaving if tls.ja4[session.row] not in strange}
    names: dict[Stack, dict[str, None]] = defaultdict(dict)
    for session in foreign:
        if session.name not in own:
            names[_stack(sight, session)][session.name] = None
    for session in foreign:
        spoken = tuple(names[_stack(sight, session)])
        strong = session.name in spoken and unrelated(spoken)
        if strong:
            more = f"one stack speaks so for {listed(spoken)}"
        elif session.name in own:
            more = "hellos of the devices' own go out for it as well"
        else:
            more = "it does not speak for unrelated operators"
        known = listed(sorted(baseline.names[session.name].hellos))
        yield Evidence(
            CODE,
            Verdict.INTERCEPTED,
            Strength.STRONG if strong else Strength.SUGGESTIVE,
            session.flow,
            frames(int(tls.client_hello_frame[session.row])),
            f"the hello for {session.name} has JA4 {tls.ja4[session.row]}, which the baseline has nowhere"
            f" (for this name {known}); {more}",
            target=session.whom,
            by="a box between the devices and this tap" if strong else "",
        )


def _is_leaving(sight: Sight, session: Session) -> bool:
    """Whether a session is seen outside, and with a name to which the baseline knows hellos over the same carrier."""
    tls, row = sight.view.seen.tls, session.row
    known = sight.baseline.names.get(tls.server_name[row]) if sight.baseline else None
    if known is None or not tls.ja4[row] or tls.ech[row]:
        return False
    carrier = any(ja4[0] == tls.ja4[row][0] for ja4 in known.hellos)
    return carrier and all(addresses.reach(end) is Reach.PUBLIC for end in (session.client, session.server))


def _stack(sight: Sight, session: Session) -> Stack:
    """Who speaks."""
    return stack_of(sight.view.seen.tls.ja4[session.row])
