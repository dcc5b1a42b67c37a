"""The door of the family: a check for every kind of rule, and a kind for every check."""

import pkgutil

from analyzer.judging import checks
from analyzer.packformat import KINDS
from analyzer.rulepack import shipped


def test_every_kind_of_rule_has_its_check():
    """What a pack may write, a module judges; nothing is listed twice."""
    assert set(checks.BY_KIND) == set(KINDS)
    assert len(checks.CHECKS) == len(checks.BY_KIND)


def test_every_module_of_the_folder_is_listed():
    """A module that no line of the tuple names would judge nothing."""
    modules = {module.name for module in pkgutil.iter_modules(checks.__path__)}
    assert {check.__name__.rpartition(".")[2] for check in checks.CHECKS} == modules
    assert {check.KIND.replace("-", "_") for check in checks.CHECKS} == modules


def test_what_asks_for_answers_comes_after_them():
    """A step that other rules answer comes later than each kind that the shipped packs let answer it."""
    for pack in shipped():
        for rule in pack.rules:
            if rule.kind == "checklist":
                kinds = {found.kind for found in pack.select(rule.options["answered_by"])} - {"checklist"}
                assert all(checks.BY_KIND[kind].LAST < checks.BY_KIND["checklist"].LAST for kind in kinds)
