"""What each evidence code means, what looks like it, where it is blind, and what to do: `analyzer explain CODE`."""

from __future__ import annotations

import inspect
import re
from collections.abc import Mapping
from dataclasses import dataclass

from analyzer.judging.detectors import DETECTORS, Detector
from analyzer.judging.ladder import RUNGS, Rung


@dataclass(frozen=True)
class Entry:
    """One code: the title of its findings ({host}, {whom}), and the user's documentation of it.

    own_remedy           the remedy of the rule that is broken speaks of something else
    fact, leans, source  of a detector: what it rests on, what that speaks for, and where that stands
    """

    title: str
    meaning: str
    rivals: tuple[str, ...]
    blind: str
    remedy: str
    own_remedy: bool = False
    fact: str = ""
    leans: str = ""
    source: str = ""


_SAID: Mapping[str, Entry] = {
    "undocumented-destination": Entry(
        "{host} reached {whom}, which no row of the document names",
        "A host in scope opened a flow, and no rule of its document allows that name, address and port.",
        (
            "the vendor moved a service to a new name before the document did",
            "a proxy, mirror or resolver of the site that the site file does not name yet",
            "the host is not the device that it is taken for: name its role in the site file",
        ),
        "A name that was said before the capture began is not known; such flows stay undetermined.",
        "Find out what the host needs it for; name it in the site file if it is the site's own, else block it.",
    ),
    "other-variant": Entry(
        "{host} reached {whom}, which belongs to another variant of the document",
        "The name stands in the document, but in the table of a variant that was not asked for and is not used here.",
        ("the profile on the command line or in the site file names the wrong variant",),
        "Names that both variants share tell nothing.",
        "Check the profile (pack:variant); then check to which cloud the host was activated.",
        own_remedy=True,
    ),
    "other-resolver": Entry(
        "{host} asked {whom}, a public resolver that the document does not name",
        "DNS queries went to a public resolver that neither the document, nor the site file, nor DHCP names.",
        ("the resolver was set on purpose in the device's management: name it in the site file (resolvers)",),
        "DNS over TLS or HTTPS is not seen as DNS.",
        "Name the resolver in the site file if it is meant, else set the documented one.",
        own_remedy=True,
    ),
    "other-ntp-server": Entry(
        "{host} took the time from {whom}, which the document does not name",
        "An NTP server with a public name that the document does not list was asked; its name comes from a DNS answer.",
        ("one address can serve several pools: the name seen last counts",),
        "A server whose name was not looked up in the capture is taken as one of the pool.",
        "Name the server in the site file (ntp) if it is meant; else set the documented pool.",
        own_remedy=True,
    ),
    "payload-mismatch": Entry(
        "{host} and {whom}: another protocol than the document has on this port",
        "The first octets show a protocol that the document does not expect on this port, as SSH on 443.",
        (
            "a device's own tunnel; OpenVPN on 443 and NATS that speaks before TLS are expected where a rule says so",
            "an interceptor or captive portal that answers in plain text",
        ),
        "What is inside TLS, or was said before the capture began, is not seen.",
        "Find the program that opens the connection; it is not the one that the row was written for.",
        own_remedy=True,
    ),
    "name-at-other-address": Entry(
        "{host} reached {whom} at an address that the document does not give",
        "The document gives fixed addresses for the name, and the flow went elsewhere.",
        (
            "the vendor moved the service and the document is old",
            "a resolver or middlebox redirects the name, as an interceptor does",
        ),
        "Through a proxy the address is not seen.",
        "Compare what the site's resolver answers with what a public one answers, then allow or correct it.",
        own_remedy=True,
    ),
    "inbound-connection": Entry(
        "{host}: a connection was opened from {whom}",
        "Somebody opened a flow towards a host that offers nothing: all its communication goes out.",
        (
            "a person at work on the device, where it comes from inside the site",
            "an inventory or vulnerability scan",
            "another host behind the same public address, where the capture was taken outside",
        ),
        "A TCP connection whose opening is not in the capture has no known direction and is not counted.",
        "Remove port forwards and allow rules towards the host.",
    ),
    "in-half": Entry(
        "{host}: {whom} came in",
        "A flow from outside that only the In half of a document's row allows. Replies pass a firewall without it.",
        ("a misread direction, where the capture begins within the exchange",),
        "Behind NAT it is not known for whom it was meant.",
        "Nothing has to be opened inbound for replies to pass; close the port forward if nobody needs it.",
    ),
    "behind-nat": Entry(
        "{host}: {whom}, from an address of several hosts",
        "No rule allows it, but the address stands for several hosts, of which any may have done it.",
        ("any other host of the site",),
        "One TTL base and one TCP stack do not prove that one host alone stands behind an address.",
        "Capture inside the site, where each host has its own address.",
    ),
    "machine-leaves-site": Entry(
        "machine {host} exchanged data with {whom}, outside the site",
        "A machine spoke with a public address, although it should have no way to the internet.",
        ("the machine's own vendor service, wanted by its owner", "an address that is public and yet the site's own"),
        "Only what passes the tap is seen.",
        "Take the default gateway from the machine, and close the way from the machine network.",
    ),
    "machine-other-peer": Entry(
        "machine {host} exchanged data with {whom} inside the site",
        "A machine spoke with another host than the one that collects its data.",
        (
            "a programming station or a shop-floor server with its own reasons",
            "a switch or printer taken for a machine",
        ),
        "Only what passes the tap is seen.",
        "Find out what it is for; in an isolated network only the collector should reach machines.",
        own_remedy=True,
    ),
    "dhcp-on-machine-network": Entry(
        "{host} took a lease on the machine network ({whom})",
        "DHCP messages of the device on the network of the machines, where it must have a static address.",
        ("both ports of the device on one network: then the other one may lease",),
        "A lease is renewed after half its time only; a short capture shows no DHCP although there is a lease.",
        "Set a static address on the machine port, and switch the DHCP server of that network off.",
    ),
    "address-by-dhcp": Entry(
        "{host} leases its address",
        "A host that should keep one address asked a DHCP server for it.",
        ("a fixed reservation: the server always hands out the same address",),
        "A lease is renewed after half its time only.",
        "Set a static address, or a fixed reservation.",
    ),
    "two-macs": Entry(
        "{host} appeared under two MAC addresses",
        "Frames of one address carried two MACs, each of this host alone, as after a change from Ethernet to Wi-Fi.",
        ("two hosts with the same address", "a capture put together from two sides of a router"),
        "Behind a router all hosts have its MAC.",
        "Stay with one interface; look for a second host with the same address.",
    ),
    "address-changed": Entry(
        "{host} changed its address: {whom}",
        "Frames of one MAC carried one address and, once that fell silent, another, and both did the device's work.",
        (
            "two devices behind one MAC, as behind some Wi-Fi repeaters, of which one was switched off",
            "a change that somebody made on purpose while the capture ran",
        ),
        "Behind a router all hosts have its MAC; a change before or after the capture is not seen.",
        "Give the device a static address; until its name follows, clients that use the name do not find it.",
        own_remedy=True,
    ),
    "stale-name": Entry(
        "the name of {host} stands for {whom}",
        "The host's name resolved to different addresses within the capture, or to one at which it is not.",
        ("a name for several hosts", "a resolver that still keeps the old answer"),
        "Answers from before the capture are not known.",
        "Keep the address; after a change wait for the name to follow, or ask a resolver that keeps answers shortly.",
    ),
    "local-name-stripped": Entry(
        "{whom} got no usable answer from the resolver",
        "A name that must resolve to a local address was answered otherwise, while other names resolved.",
        ("the name does not exist yet, or is misspelt", "the registration failed at the vendor"),
        "Lookups over TLS or HTTPS are not seen.",
        "Except the domain from DNS rebinding protection on the resolver or firewall.",
    ),
    "proxy-credentials-clear": Entry(
        "{host} sent its proxy credentials in clear to {whom}",
        "A Proxy-Authorization header with credentials crossed the network unencrypted. They are kept nowhere.",
        ("challenge schemes (NTLM, Negotiate) give less away than Basic, but travel in clear as well",),
        "Only HTTP requests to the proxy in clear are read.",
        "Let the proxy know the device by its address, or offer the proxy over TLS.",
        own_remedy=True,
    ),
    "two-variants": Entry(
        "{host} uses {whom} at once",
        "One host reached, or asked for, names of two variants of the document.",
        ("a migration under way", "two devices behind one address"),
        "Names that both share tell nothing.",
        "Find out to which variant the host belongs, and remove the other one's configuration.",
    ),
    "rate-over-budget": Entry(
        "{host}: {whom}",
        "The rate at IP length is above what the document grants, tolerance included.",
        (
            "a software update or a log upload in the time seen",
            "more machines than the capture or the site file shows",
            "retransmissions, or mirrored copies that came too late to be known as such",
        ),
        "What is uploaded for one machine cannot be seen in encrypted traffic.",
        "See in the purposes what takes the rate; size the uplink for it, or look for what is sent too often.",
    ),
}
SECTION = re.compile(r"^(Fact|Leans|Blind|Source) +", re.MULTILINE)


def _of_part(detector: Detector | Rung) -> Entry:
    """What the module of a detector, or of a rung of the ladder, says of itself."""
    text = inspect.cleandoc(detector.__doc__ or "")
    meaning, *parts = SECTION.split(text)
    bodies = (" ".join(body.split()) for body in parts[1::2])
    told = {name: body[:1].upper() + body[1:] for name, body in zip(parts[::2], bodies, strict=True)}
    return Entry(
        detector.TITLE, " ".join(meaning.split()), detector.RIVALS, told["Blind"], detector.REMEDY,
        fact=told["Fact"], leans=told["Leans"], source=told["Source"],
    )  # fmt: skip


_PARTS: tuple[Detector | Rung, ...] = (*DETECTORS, *RUNGS)

CODES: Mapping[str, Entry] = {**_SAID, **{part.CODE: _of_part(part) for part in _PARTS}}
"""Every code that evidence or a flow may carry."""


def explain(code: str) -> Entry:
    """What a code means; KeyError for one that does not exist."""
    return CODES[code]
