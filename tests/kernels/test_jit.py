import os
import subprocess
import sys
from pathlib import Path

import llvmlite.binding as llvm
import numpy as np
import pytest

from analyzer.kernels.jit import PLAIN, Kernel, Row
from analyzer.kernels.native import Code, processor
from analyzer.kernels.octets import be16
from analyzer.kernels.sweep import sweep

ROOT = Path(__file__).resolve().parent.parent.parent
CALL = "import numpy as np; from analyzer.kernels.octets import be16; print(be16(np.array([1, 2], np.uint8), {at}))"
HASH = "import numpy as np; from analyzer.kernels.strings import hash_octets; print(hash_octets(np.arange(9), 0, 9, 5))"

compiled = pytest.mark.skipif(PLAIN, reason="kernels are not compiled in this run")


def run(at=0, **environment):
    """Call one kernel in a process of its own."""
    told = {**os.environ, "PYTHONPATH": str(ROOT), "NUMBA_DISABLE_JIT": "0", **environment}
    return subprocess.run(
        [sys.executable, "-c", CALL.format(at=at)], env=told, capture_output=True, text=True, check=False
    )


@compiled
def test_kernels_count_no_references():
    """The private option that leaves Numba's run time out still does: its machine code names none of it."""
    assert isinstance(be16, Kernel)
    code = be16.compile((np.zeros(2, np.uint8), 0))
    assert b"be16" in code.octets
    assert b"NRT_" not in code.octets


@compiled
def test_a_kernel_keeps_its_name_and_its_documentation():
    """What `help` shows of a kernel is what its author wrote."""
    assert be16.__name__ == "be16"
    assert be16.__doc__ == "Two octets in network order."
    assert sweep.__module__ == "analyzer.kernels.sweep"


def test_machine_code_is_kept_in_files_of_the_user(tmp_path):
    """A first run leaves a file that nobody else may read in the cache folder, and a second one uses it as it is."""
    assert run(XDG_CACHE_HOME=str(tmp_path)).stdout == "258\n"
    (folder,) = (tmp_path / "plant-capture-analyzer").iterdir()
    (file,) = folder.iterdir()
    assert folder.stat().st_mode & 0o777 == 0o700
    before = file.stat().st_mtime_ns
    assert run(XDG_CACHE_HOME=str(tmp_path)).stdout == "258\n"
    assert file.stat().st_mtime_ns == before


@compiled
def test_a_kernel_that_was_changed_is_compiled_again(tmp_path):
    """Wherever it stands: else a test of machine code would go on to test what it was."""
    told = {**os.environ, "PYTHONPATH": f"{ROOT}:{tmp_path}", "NUMBA_DISABLE_JIT": "0", "XDG_CACHE_HOME": str(tmp_path)}
    for answer in ("1", "2"):
        text = f"from analyzer.kernels.jit import kernel\n@kernel\ndef own(number):\n    return number + {answer}\n"
        (tmp_path / "changed.py").write_text(text)
        words = [sys.executable, "-Bc", "import changed; print(changed.own(0))"]
        assert subprocess.run(words, env=told, capture_output=True, text=True, check=True).stdout == f"{answer}\n"


@compiled
def test_machine_code_is_kept_apart_by_processor(tmp_path):
    """What was compiled for one that can do more would be an illegal instruction on another that shares the folder."""
    change = "import analyzer.kernels.native as n; n.processor = lambda: 'another'; "
    told = {**os.environ, "PYTHONPATH": str(ROOT), "NUMBA_DISABLE_JIT": "0", "XDG_CACHE_HOME": str(tmp_path)}
    for words in (CALL.format(at=0), change + CALL.format(at=0)):
        subprocess.run([sys.executable, "-c", words], env=told, check=True, capture_output=True)
    assert len(list((tmp_path / "plant-capture-analyzer").iterdir())) == 2
    assert llvm.get_host_cpu_features().flatten() in processor()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may call itself by another's home")
def test_root_keeps_its_own_where_the_home_is_anothers(tmp_path):
    """As under a sudo that leaves HOME: machine code that another user may write is not run as root."""
    code = "from analyzer.kernels.jit import cache_folder; print(cache_folder())"
    told = {**os.environ, "PYTHONPATH": str(ROOT), "HOME": str(tmp_path), "XDG_CACHE_HOME": ""}
    for owner, where in ((0, tmp_path), (1, Path("~root").expanduser())):
        os.chown(tmp_path, owner, -1)
        done = subprocess.run([sys.executable, "-c", code], env=told, capture_output=True, text=True, check=True)
        assert done.stdout.startswith(f"{where}/.cache/")


@pytest.mark.parametrize("damaged", [b"", b"\xff\xff\xff\xff", b"\x03\0\0\0abc"])
def test_a_damaged_file_is_made_anew(tmp_path, damaged):
    """What cannot be read as machine code of ours is compiled again."""
    run(XDG_CACHE_HOME=str(tmp_path))
    (file,) = (tmp_path / "plant-capture-analyzer").rglob("*.o")
    file.write_bytes(damaged)
    assert run(XDG_CACHE_HOME=str(tmp_path)).stdout == "258\n"
    assert Code.load(file) is not None


def test_without_a_folder_to_write_kernels_run_all_the_same(tmp_path):
    """Where no cache folder can be made the kernel is compiled and runs."""
    nowhere = tmp_path / "file"
    nowhere.write_bytes(b"")
    assert run(XDG_CACHE_HOME=str(nowhere)).stdout == "258\n"


def test_bounds_checks_have_machine_code_of_their_own(tmp_path):
    """The switch that leaves bounds checks out neither takes nor spoils what was compiled with them."""
    assert "IndexError" in run(at=1, XDG_CACHE_HOME=str(tmp_path)).stderr
    assert run(XDG_CACHE_HOME=str(tmp_path), ANALYZER_BOUNDSCHECK="0").stdout == "258\n"
    assert len(list((tmp_path / "plant-capture-analyzer").iterdir())) == 2
    assert "IndexError" in run(at=1, XDG_CACHE_HOME=str(tmp_path)).stderr


def test_uncompiled_kernels_give_the_same(tmp_path):
    """NUMBA_DISABLE_JIT runs the Python as it is written, and writes no machine code."""
    assert run(XDG_CACHE_HOME=str(tmp_path), NUMBA_DISABLE_JIT="1").stdout == "258\n"
    assert not list(tmp_path.rglob("*.o"))


def test_integers_wrap_in_silence(tmp_path):
    """Unsigned products wrap in a kernel, compiled or not, to the same number and without a warning."""
    told = {**os.environ, "PYTHONPATH": str(ROOT), "XDG_CACHE_HOME": str(tmp_path)}
    numbers = [
        subprocess.run(
            [sys.executable, "-W", "error", "-c", HASH],
            env={**told, "NUMBA_DISABLE_JIT": plain},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for plain in "01"
    ]
    assert numbers[0] == numbers[1] != ""


def test_rows_have_their_fields_as_wide_attributes():
    """A field that is called like an attribute of NumPy is the field; small integers do not wrap."""
    table = np.zeros(1, [("flags", "u1"), ("base", "u4")]).view(np.dtype((Row, [("flags", "u1"), ("base", "u4")])))
    row = table[0]
    row.flags = 0x12
    row.base = 1
    assert table["flags"].tolist() == [0x12]
    assert row.flags & 0x02 == 0x02
    assert row.base - 2 == -1
