"""The log of rates, in order of time, becomes rows in order of flow and bin, or octets per bin."""

from __future__ import annotations

from analyzer.kernels.jit import kernel


@kernel
def by_flow(log, ends, order):
    """Write to `order` the rows of `log` sorted by flow, each flow's in their own order (a counting sort).

    ends  i64[flows + 1]  in: zeros; out: where each flow's rows begin in `order`
    """
    for k in range(log.size):
        ends[log[k].flow + 1] += 1
    for flow in range(1, ends.size):
        ends[flow] += ends[flow - 1]
    for k in range(log.size):
        flow = log[k].flow
        order[ends[flow]] = k
        ends[flow] += 1
    for flow in range(ends.size - 1, 0, -1):
        ends[flow] = ends[flow - 1]
    ends[0] = 0


@kernel
def merge(log, bin_ns, last, out):
    """Write the log as bins of `bin_ns` would have made it to `out`, which may be the log: (rows, steps back).

    last  i64[flows]  in: -1 each; out: each flow's last row in `out`
    A flow's row replaces the one before in the same bin. Steps back are rows of an earlier bin than the one before.
    """
    written = 0
    back = 0
    for k in range(log.size):
        row = log[k]
        flow = row.flow
        begin = row.bin - row.bin % bin_ns
        a, b = row.a_octets, row.b_octets
        at = last[flow]
        if at < 0 or out[at].bin != begin:
            if at >= 0 and out[at].bin > begin:
                back += 1
            at = written
            last[flow] = at
            written += 1
        into = out[at]
        into.flow = flow
        into.bin = begin
        into.a_octets = a
        into.b_octets = b
    return written, back


@kernel
def spread(log, order, ends, flows, sides, into_flow, into_bin, into_orig, into_resp):
    """Write what each flow sent in each bin, in order of flow: flow, begin of the bin, octets each way; returns rows.

    The flow's own totals (FLOW, SIDE) close its last bin, which is not in the log. A bin that time came back to has
    several rows.
    """
    written = 0
    for flow in range(flows.size):
        a_before = 0
        b_before = 0
        for k in range(ends[flow], ends[flow + 1] + 1):
            if k < ends[flow + 1]:
                row = log[order[k]]
                begin, a_now, b_now = row.bin, row.a_octets, row.b_octets
            else:
                begin, a_now, b_now = flows[flow].bin, sides[2 * flow].octets, sides[2 * flow + 1].octets
            if a_now == a_before and b_now == b_before:
                continue
            into_flow[written] = flow
            into_bin[written] = begin
            by_b = flows[flow].orig == 1
            into_orig[written] = b_now - b_before if by_b else a_now - a_before
            into_resp[written] = a_now - a_before if by_b else b_now - b_before
            written += 1
            a_before = a_now
            b_before = b_now
    return written
