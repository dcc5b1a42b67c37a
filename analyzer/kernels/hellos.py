"""A ClientHello and a ServerHello become numbers, names and lists: what the row of their session holds of them.

The lists of a hello (what fingerprints are made of) are written as octets one behind the other and kept once:

    client  legacy version (2), then each behind its length (2): cipher suites, extension types, supported groups,
            signature algorithms, supported versions, EC point formats, first name of ALPN
    server  version (2), cipher suite (2), extension types

Values that mean nothing (RFC 8701) are left out. Of an extension that comes twice, the first counts in the lists.
Source: RFC 8446 sections 4.1 and 4.2; RFC 5246 section 7.4.1 and appendix E.2; RFC 6066 section 3; RFC 7301;
RFC 8422 section 5.1; RFC 9849 section 5.
"""

from __future__ import annotations

from analyzer.kernels.jit import kernel
from analyzer.kernels.octets import be16, be24, be32, u8
from analyzer.kernels.strings import FULL, intern

SNI, GROUPS, FORMATS, ALGORITHMS, ALPN, TICKET = 0, 10, 11, 13, 16, 35
PRE_SHARED_KEY, SUPPORTED_VERSIONS, ECH = 41, 43, 0xFE0D
LISTED = 5  # extensions whose bodies stand in the lists, in this order: see `place_of`
OFFERED_ID, OFFERED_TICKET = 1, 2  # bits of `offered`
SEEN_HELLO, SEEN_CERTIFICATE = 1, 2  # bits of `server_done`
ECH_OUTER, ECH_INNER = 1, 2
RETRY = 0xCF21AD74, 0xE59A6111  # first octets of the random that marks a HelloRetryRequest (RFC 8446 section 4.1.3)
DTLS = 0xFE  # upper octet of its versions, which count down (RFC 9147 section 5.3)
SSL_2 = 0x0002


@kernel
def greased(value):
    """Whether it is one of the values that mean nothing (RFC 8701)."""
    return value & 0x0F0F == 0x0A0A and value >> 8 == value & 0xFF


@kernel
def newness(version):
    """A number that is larger for the newer one of two versions of TLS, or of DTLS."""
    return 0x0200 - (version & 0xFF) if version >> 8 == DTLS else version


@kernel
def lower_name(hello, at, length):
    """Turn a host name to lower case where it stands and drop one final dot: its length, -1 for no host name."""
    if length > 0 and hello[at + length - 1] == 46:
        length -= 1
    if length <= 0 or length > 255:
        return -1
    for k in range(at, at + length):
        octet = u8(hello, k)
        if octet < 33 or octet > 126:
            return -1
        if 65 <= octet <= 90:
            hello[k] = octet + 32
    return length


@kernel
def protocols(hello, at, end, text):
    """Write an ALPN list as comma-separated text, up to the first name that is not whole; returns its length."""
    used = 0
    if end - at < 2:
        return 0
    at += 2
    while at < end:
        size = u8(hello, at)
        if size == 0 or size > end - at - 1 or used + size + 1 > text.size:
            break
        if used:
            text[used] = 44
            used += 1
        for k in range(size):
            octet = u8(hello, at + 1 + k)
            text[used + k] = octet if 33 <= octet <= 126 and octet != 44 else 63
        used += size
        at += 1 + size
    return used


@kernel
def client_extension(hello, kind, at, end, text, strings, row):
    """Read one extension of a ClientHello; False where the strings must grow first."""
    if kind == SNI and end - at >= 5 and u8(hello, at + 2) == 0:
        size = be16(hello, at + 3)
        length = lower_name(hello, at + 5, size) if size <= end - at - 5 else 0  # a part of a name is another name
        if length > 0:
            row.server_name = intern(hello, at + 5, length, strings)
            return row.server_name != FULL
    elif kind == ALPN:
        used = protocols(hello, at, end, text)
        row.alpn = intern(text, 0, used, strings)
        return row.alpn != FULL
    elif kind == SUPPORTED_VERSIONS and end > at:
        best = 0
        for k in range(at + 1, end - 1, 2):
            version = be16(hello, k)
            if not greased(version) and newness(version) > newness(best):
                best = version
        if best:
            row.client_version = best
    elif kind == TICKET and end > at:
        row.offered |= OFFERED_TICKET
    elif kind == ECH and end > at:
        row.ech = ECH_INNER if u8(hello, at) == 1 else ECH_OUTER
        if row.ech == ECH_OUTER and end - at >= 6:
            row.ech_config = u8(hello, at + 5)
    return True


@kernel
def append_number(made, used, value):
    """Write two octets; returns where the next go."""
    made[used] = value >> 8
    made[used + 1] = value & 0xFF
    return used + 2


@kernel
def append_numbers(hello, at, end, made, used):
    """Write the 16-bit values from `at` on, less those that mean nothing, behind their length."""
    begin = used
    used += 2
    for k in range(at, end - 1, 2):
        value = be16(hello, k)
        if not greased(value):
            used = append_number(made, used, value)
    append_number(made, begin, used - begin - 2)
    return used


@kernel
def append_octets(hello, at, end, made, used):
    """Write octets behind their length."""
    used = append_number(made, used, max(end - at, 0))
    for k in range(at, end):
        made[used] = hello[k]
        used += 1
    return used


@kernel
def append_lists(hello, spots, made, used):
    """Write the lists in the bodies of extensions; the k-th body goes from spots[2k] to spots[2k+1]."""
    for k in range(LISTED):
        at, end = spots[2 * k], spots[2 * k + 1]
        if k < 2:  # groups, signature algorithms: behind two octets of length
            if end - at >= 2:
                used = append_numbers(hello, at + 2, min(at + 2 + be16(hello, at), end), made, used)
            else:
                used = append_number(made, used, 0)
        elif end <= at:
            used = append_number(made, used, 0)
        elif k == 2:  # versions: behind one
            used = append_numbers(hello, at + 1, min(at + 1 + u8(hello, at), end), made, used)
        elif k == 3:
            used = append_octets(hello, at + 1, min(at + 1 + u8(hello, at), end), made, used)
        elif end - at >= 3:
            used = append_octets(hello, at + 3, min(at + 3 + u8(hello, at + 2), end), made, used)
        else:
            used = append_number(made, used, 0)
    return used


@kernel
def place_of(kind):
    """The place of an extension's body among the lists, -1 for one that is not listed."""
    if kind == GROUPS:
        return 0
    if kind == ALGORITHMS:
        return 1
    if kind == SUPPORTED_VERSIONS:
        return 2
    if kind == FORMATS:
        return 3
    return 4 if kind == ALPN else -1


@kernel
def client_hello(hello, at, end, whole, work, strings, lists, row):
    """Read a ClientHello's body as far as it is there; False where the strings or lists must grow first.

    Its lists are only kept where all of it is there (`whole`) and its lengths agree.
    """
    _, text, made, spots = work
    if end - at < 35:
        return True
    row.client_version = be16(hello, at)
    used = append_number(made, 0, row.client_version)
    at += 34
    if u8(hello, at):
        row.offered |= OFFERED_ID
    at += 1 + u8(hello, at)
    if end - at < 2:
        return True
    size = be16(hello, at)
    whole = whole and size <= end - at - 2
    used = append_numbers(hello, at + 2, min(at + 2 + size, end), made, used)
    at += 2 + size
    if end - at < 1:
        return True
    at += 1 + u8(hello, at)
    whole = whole and at <= end
    begin = used
    used += 2
    spots[:] = 0
    if end - at >= 2:
        whole = whole and be16(hello, at) <= end - at - 2
        end = min(end, at + 2 + be16(hello, at))
        at += 2
        while end - at >= 4:
            kind = be16(hello, at)
            size = be16(hello, at + 2)
            at += 4
            stop = min(at + size, end)
            whole = whole and stop == at + size
            if not greased(kind):
                used = append_number(made, used, kind)
            place = place_of(kind)
            if place >= 0 and spots[2 * place + 1] == 0:
                spots[2 * place], spots[2 * place + 1] = at, stop
            if not client_extension(hello, kind, at, stop, text, strings, row):
                return False
            at += size
    if whole and at == end:
        append_number(made, begin, used - begin - 2)
        used = append_lists(hello, spots, made, used)
        row.hello = intern(made, 0, used, lists)
        return row.hello != FULL
    return True


@kernel
def is_retry(hello, at, end):
    """Whether a ServerHello's body is a HelloRetryRequest."""
    return end - at >= 10 and be32(hello, at + 2) == RETRY[0] and be32(hello, at + 6) == RETRY[1]


@kernel
def server_hello(hello, at, end, work, strings, lists, row):
    """Read a ServerHello's body; False where the strings or lists must grow first.

    A HelloRetryRequest is read too, but what it lists is not kept.
    """
    _, text, made, _ = work
    if end - at < 38:
        return True
    whole = True
    if is_retry(hello, at, end):
        row.retry = 1
        whole = False
    row.server_done |= SEEN_HELLO
    row.version = be16(hello, at)
    used = append_number(made, 0, row.version)
    at += 34
    at += 1 + u8(hello, at)
    if end - at < 3:
        return True
    row.cipher = be16(hello, at)
    used = append_number(made, used, row.cipher)
    at += 3
    if end - at >= 2:
        whole = whole and be16(hello, at) <= end - at - 2
        end = min(end, at + 2 + be16(hello, at))
        at += 2
        while end - at >= 4:
            kind = be16(hello, at)
            size = be16(hello, at + 2)
            at += 4
            stop = min(at + size, end)
            whole = whole and stop == at + size
            if not greased(kind):
                used = append_number(made, used, kind)
            if not server_extension(hello, kind, at, stop, text, strings, row):
                return False
            at += size
    if whole and at == end:
        row.answer = intern(made, 0, used, lists)
        return row.answer != FULL
    return True


@kernel
def server_extension(hello, kind, at, end, text, strings, row):
    """Read one extension of a ServerHello; False where the strings must grow first."""
    if kind == SUPPORTED_VERSIONS and end - at >= 2:
        row.version = be16(hello, at)
    elif kind == PRE_SHARED_KEY:
        row.psk = 1
    elif kind == ALPN:
        used = protocols(hello, at, end, text)
        row.server_alpn = intern(text, 0, used, strings)
        return row.server_alpn != FULL
    return True


@kernel
def is_old_hello(octets, at, end, server):
    """Whether a stream begins with a hello of SSL 2: of a client (who mostly offers more in it), or of a server.

    Both tell their length twice, so few octets are enough. Source: RFC 5246 appendix E.2; RFC 6101 appendix E.
    """
    if end - at < 11 or u8(octets, at) < 0x80:
        return False
    length = be16(octets, at) & 0x7FFF
    version = be16(octets, at + 5 if server else at + 3)
    if server:
        told = 11 + be16(octets, at + 7) + be16(octets, at + 9) + (be16(octets, at + 11) if end - at >= 13 else 0)
        return u8(octets, at + 2) == 4 and u8(octets, at + 3) <= 1 and version == SSL_2 and told == length
    suites, challenge = be16(octets, at + 5), be16(octets, at + 9)
    known = version == SSL_2 or 0x0300 <= version <= 0x0304
    fits = suites > 0 and suites % 3 == 0 and 16 <= challenge <= 32
    return u8(octets, at + 2) == 1 and known and fits and 9 + suites + be16(octets, at + 7) + challenge == length


@kernel
def old_octets(octets, at):
    """Octets of the SSL 2 record that begins at `at`, with its header."""
    return 2 + (be16(octets, at) & 0x7FFF)


@kernel
def old_server_hello(octets, at, end, ders, row, chain):
    """Read a ServerHello of SSL 2, whose certificate stands in it; False where `ders` must grow first."""
    row.server_done |= SEEN_HELLO
    row.version = SSL_2
    size = be16(octets, at + 7)
    if u8(octets, at + 4) != 1 or size == 0 or size > end - at - 13:
        return True
    number = intern(octets, at + 13, size, ders)
    if number == FULL:
        return False
    row.server_done |= SEEN_CERTIFICATE
    chain[0] = number
    row.chain = 1
    return True


@kernel
def certificate_chain(hello, at, end, ders, row, chain):
    """Keep the certificates of a TLS 1.2 Certificate message; False where `ders` must grow first."""
    row.server_done |= SEEN_CERTIFICATE
    row.chain = 0
    if end - at < 3:
        return True
    end = min(end, at + 3 + be24(hello, at))
    at += 3
    while end - at > 3 and row.chain < chain.size:
        size = be24(hello, at)
        at += 3
        if size == 0 or size > end - at:
            break
        number = intern(hello, at, size, ders)
        if number == FULL:
            return False
        chain[row.chain] = number
        row.chain += 1
        at += size
    return True
