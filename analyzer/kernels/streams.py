"""The segments that a sweep kept become streams in order, and the streams that carry TLS become sessions.

A group is all that was kept of one flow: rows `first` to `last` of `order` (numbers of segments, sorted by flow, side
and place), where those of endpoint B begin at `split`. Overlaps: the segment that begins first wins, then the earlier
one. Only what is contiguous from the stream's first octet on counts.
"""

from __future__ import annotations

import numpy as np

from analyzer.kernels import tls
from analyzer.kernels.gaps import difference
from analyzer.kernels.headers import TCP
from analyzer.kernels.jit import kernel
from analyzer.kernels.octets import copy

GROUP = np.dtype(
    [
        ("flow", "i8"),
        ("first", "i8"),
        ("split", "i8"),
        ("last", "i8"),
        ("a_at", "i8"),
        ("a_end", "i8"),
        ("b_at", "i8"),
        ("b_end", "i8"),
        ("looks", "i4"),  # tls.is_tls of its streams
        ("proto", "i4"),
    ],
    align=True,
)
PLACE_BITS = 18  # places lie within -STREAM_OCTETS … STREAM_OCTETS + one segment


@kernel
def sort_keys(segments, flows, sides, keys):
    """Write for each segment a key that sorts by flow, then side and place in the stream (datagrams: by flow alone)."""
    half = 1 << (PLACE_BITS - 1)
    for k in range(keys.size):
        segment = segments[k]
        flow = segment.flow
        key = flow * 2
        if flows[flow].proto == TCP:
            place = difference(segment.seq, sides[2 * flow + segment.side].base)
            key = (key + segment.side) << PLACE_BITS | (min(max(place, -half), half - 1) + half)
        else:
            key <<= PLACE_BITS
        keys[k] = key


@kernel
def group(segments, order, flows, groups):
    """Find the groups in `order`; returns how many."""
    found = 0
    for k in range(order.size):
        segment = segments[order[k]]
        if found == 0 or groups[found - 1].flow != segment.flow:
            groups[found].flow = segment.flow
            groups[found].proto = flows[segment.flow].proto
            groups[found].first = k
            groups[found].split = k
            found += 1
        row = groups[found - 1]
        row.last = k + 1
        if segment.side == 0:
            row.split = k + 1
    return found


@kernel
def join(segments, order, first, last, base, arena, out, at, marks):
    """Write the contiguous octets of one direction to `out[at:]`; returns where they end.

    marks  i64[segments]  out, per row of `order`: the stream's offset from which on this segment gave it, else -1
    """
    length = 0
    for k in range(first, last):
        segment = segments[order[k]]
        place = difference(segment.seq, base)
        marks[k] = -1
        if place > length:
            for rest in range(k, last):
                marks[rest] = -1
            break
        skip = length - place
        if skip < segment.octets:
            marks[k] = length
            copy(out, at + length, arena, segment.at + skip, segment.octets - skip)
            length += segment.octets - skip
    return at + length


@kernel
def assemble(segments, order, groups, sides, arena, out, marks):
    """Join both directions of every TCP group into `out`, and note which look like TLS."""
    at = 0
    for g in range(groups.size):
        row = groups[g]
        if row.proto != TCP:
            continue
        base = sides[2 * row.flow].base
        row.a_at = at
        at = join(segments, order, row.first, row.split, base, arena, out, at, marks)
        row.a_end = at
        row.b_at = at
        base = sides[2 * row.flow + 1].base
        at = join(segments, order, row.split, row.last, base, arena, out, at, marks)
        row.b_end = at


@kernel
def look(groups, flows, out):
    """Note for every TCP group how much it looks like TLS."""
    for g in range(groups.size):
        row = groups[g]
        row.looks = 0
        if row.proto == TCP:
            if flows[row.flow].orig:
                row.looks = tls.is_tls(out, row.b_at, row.b_end, row.a_at, row.a_end)
            else:
                row.looks = tls.is_tls(out, row.a_at, row.a_end, row.b_at, row.b_end)


@kernel
def mark_of(order, marks, first, last, offset):
    """The number of the segment that gave the octet at `offset` of its stream, -1 for none."""
    found = np.int64(-1)
    for k in range(first, last):
        if 0 <= marks[k] <= offset:
            found = order[k]
    return found


@kernel
def frame_of(segments, order, marks, first, last, base, offset):
    """The frame that brought the octet at `offset` of `out`, 0 for none; `base` is where the stream begins there."""
    if offset < 0:
        return np.int64(0)
    found = mark_of(order, marks, first, last, offset - base)
    return segments[found].frame if found >= 0 else np.int64(0)


@kernel
def sessions(out, groups, picked, begun, flows, segments, order, marks, work, strings, lists, ders, t, done):
    """Read the TLS sessions of `groups[picked[begun:]]` into the rows `done…` of the tables `t`.

    Returns (position to go on from, rows written in all): all are read when the position is picked.size, else the
    strings, the certificates or the tables must grow first.
    """
    for k in range(begun, picked.size):
        if done >= t.rows.size:
            return k, done
        g = groups[picked[k]]
        row = t.rows[done]
        if flows[g.flow].orig:
            c_at, c_end, s_at, s_end = g.b_at, g.b_end, g.a_at, g.a_end
            c_first, c_last, s_first, s_last = g.split, g.last, g.first, g.split
        else:
            c_at, c_end, s_at, s_end = g.a_at, g.a_end, g.b_at, g.b_end
            c_first, c_last, s_first, s_last = g.first, g.split, g.split, g.last
        if not tls.session(
            out, c_at, c_end, s_at, s_end, work, strings, lists, ders, row, t.chains[done], t.types[done],
            t.lengths[done],
        ):  # fmt: skip
            return k, done
        row.flow = g.flow
        row.via = 0
        frames = t.frames[done]
        frames[0] = frame_of(segments, order, marks, c_first, c_last, c_at, row.client_at)
        frames[1] = frame_of(segments, order, marks, s_first, s_last, s_at, row.server_at)
        frames[2] = frame_of(segments, order, marks, s_first, s_last, s_at, row.certificate_at)
        if row.alert_side:
            frames[3] = frame_of(segments, order, marks, s_first, s_last, s_at, row.alert_at)
        else:
            frames[3] = frame_of(segments, order, marks, c_first, c_last, c_at, row.alert_at)
        begin = mark_of(order, marks, c_first, c_last, max(row.client_at - c_at, 0))
        if begin < 0:
            begin = mark_of(order, marks, s_first, s_last, 0)
        t.times[done, 0] = segments[begin].ts_ns if begin >= 0 else -1
        t.times[done, 1] = -1
        if row.server_at >= 0:
            answer = mark_of(order, marks, s_first, s_last, row.server_at - s_at)
            t.times[done, 1] = segments[answer].ts_ns if answer >= 0 else -1
        done += 1
    return picked.size, done


@kernel
def waiting(segments, order, groups, over):
    """Octets and segments that the groups which are not `over` hold."""
    octets = 0
    count = 0
    for g in range(groups.size):
        if not over[g]:
            for k in range(groups[g].first, groups[g].last):
                octets += segments[order[k]].octets
                count += 1
    return octets, count


@kernel
def keep_back(order, groups, over, keep):
    """Mark in `keep` (bool, one per segment) the segments of the groups that are not `over`."""
    for g in range(groups.size):
        if not over[g]:
            for k in range(groups[g].first, groups[g].last):
                keep[order[k]] = True


@kernel
def move_to_front(segments, keep, arena):
    """Move the marked segments, and their octets, to the front in order of arrival: (segments, octets) left."""
    count = 0
    at = 0
    for k in range(keep.size):
        if not keep[k]:
            continue
        segment = segments[k]
        copy(arena, at, arena, segment.at, segment.octets)
        segment.at = at
        at += segment.octets
        segments[count] = segment
        count += 1
    return count, at
