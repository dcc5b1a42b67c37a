"""Rates against what is granted."""

from tests.builders.site import EDGE, PUBLIC, STORE, Scene, because, codes, outcome


def plant(service, upload):
    """An Edge with one machine, two minutes long."""
    scene = Scene()
    scene.poll(EDGE, "10.7.0.21", service, {"focas": 8193, "modbus": 502}[service])
    scene.tls(EDGE, PUBLIC, STORE, orig_octets=upload)
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
