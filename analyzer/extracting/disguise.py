"""Addresses, MACs and names become others, the same ones each time, of the same length and kind.

Who has the key can do it again; who has not cannot undo it. IPv4 keeps its block (RFC 1918 and the like, public), and
two addresses that share n bits share n afterwards (Xu, Fan, Ammar, Moon: Prefix-preserving IP address
anonymization, ICNP 2002). IPv6 keeps /48 and /64.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from functools import cache, lru_cache
from ipaddress import IPv4Network, IPv6Address, ip_address, ip_network

from analyzer.addresses import LOCAL, network
from analyzer.judging.patterns import Names
from analyzer.rulepack import RulePack

WELL_KNOWN = (
    *("1.1.1.1", "1.0.0.1", "8.8.8.8", "8.8.4.4", "9.9.9.9", "149.112.112.112", "208.67.222.222", "208.67.220.220"),
    *("146.112.61.104/29", "208.91.112.55"),  # block pages: judging.products
    *("2606:4700:4700::1111", "2606:4700:4700::1001", "2001:4860:4860::8888", "2001:4860:4860::8844", "2620:fe::fe"),
)
"""Public resolvers and block pages that many sites use: they tell nothing of a site, and verdicts look at them."""

TOP = frozenset(
    b"com net org edu gov mil int info biz io dev app cloud local localhost lan home internal corp arpa in-addr ip6 "
    b"test example invalid onion".split()
)
"""Last labels that stay, beside those of two letters: they are no site's own."""

BLOCKERS = (b"opendns.com", b"sse.cisco.com", b"meraki.com", b"zscaler.net", b"zscaler.com", b"bluecoat.com")
"""Domains of products that block (judging.products), which stay behind names that do not."""

SPOKEN = frozenset(
    b"accept access agent akamaighost alive amazons3 asset assets auth authenticate authentication authorize basic "
    b"be bearer bin block blocked blocker blocking blockpage by bytes cache cannot captive captiveportal cgi charset "
    b"chunked close cloudflare cloudfront could current denied deny digest err error fgtauth fi filter forbidden "
    b"fortiguard guest gws gzip hotspot html http https in index isa javascript json keep kerberos log login microsoft "
    b"moved mtconnect multipart negotiate nginx not notify ntlm octet of page php plain portal probe proxy redirect "
    b"request requested required restricted retrieved sample server sgerror sign signin site splash squid stream text "
    b"the this uid unavailable url urlfilter utf varnish web webadmin webfilter websocket welcome wi wifi wlan www xml "
    b"zscaler zscalerone zscalerthree zscalertwo".split()
)
"""Words of English and of protocols that stay, wherever they stand: those that verdicts look for are among them."""

SERVICES = frozenset(
    b"_acme-challenge _adisk _afpovertcp _airplay _airport _autodiscover _caldav _caldavs _carddav _carddavs "
    b"_companion-link _dc _device-info _dmarc _dns _dns-sd _dns-update _domainkey _ftp _gc _googlecast _hap _homekit "
    b"_http _https _imap _imaps _ipp _ipps _kerberos _kpasswd _ldap _ldaps _mqtt _msdcs _nfs _ntp _opcua-tcp "
    b"_pdl-datastream _pop3 _pop3s _printer _raop _rdp _rfb _scanner _services _sftp-ssh _sip _sips _sites "
    b"_sleep-proxy _smb _smtp _ssh _stun _sub _submission _tcp _telnet _tls _turn _udisks-ssh _udp _uscan _uscans "
    b"_vlmcs _workstation _xmpp-client _xmpp-server".split()
)
"""Labels that stay: common services and what stands around them (RFC 6763 section 7, RFC 8552), no site's own."""

BLOCKS = (*(net for net in LOCAL if isinstance(net, IPv4Network)), IPv4Network("0.0.0.0/0"))
LETTERS, DIGITS = b"abcdefghijklmnopqrstuvwxyz", b"0123456789"
LABEL = re.compile(rb"[^.]+")
WORD = re.compile(rb"[A-Za-z0-9\x80-\xff]+")
PLACE = re.compile(r"[0-9A-Fa-f:.]{2,}(?:/[0-9]+)?")
DOTTED = re.compile(rb"[0-9]{1,3}(?:\.[0-9]{1,3}){3}")


def is_fixed(address: bytes) -> bool:
    """Whether an address means the same everywhere: unspecified, loopback, groups, everybody (RFC 6890)."""
    if len(address) == 4:
        return address[0] in (0, 127) or address[0] >= 224
    return not any(address[:15]) or address[0] == 0xFF


def _parents(name: str) -> list[str]:
    """The domains above a name, down to those of two labels."""
    labels = name.lower().split(".")
    return [".".join(labels[at:]) for at in range(1, len(labels) - 1)]


class Disguise:
    """What stands for what, under a key. Names, addresses and words of requests that `packs` document stay."""

    def __init__(self, key: bytes, packs: Iterable[RulePack]) -> None:
        self._key = hashlib.blake2b(key, digest_size=32).digest()
        places = [rule.to for pack in packs for rule in pack.rules]
        names = {name for place in places for name in place.names}
        self._names = Names(names)
        self._parents = frozenset(parent for name in names for parent in _parents(name))
        pieces = [piece.lower().encode() for place in places for piece in (*place.user_agents, *place.paths)]
        self._words = SPOKEN.union(*(WORD.findall(piece) for piece in pieces))
        texts = [text for place in places for text in (*place.addresses, *place.at)]
        held = [net for text in (*texts, *WELL_KNOWN) if (net := network(text)) is not None]
        self._nets = tuple(net for net in held if net not in LOCAL and net.prefixlen >= 8)
        self.address = lru_cache(maxsize=200_000)(self._address)
        self.mac = lru_cache(maxsize=50_000)(self._mac)
        self.name = lru_cache(maxsize=50_000)(self._name)
        self._wide = cache(self._walk)

    def hashed(self, purpose: str, octets: bytes, size: int) -> bytes:
        """So many octets that only the key and these octets give."""
        return hashlib.blake2b(purpose.encode() + b"\0" + octets, key=self._key, digest_size=size).digest()

    def text(self, text: str) -> str:
        """A text in which addresses and networks are the others."""
        return PLACE.sub(lambda found: self.place(found[0]) or found[0], text)

    def place(self, text: str) -> str | None:
        """Another address for one, or for a network; None where the text is neither."""
        head, slash, bits = text.partition("/")
        try:
            other = ip_address(self.address(ip_address(head).packed))
            return str(ip_network(f"{other}/{bits}", strict=False)) if slash else str(other)
        except ValueError:
            return None

    def documented(self, name: str) -> bool:
        """Whether a rule pack names it, or a name below it."""
        plain = name.lower().removesuffix(".")
        return plain in self._parents or self._names.mean(plain)

    def _address(self, address: bytes) -> bytes:
        if is_fixed(address):
            return self._group(address) if len(address) == 16 else address
        return self._four(address) if len(address) == 4 else self._sixteen(address)

    def _group(self, address: bytes) -> bytes:
        """A group is that of the address or prefix it was made of (RFC 4291 section 2.7.1, RFC 3306, RFC 3956)."""
        if address[0] != 0xFF:
            return address
        middle = address[2:12]
        if address[1] & 0x20:
            bits = 64 - min(address[3], 64)
            prefix = int.from_bytes(self._sixteen(address[4:12] + bytes(8))[:8], "big") >> bits << bits
            middle = bytes([address[2] & 15, address[3]]) + prefix.to_bytes(8, "big")
        elif any(middle[:8]):
            middle = self.hashed("group", middle, 10)
        return address[:2] + middle + self._last(address[12:])

    def _last(self, octets: bytes) -> bytes:
        """The last four octets of a group's address, which its MAC has as well; small numbers are registered ones."""
        return octets[:1] + self.hashed("low", octets[1:], 3) if octets[0] else octets

    def _known(self, prefix: int) -> bool:
        """Whether a /24 holds documented addresses."""
        net = IPv4Network((prefix << 8, 24))
        return any(net.overlaps(known) for known in self._nets if isinstance(known, IPv4Network))

    def _four(self, address: bytes) -> bytes:
        net = IPv4Network((int.from_bytes(address, "big"), 32))
        if any(net.subnet_of(known) for known in self._nets if isinstance(known, IPv4Network)):
            return address
        return self._wide(int.from_bytes(address[:3], "big")).to_bytes(3, "big") + bytes([self._host(address)])

    def _walk(self, prefix: int) -> int:
        """Another /24 of the same block, but none that stays as it is."""
        if self._known(prefix):
            return prefix
        block = next(net for net in BLOCKS if IPv4Network((prefix << 8, 24)).subnet_of(net))
        walked = self._flip(prefix, block.prefixlen)
        while self._known(walked) or not self._same(walked, block):
            walked = self._flip(walked, block.prefixlen)
        return walked

    @staticmethod
    def _same(prefix: int, block: IPv4Network) -> bool:
        """Whether a /24 is of this block, of the public ones where it is all."""
        net = IPv4Network((prefix << 8, 24))
        own = next(held for held in BLOCKS if net.subnet_of(held))
        return own == block and not is_fixed(net.network_address.packed)

    def _flip(self, prefix: int, first: int) -> int:
        """Each bit behind the first ones changed, or not, by the bits before it, and the last one always."""
        made = prefix
        for at in range(first, 24):
            before = prefix >> (24 - at)
            if at == 23 or self.hashed("bit", bytes([at]) + before.to_bytes(3, "big"), 1)[0] & 1:
                made ^= 1 << (23 - at)
        return made

    def _host(self, address: bytes) -> int:
        """The last octet, with as long prefixes within its /24; 0 and 255, and what is documented, stay."""
        prefix, last = address[:3], address[3]
        known = self._known(int.from_bytes(prefix, "big"))
        made = self._bits(prefix, last)
        while known and self._stays(prefix, made):
            made = self._bits(prefix, made)
        return made

    def _bits(self, prefix: bytes, last: int) -> int:
        """Each bit changed, or not, by those before it; not where these are all 0 or all 1."""
        made = last
        for at in range(8):
            before = last >> (8 - at)
            if before in (0, (1 << at) - 1):
                continue
            if self.hashed("host", prefix + bytes([at, before]), 1)[0] & 1:
                made ^= 1 << (7 - at)
        return made

    def _stays(self, prefix: bytes, last: int) -> bool:
        net = IPv4Network((int.from_bytes(prefix, "big") << 8 | last, 32))
        return any(net.subnet_of(known) for known in self._nets if isinstance(known, IPv4Network))

    def _sixteen(self, address: bytes) -> bytes:
        if any(IPv6Address(address) in known for known in self._nets if known.version == 6):
            return address
        if address[:12] in (bytes(10) + b"\xff\xff", IPv6Address("64:ff9b::").packed[:12]):
            return address[:12] + self._address(address[12:])
        host = self.hashed("host", address[8:13], 5) + self.hashed("low", address[13:], 3)
        if address[0] == 0xFE:
            return address[:8] + host
        site, subnet = self.hashed("site", address[:6], 6), self.hashed("subnet", address[:8], 2)
        first = address[:1] if address[0] & 0xFE == 0xFC else b"\x2a"
        return first + site[:5] + subnet + host

    def _mac(self, mac: bytes) -> bytes:
        """The bits for groups and for local use stay (IEEE 802), and groups stay whole but those of IPv6 (RFC 2464)."""
        if mac[:2] == b"\x33\x33":
            return mac[:2] + self._last(mac[2:])
        if not any(mac) or mac[0] & 1:
            return mac
        made = self.hashed("mac", mac, 6)
        return bytes([made[0] & 0xFC | mac[0] & 3]) + made[1:]

    def _name(self, name: bytes) -> bytes:
        """A name as long as before, its labels others; documented ones, common services and last labels stay."""
        if not name or self.documented(name.decode("latin-1")):
            return name
        if DOTTED.fullmatch(name):
            return self._dotted(name)
        labels = list(LABEL.finditer(name))
        kept = next((domain for domain in BLOCKERS if (b"." + name.lower()).endswith(b"." + domain)), b"")
        made = bytearray(name)
        for place, label in enumerate(labels):
            last = place == len(labels) - 1 and self._is_top(label[0], alone=len(labels) == 1)
            if not last and label.end() <= len(name) - len(kept):
                made[label.start() : label.end()] = self.label(label[0])
        return bytes(made)

    def _dotted(self, name: bytes) -> bytes:
        """An address in a text that is to be as long as before: the other one, else ones, behind its block."""
        other = (self.place(name.decode()) or "").encode()
        if len(other) == len(name):
            return other
        kept = next((block for block in (b"10.", b"192.168.", b"172.16.", b"169.254.") if name.startswith(block)), b"")
        return kept + re.sub(rb"[0-9]", b"1", name[len(kept) :])

    @staticmethod
    def _is_top(label: bytes, *, alone: bool) -> bool:
        return label.lower() in TOP or (len(label) == 2 and label.isalpha() and not alone)

    def label(self, label: bytes) -> bytes:
        """Letters for letters, digits for digits; marks, known words and the label of a common service stay."""
        if label.lower() in SERVICES or label.lower() in (b"in-addr", b"ip6"):
            return label
        drawn = hashlib.shake_128(self.hashed("label", label.lower(), 16)).digest(len(label))
        made = bytearray(self._as(octet, by) for octet, by in zip(label, drawn, strict=True))
        for word in WORD.finditer(label):
            if word[0].lower() in self._words:
                made[word.start() : word.end()] = word[0]
        return bytes(made)

    def words(self, text: bytes) -> bytes:
        """A text, each of its words another of the same length; known words stay."""
        return WORD.sub(lambda found: self.label(found[0]), text)

    @staticmethod
    def _as(octet: int, by: int) -> int:
        if octet in DIGITS:
            return DIGITS[by % 10]
        if octet in b"-_*":
            return octet
        drawn = LETTERS[by % 26]
        return drawn - 32 if 65 <= octet <= 90 else drawn
