"""What the tests of all folders share: programs they need, and the folder of corpora beside the project."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import hypothesis
import pytest

hypothesis.settings.register_profile("house", deadline=None)  # the first call of a kernel compiles it
hypothesis.settings.load_profile("house")

ROOT = Path(__file__).resolve().parent.parent


def pytest_addoption(parser: pytest.Parser) -> None:
    """`make golden` writes the expected results of the sample captures anew."""
    parser.addoption("--write-golden", action="store_true", help="write tests/golden anew")


def _lacks(what: str) -> None:
    """Skip, or fail where REQUIRE_PROGRAMS says that nothing may be skipped for want of a program."""
    if os.environ.get("REQUIRE_PROGRAMS", "") not in ("", "0"):
        pytest.fail(f"{what}, and REQUIRE_PROGRAMS is set")
    pytest.skip(what)


@pytest.fixture
def needs_program() -> Callable[..., None]:
    """To be called with the programs that a test runs: skips it where one is not installed."""

    def needs(*programs: str) -> None:
        missing = [program for program in programs if shutil.which(program) is None]
        if missing:
            _lacks(f"not installed: {', '.join(missing)}")

    return needs


@pytest.fixture
def needs_namespaces(needs_program: Callable[..., None]) -> None:
    """Skips a test where no network namespace can be made (they need root on Linux)."""
    needs_program("unshare", "ip")
    if subprocess.run(["unshare", "--net", "true"], check=False, capture_output=True).returncode:
        _lacks("network namespaces cannot be made here")


@pytest.fixture(scope="session")
def root() -> Path:
    """The project's folder."""
    return ROOT


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of documents and corpora beside the project; skips a test where it is missing."""
    folder = ROOT.parent / "shared"
    if not folder.is_dir():
        pytest.skip("no ../shared beside the project")
    return folder
