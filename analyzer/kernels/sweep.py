"""One pass over a buffer of a capture: frames, flows, rates, first octets. Nothing is kept per frame.

Each frame is decoded, finds its flow, is accounted for, and leaves what the dissectors want: `segments`
(SEGMENT) point into `arena`, `errors` (ERROR) are ICMP errors, `rates` (RATE) what a flow had sent when a bin of time
ended. All tables are the caller's; when one may not hold BATCH more the sweep stops and says so.
"""

from __future__ import annotations

import numpy as np

from analyzer.kernels import flows as fl
from analyzer.kernels.arp import claim
from analyzer.kernels.copies import is_copy, print_of
from analyzer.kernels.flows import find, flow_hash, insert, source_is_b
from analyzer.kernels.fragments import (
    DATAGRAMS,
    MAC_OCTETS,
    PLACE,
    WAITING_NS,
    add,
    begin,
    beginning,
    is_of,
    place_of,
    whole,
)
from analyzer.kernels.frames import decode, enter, inward
from analyzer.kernels.headers import (
    AH,
    ENCRYPTED,
    FRAGMENT,
    IP,
    OTHER,
    SHORT,
    TCP,
    TUNNEL,
    UDP,
    UNKNOWN,
    extensions,
    mac48,
)
from analyzer.kernels.jit import inlined, kernel
from analyzer.kernels.keeping import (
    STREAM_OCTETS,
    is_error,
    is_kept,
    keep_error,
    keep_message,
    keep_segment,
    most_kept,
)
from analyzer.kernels.kinds import PROTO
from analyzer.kernels.packets import LEAST, read_packet
from analyzer.kernels.records import FCS, FRAME, LINK, next_frame
from analyzer.kernels.segments import CHECKED, COMMON_MSS, check, is_super, mss_of, payload_print
from analyzer.kernels.tcp import go_on, is_news, is_next, segment
from analyzer.kernels.wireless import ETHERNET

BATCH = 64  # frames between two looks at how full the tables are
RATE = np.dtype([("bin", "i8"), ("a_octets", "i8"), ("b_octets", "i8"), ("flow", "i8")], align=True)
PACKETS = 8  # that are accounted for of one frame: datagrams within datagrams, one that is given up for another
EVENTS = BATCH + 2 * PACKETS  # flows that a batch may begin: a frame of several packets ends it
WAITS = -1  # a fragment whose datagram is not whole yet

# why a sweep returned, besides the codes of records
ROOM = 5

# limits, as a row of int64 that the caller fills from the settings
UDP_IDLE, TCP_IDLE, BIN_NS, COPY_NS, UDP_ACTIVE = range(5)


@kernel
def flow_of(row, side, slots, flows, sides, limits, counters, likely):
    """The index of the frame's flow, begun where there was none."""
    slot, held = find(slots, flows, row, side)
    if held >= 0:
        index = held & fl.INDEX
        idle = limits[UDP_IDLE], limits[TCP_IDLE]
        if not fl.ended(flows[index], sides, index, row, side, idle[0], idle[1], limits[UDP_ACTIVE]):
            return index
    return insert(slots, slot, flows, sides, counters, row, side, likely)


@inlined
def account(octets, flow, mine, sides, index, row, rates, limits, counters):
    """Count a packet for its side, and close the flow's bin of time when it lies outside it."""
    if row.ts_ns - flow.bin >= limits[BIN_NS] or row.ts_ns < flow.bin or flow.bin < 0:
        if flow.bin >= 0:
            rate = rates[counters[fl.RATES]]
            counters[fl.RATES] += 1
            rate.flow = index
            rate.bin = flow.bin
            rate.a_octets = sides[2 * index].octets
            rate.b_octets = sides[2 * index + 1].octets
        flow.bin = row.ts_ns // limits[BIN_NS] * limits[BIN_NS]
    if mine.packets == 0:
        mine.first_frame = row.number
        mine.mac = mac48(octets, row.mac_at) if row.mac_at >= 0 else 0
        mine.ttl = row.ttl
    mine.packets += row.frames
    mine.octets += row.ip_octets
    mine.frame_octets += row.frame_octets
    mine.payload += row.payload
    if mine.data_frame == 0 and row.payload and (row.proto == TCP or row.proto == UDP):
        mine.data_frame = row.number
        mine.print = payload_print(octets, row)
    if row.proto != TCP or row.flags & fl.RST == 0:
        mine.ident = row.ip_id if row.version == 4 else -1
        if mine.ttl_low == 0 or row.ttl < mine.ttl_low:
            mine.ttl_low = row.ttl
        mine.ttl_high = max(mine.ttl_high, row.ttl)
    if row.ts_ns > flow.end_ns:
        flow.end_ns = row.ts_ns
    elif row.ts_ns < flow.start_ns:
        flow.start_ns = row.ts_ns
    flow.last_frame = row.number


@inlined
def copied(row, value, innermost, news, t):
    """Whether the packet is a copy; those of innermost packets are counted, so that no frame counts twice."""
    if not is_copy(row, value, t.recent, t.mirroring, t.limits[COPY_NS], news):
        return False
    if innermost:
        t.counters[fl.COPIES] += row.frames
        t.counters[fl.COPIED_OCTETS] += row.frame_octets
    return True


@inlined
def update_more(octets, row, t):
    """Account for a packet that only brings more of what its flow had; False, with nothing done, for any other.

    Most packets do: the next TCP segment of an open connection, a datagram of a flow whose first ones were kept. It is
    what `update` does, without the calls: their arguments cost a third of the time (bench: industrial).
    """
    value = print_of(octets, row)  # first, for the processor to work at while the flow comes from memory
    side = source_is_b(row)
    _, held = find(t.slots, t.flows, row, side)
    if held < 0:
        return False
    index = held & fl.INDEX
    flow = t.flows[index]
    mine = t.sides[2 * index + side]
    other = t.sides[2 * index + 1 - side]
    if mine.packets < CHECKED:
        return False
    if row.proto == TCP:
        if row.ts_ns - flow.end_ns > t.limits[TCP_IDLE] or is_kept(mine, row) or not is_next(flow, mine, other, row):
            return False
    elif flow.kept < most_kept(row) or fl.is_old(flow, row, t.limits[UDP_IDLE], t.limits[UDP_ACTIVE]):
        return False
    if copied(row, value, True, row.proto == TCP and is_news(other, row), t):
        return True
    account(octets, flow, mine, t.sides, index, row, t.rates, t.limits, t.counters)
    if row.proto == TCP:
        go_on(mine, other, row)
        if row.payload > COMMON_MSS:
            t.counters[fl.SUPER_FRAMES] += is_super(row, other)
    mine.last_ns = row.ts_ns
    mine.last_frame = row.number
    return True


@kernel
def update(octets, row, t):
    """Account for one packet in all tables of `t`."""
    side = source_is_b(row)
    index = flow_of(row, side, t.slots, t.flows, t.sides, t.limits, t.counters, t.likely)
    flow = t.flows[index]
    mine = t.sides[2 * index + side]
    first = mine.packets == 0
    last = flow.last_frame
    account(octets, flow, mine, t.sides, index, row, t.rates, t.limits, t.counters)
    flow.last_frame = max(last, row.number)
    if row.number < flow.first_frame:  # it waited for its datagram's other fragments, which never came
        flow.first_frame = row.number
    if row.number < mine.first_frame:
        mine.first_frame = row.number
    if row.carries and flow.carries == 0:
        flow.carries = row.carries
    if flow.history == 0 and flow.flipped:
        t.histories[index, 0] = 94
        flow.history = 1
    if mine.packets <= CHECKED and (row.proto == TCP or row.proto == UDP) and row.frames == 1:
        check(octets, row, t.counters)
    if row.proto == TCP and row.lean == 0:
        other = t.sides[2 * index + 1 - side]
        if row.flags & fl.SYN and mine.mss < 0:
            mine.mss = mss_of(octets, row)
        if row.payload > COMMON_MSS:
            t.counters[fl.SUPER_FRAMES] += is_super(row, other)
        segment(flow, mine, other, t.gaps, t.counters, t.histories, index, side, row)
        if is_kept(mine, row):
            keep_segment(octets, mine, row, index, side, t.segments, t.arena, t.counters)
    elif row.proto == UDP:
        if first:
            t.histories[index, flow.history] = 68 if side == flow.orig else 100
            flow.history += 1
        if row.payload_kept and flow.kept < most_kept(row):
            keep_message(octets, flow, row, index, side, t.segments, t.arena, t.counters)
    elif is_error(row) and mine.packets <= 1024 and row.lean == 0:
        keep_error(octets, row, index, side, t.slots, t.flows, t.quoted[0], t.errors, t.counters)
    mine.last_ns = row.ts_ns
    mine.last_frame = max(mine.last_frame, row.number)


@kernel
def account_for(octets, found, t):
    """Account for what decoding found in `t.decoded[0]`: packets within datagrams, and datagrams that are whole now.

    Returns IP where something was accounted for, or waits for the rest of its datagram; else why not.
    """
    row = t.decoded[0]
    accounted = False
    used = np.int64(-1)
    for _ in range(PACKETS):
        if found == FRAGMENT:
            t.counters[fl.FRAGMENTS] += 1
            row.hash = flow_hash(row, t.counters[fl.SEED])
            if copied(row, print_of(octets, row), True, False, t):
                accounted = True
                break
            k = gather(octets, row, used, t)
            if k == WAITS:
                accounted = True
                break
            used = k
            at = k * PLACE + MAC_OCTETS
            total = t.waiting[k].total
            end = at + min(total, t.waiting[k].readable)
            cut = at + total - end
            whole(t.waiting[k], at, row)
            octets = t.pieces
            if row.version == 6 or row.proto == AH:
                at, _ = extensions(octets, at, end, np.int64(row.proto), end - at + cut, row)
            if at < 0 or row.fragment:  # of what is whole nothing can be read
                t.counters[fl.STRAY_FRAGMENTS] += row.frames
                accounted = True
                break
            found = inward(octets, at, end, cut, PROTO + np.int64(row.proto), t.decoded)
        elif found == IP or found == TUNNEL:
            row.hash = flow_hash(row, t.counters[fl.SEED])
            if not copied(row, print_of(octets, row), found == IP, False, t):
                update(octets, row, t)
            accounted = True
            if found == IP:
                break
            found = enter(octets, t.decoded)
        else:
            break
    if used >= 0:
        t.waiting[used].begun = 0
    if accounted:
        return IP
    return SHORT if found == FRAGMENT else found


@kernel
def gather(octets, row, used, t):
    """Add a fragment to its datagram; the place of one that is whole now, else WAITS.

    used  a place whose octets are being read, -1 for none
    """
    k = place_of(t.waiting, row, used)
    waiting = t.waiting[k]
    if not is_of(waiting, row) or row.ts_ns - waiting.begun_ns > WAITING_NS:
        if waiting.begun:
            give_up(k, t)
        begin(waiting, t.units[k], row)
    return k if add(octets, row, waiting, t.units[k], t.pieces, k * PLACE + MAC_OCTETS) else WAITS


@kernel
def give_up(k, t):
    """Account for the datagram at place `k`, which never got whole, by its first fragment, or count its frames."""
    waiting = t.waiting[k]
    row = t.given_up[0]
    waiting.begun = 0
    if not waiting.first or not beginning(waiting, t.pieces, k * PLACE + MAC_OCTETS, row):
        t.counters[fl.STRAY_FRAGMENTS] += waiting.frames
        return
    row.hash = flow_hash(row, t.counters[fl.SEED])
    update(t.pieces, row, t)


@kernel
def give_all_up(t):
    """Account for all datagrams that wait, in the order in which they were begun. The tables have room for them."""
    for _ in range(DATAGRAMS):
        first = -1
        for k in range(DATAGRAMS):
            if t.waiting[k].begun and (first < 0 or t.waiting[k].begun < t.waiting[first].begun):
                first = k
        if first < 0:
            return
        give_up(first, t)


@kernel
def has_room(t):
    """Can every table take another batch."""
    c = t.counters
    return (
        c[fl.FLOWS] + EVENTS <= t.flows.size
        and 2 * (c[fl.FLOWS] + EVENTS) <= t.slots.size
        and c[fl.RATES] + EVENTS <= t.rates.size
        and c[fl.SEGMENTS] + BATCH <= t.segments.size
        and c[fl.ARENA] + BATCH * STREAM_OCTETS <= t.arena.size
        and c[fl.GAPS] + 4 * BATCH <= t.gaps.size
        and c[fl.ERRORS] + BATCH <= t.errors.size
    )


@kernel
def sweep(octets, at, end, form, interfaces, t):
    """Read all whole records from `at` to `end` of a buffer into the tables `t` (metering.sweep.Tables).

    Returns (why, at, need): why is MORE (the record at `at` needs `need` octets), ROOM (a table is full: make room and
    call again), BLOCK (a pcapng block of `need` octets for the caller to read) or BAD (no capture has such a record).
    """
    c = t.counters
    seed = c[fl.SEED]
    rows = t.decoded
    row = rows[0]
    while True:
        if not has_room(t):
            return ROOM, at, 0
        why = FRAME
        need = np.int64(0)
        # what changes with every frame is kept out of memory for a batch: 12 ns a frame (bench: industrial)
        frames, total = c[fl.FRAMES], c[fl.OCTETS]
        first, last, latest, back = c[fl.FIRST_NS], c[fl.LAST_NS], c[fl.MAX_NS], c[fl.STEPS_BACK]
        for _ in range(BATCH):
            why, following, start, caplen, origlen, ns, interface = next_frame(octets, at, end, form, interfaces)
            at = following
            if why != FRAME:
                need = caplen
                break
            frames += 1
            total += origlen
            if ns < 0:  # not told: as the frame before
                ns = max(last, 0)
            if ns < last:
                back += 1
            last = ns
            if first < 0 or ns < first:
                first = ns
            latest = max(latest, ns)
            if caplen < origlen:
                c[fl.SNAPLEN_CUT] += 1
            kind, fcs = interfaces[interface, LINK], interfaces[interface, FCS]
            if caplen == origlen and fcs < caplen:
                caplen -= fcs
                origlen -= fcs
            if kind == ETHERNET and caplen >= LEAST:
                packet = read_packet(octets, start, caplen, origlen, frames, ns, seed)
                if packet.good and update_more(octets, packet, t):
                    continue
            row.number = frames
            row.ts_ns = ns
            found = decode(octets, start, caplen, origlen, kind, rows)
            if found == IP:
                row.hash = flow_hash(row, seed)
                if not copied(row, print_of(octets, row), True, False, t):
                    update(octets, row, t)
                continue
            found = account_for(octets, found, t)
            if found == OTHER:
                c[fl.NOT_IP] += 1
                if kind == ETHERNET:
                    claim(octets, start, start + caplen, row, t.claims, seed)
            elif found == UNKNOWN:
                c[fl.UNKNOWN_LINK] += 1
            elif found == ENCRYPTED:
                c[fl.ENCRYPTED] += 1
            elif found != IP:
                c[fl.UNDECODED] += 1
            break
        c[fl.FRAMES], c[fl.OCTETS] = frames, total
        c[fl.FIRST_NS], c[fl.LAST_NS], c[fl.MAX_NS], c[fl.STEPS_BACK] = first, last, latest, back
        if why != FRAME:
            return why, at, need
