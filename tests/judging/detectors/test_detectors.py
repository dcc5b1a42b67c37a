"""What each detector says of itself, and that it is listed."""

from pathlib import Path

import pytest

from analyzer.judging import detectors
from analyzer.judging.codes import CODES
from analyzer.judging.detectors import DETECTORS

STAGES = {"dns", "tcp", "icmp", "tls", "proxy", "http", "udp", "later"}
DOCUMENTED = {
    *("dns-no-answer", "dns-nxdomain", "dns-refused", "dns-servfail", "dns-sinkholed", "dns-rewritten"),
    *("syn-unanswered", "syn-refused", "icmp-prohibited", "icmp-unreachable", "reset-after-hello"),
    *("silent-after-hello", "alert-from-server", "reset-foreign", "proxy-denied", "proxy-auth-required"),
    *("http-block-page", "http-captive-portal", "udp-unanswered", "stalled"),
}


def test_every_module_of_the_folder_is_listed_once():
    """Nothing registers itself."""
    files = {path.stem for path in Path(detectors.__file__).parent.glob("*.py")} - {"__init__"}
    assert sorted(files) == sorted(detector.__name__.rpartition(".")[2] for detector in DETECTORS)


def test_every_code_of_the_published_table_has_a_detector():
    """What users may rely on."""
    assert {detector.CODE for detector in DETECTORS} >= DOCUMENTED


@pytest.mark.parametrize("detector", DETECTORS, ids=lambda detector: detector.CODE)
def test_a_detector_documents_itself(detector):
    """Stage, title, look-alikes, and a docstring with its four parts; the module is named for its code."""
    assert detector.__name__.endswith(f".{detector.CODE.replace('-', '_')}")
    assert detector.STAGE in STAGES
    entry = CODES[detector.CODE]
    assert all((entry.meaning, entry.fact, entry.leans, entry.blind, entry.source, entry.rivals))
    assert "{host}" in detector.TITLE
    assert "{whom}" in detector.TITLE
