from dataclasses import replace

import pytest

from analyzer.observations import Capture, Quality
from analyzer.quality import Grade, grade, measures

CAPTURE = Capture("a.pcap", "pcap", 1_000, 64_000, 1, 2, cut=False, link_types=("Ethernet",))


def graded(quality, capture=CAPTURE):
    return grade(measures(quality, (capture,)), (capture,))


def test_a_capture_that_lacks_nothing_is_good():
    """Frames of other protocols and drops that nobody counted take nothing away."""
    assert graded(Quality(tcp_flows=10, non_ip_frames=500)) is Grade.GOOD


@pytest.mark.parametrize(
    ("quality", "expected"),
    [
        (Quality(kernel_drops=1), Grade.LIMITED),
        (Quality(kernel_drops=500), Grade.POOR),
        (Quality(missed_octets=1), Grade.LIMITED),
        (Quality(one_sided_flows=1, tcp_flows=10), Grade.LIMITED),
        (Quality(one_sided_flows=9, tcp_flows=10), Grade.POOR),
        (Quality(snaplen_cut_frames=1), Grade.LIMITED),
        (Quality(undecoded_frames=1), Grade.GOOD),
        (Quality(undecoded_frames=20), Grade.LIMITED),
        (Quality(unknown_link_frames=900), Grade.POOR),
        (Quality(midstream_flows=1, tcp_flows=10), Grade.GOOD),
        (Quality(midstream_flows=9, tcp_flows=10), Grade.LIMITED),
        (Quality(time_steps_back=1), Grade.LIMITED),
        (Quality(duplicates=500), Grade.GOOD),
        (Quality(nat_twins=3), Grade.GOOD),
        (Quality(reordered_segments=5), Grade.GOOD),
        (Quality(super_frames=5), Grade.GOOD),
        (Quality(checksums=1_000, bad_checksums=5), Grade.GOOD),
        (Quality(checksums=1_000, bad_checksums=50), Grade.LIMITED),
        (Quality(checksums=1_000, bad_checksums=900, partial_checksums=890), Grade.GOOD),
        (Quality(filters=("tcp port 443",)), Grade.LIMITED),
        (Quality(payload_flows=20), Grade.LIMITED),
    ],
)
def test_each_lack_lowers_the_grade_as_far_as_it_spoils_verdicts(quality, expected):
    """A lack is graded by itself, and says what it spoils wherever it is told at all."""
    assert expected is graded(quality)
    told = [measure for measure in measures(quality, (CAPTURE,)) if measure.words and measure.value]
    assert len(told) == 1
    assert told[0].effect


def test_a_few_frames_that_came_back_are_no_habit_of_the_mirror():
    """Bare resets look alike by chance: one frame of a thousand is counted, and not worth a word."""
    assert not [measure for measure in measures(Quality(duplicates=1), (CAPTURE,)) if measure.words and measure.value]


@pytest.mark.parametrize(
    ("quality", "words"),
    [
        (Quality(control_flows=20, missed_octets=1, tcp_flows=20), "openings and closings only"),
        (Quality(payload_flows=20, tcp_flows=20), "no TCP opening"),
        (Quality(filters=("port 53",)), "“port 53”"),
        (Quality(control_flows=20, tcp_flows=20), ""),
        (Quality(control_flows=1, payload_flows=20, tcp_flows=21), ""),
    ],
)
def test_a_filter_is_known_by_what_it_left(quality, words):
    """Openings whose acknowledged data never came, or data without one opening; refused attempts alone are none."""
    (filtered,) = [measure for measure in measures(quality, (CAPTURE,)) if measure.name == "filtered"]
    assert bool(filtered.value) is bool(words)
    assert words in filtered.words


def test_a_cut_capture_is_limited_and_an_empty_one_is_empty():
    """What a file hides after its end is not known; without a frame there is nothing to grade."""
    assert graded(Quality(), replace(CAPTURE, cut=True)) is Grade.LIMITED
    assert graded(Quality(), replace(CAPTURE, packets=0)) is Grade.EMPTY
