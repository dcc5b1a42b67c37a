"""Rates against what is granted."""

from analyzer.sitefile import Site, SiteHost
from tests.builders.site import BEGIN, EDGE, PUBLIC, UPLOADS, S, Scene, because, codes, outcome


def plant(service, upload):
    """An Edge with one machine, two minutes long."""
    scene = Scene()
    scene.poll(EDGE, "10.7.0.21", service, {"focas": 8193, "modbus": 502}[service])
    scene.tls(EDGE, PUBLIC, UPLOADS, orig_octets=upload, start_ns=BEGIN)
    return scene.judged()


def test_the_row_of_the_machines_class_answers():
    """1 kbps for a Modbus machine, 5 for a FOCAS one; the other row has no machine to speak of."""
    slow, fast = plant("modbus", 40_000), plant("focas", 40_000)
    assert [outcome(slow, rule) for rule in ("mm-rate-up-standard", "mm-rate-up-focas")] == ["fails", "not_observed"]
    assert [outcome(fast, rule) for rule in ("mm-rate-up-standard", "mm-rate-up-focas")] == ["not_observed", "holds"]


def test_one_finding_tells_the_figure():
    """With the rate, the budget, and how it was counted."""
    made = plant("modbus", 40_000)
    assert codes(made) == ["rate-over-budget"]
    assert made.findings[0].title == f"{EDGE}: 2.67 kbps against a budget of 1 kbps"
    assert "at IP length over the whole capture of 2 min" in because(made, "mm-rate-up-standard")
    assert str(made.findings[0].verdict) == "expected"


def test_nobody_to_count_is_not_observed():
    """No browser, no download."""
    assert outcome(plant("modbus", 10), "mm-rate-down-dashboard") == "not_observed"


def site(*classes):
    """An Edge and machines of these classes."""
    machines = [
        SiteHost(f"m{number}", "machine", (f"10.7.0.{20 + number}",), (), name)
        for number, name in enumerate(classes, 1)
    ]
    return Site(hosts=(SiteHost("edge-1", "edge", (EDGE,)), *machines))


def test_two_rules_that_share_a_sum_make_one_finding():
    """9 kbps against 1 and 5: both rows fail, and one host has exceeded them once."""
    scene = Scene(duration_s=300)
    row = scene.tls(EDGE, PUBLIC, UPLOADS, orig_octets=337_500)
    made = scene.judged(site("standard", "focas"))
    assert [outcome(made, rule) for rule in ("mm-rate-up-standard", "mm-rate-up-focas")] == ["fails", "fails"]
    assert [(found.rule, found.title, found.flows) for found in made.findings] == [
        ("mm-rate-up-standard", "edge-1: 9 kbps against a budget of 6 kbps", (row,))
    ]


def test_what_would_tell_stands_beside_too_short_a_capture():
    """Half a minute shows the start of a few connections; the ready dumpcap line is for five minutes and more."""
    scene = Scene(duration_s=30)
    scene.tls(EDGE, PUBLIC, UPLOADS, orig_octets=10**6)
    made = scene.judged(site("standard"))
    assert (outcome(made, "mm-rate-up-standard"), codes(made)) == ("not_observable", [])
    assert "dumpcap -i IFACE -a duration:600" in because(made, "mm-rate-up-standard")


def test_only_what_goes_to_the_cloud_is_upload():
    """Not what comes down, not what machines are asked, not what goes to an undocumented host."""
    scene = Scene(duration_s=300)
    scene.poll(EDGE, "10.7.0.21", "modbus", 502, orig_octets=10**6)
    scene.tls(EDGE, PUBLIC, "files.example", orig_octets=10**6)
    assert outcome(scene.judged(site("standard")), "mm-rate-up-standard") == "not_observed"
    scene.tls(EDGE, PUBLIC, UPLOADS, orig_octets=1000, resp_octets=10**8)
    assert outcome(scene.judged(site("standard")), "mm-rate-up-standard") == "holds"


def bursts(number):
    """An upload of 600 kB in 100 minutes, in so many bursts of equal size: 0.8 kbps in the mean."""
    scene = Scene(duration_s=6000)
    row = scene.tls(EDGE, PUBLIC, UPLOADS, orig_octets=600_000)
    start = scene.rows["rates"].pop()["start_ns"]
    scene.rows["rates"] += [
        {"flow": row, "start_ns": start + burst * 1500 * S, "orig_octets": 600_000 // number, "resp_octets": 0}
        for burst in range(number)
    ]
    return scene.judged(site("standard"))


def test_bursts_that_fill_more_than_one_window_in_twenty_break_a_budget():
    """The 95th percentile of five-minute windows counts as well as the mean; a burst within the rest does not."""
    assert bursts(4).budgets[0].rate.mean_bps == 800
    assert outcome(bursts(4), "mm-rate-up-standard") == "fails"
    scene = Scene(duration_s=36_000)
    scene.tls(EDGE, PUBLIC, UPLOADS, orig_octets=1_000_000)
    assert outcome(scene.judged(site("standard")), "mm-rate-up-standard") == "holds"


def test_each_edge_is_held_against_its_own_machines():
    """One polls a Modbus machine, the other a FOCAS one; the same upload is too much for the first only."""
    scene = Scene(duration_s=300)
    scene.poll(EDGE, "10.7.0.21", "modbus", 502)
    scene.poll("10.7.0.11", "10.7.0.22", "focas", 8193)
    scene.tls(EDGE, PUBLIC, UPLOADS, orig_octets=150_000)
    scene.tls("10.7.0.11", PUBLIC, UPLOADS, orig_octets=150_000)
    made = scene.judged()
    assert [(held.host, held.budget_bps, str(held.outcome)) for held in made.budgets if held.role == "edge"] == [
        (EDGE, 1000, "fails"),
        ("10.7.0.11", 5000, "holds"),
    ]
    assert [outcome(made, rule) for rule in ("mm-rate-up-standard", "mm-rate-up-focas")] == ["fails", "holds"]


def cut(upload, *, named=True, unnamed=True, frames=40):
    """Five minutes of frames that were cut: an upload, and a session whose name was cut off."""
    scene = Scene(duration_s=300, snaplen_cut_frames=frames)
    scene.poll(EDGE, "10.7.0.21", "modbus", 502)
    scene.udp(EDGE, "8.8.8.8", 53)
    if named:
        scene.tls(EDGE, PUBLIC, UPLOADS, orig_octets=upload)
    if unnamed:
        scene.tls(EDGE, PUBLIC, orig_octets=10**6)
    return scene.judged(site("standard"))


def test_names_that_were_cut_off_keep_a_budget_open():
    """It may be the upload that has no name, or all of it; what was cut is said, and what would tell."""
    assert outcome(cut(1000), "mm-rate-up-standard") == "not_observable"
    told = because(cut(1000), "mm-rate-up-standard")
    assert "1 flow without a name in the capture may count as well" in told
    assert told.endswith("dumpcap -i IFACE -s 0 -a duration:3600 -w whole.pcapng")
    assert outcome(cut(0, named=False), "mm-rate-up-standard") == "not_observable"


def test_a_cut_alone_spoils_no_budget():
    """All that could count has its name; look-ups do not count; nothing was cut; too much is too much all the same."""
    assert outcome(cut(1000, unnamed=False), "mm-rate-up-standard") == "holds"
    assert outcome(cut(1000, frames=0), "mm-rate-up-standard") == "holds"
    assert outcome(cut(0, named=False, unnamed=False), "mm-rate-up-standard") == "not_observed"
    assert outcome(cut(10**6), "mm-rate-up-standard") == "fails"
    assert codes(cut(10**6)) == ["rate-over-budget"]


def begun_before(octets):
    """Five minutes of an upload, beside a session that had begun before the capture and sends so much."""
    scene = Scene(duration_s=300)
    scene.poll(EDGE, "10.7.0.21", "modbus", 502)
    scene.tls(EDGE, PUBLIC, UPLOADS, orig_octets=1000)
    scene.tls(EDGE, PUBLIC, orig_octets=octets, midstream=True, orig_syns=0, resp_synacks=0)
    return scene.judged(site("standard"))


def test_what_had_begun_before_counts_as_far_as_it_may():
    """Its name was said earlier: the budget holds where it is kept even with it, and else stays open."""
    assert outcome(begun_before(1000), "mm-rate-up-standard") == "holds"
    assert "0.0535 at most with 1 flow without a name" in because(begun_before(1000), "mm-rate-up-standard")
    assert outcome(begun_before(10**6), "mm-rate-up-standard") == "not_observable"
