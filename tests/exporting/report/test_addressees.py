from analyzer.exporting.report.addressees import ADDRESSEES
from analyzer.judging.codes import CODES


def test_every_code_has_somebody_who_can_change_it():
    """No code of a finding is left out, and none is named that is no more."""
    assert set(CODES) == set(ADDRESSEES)
