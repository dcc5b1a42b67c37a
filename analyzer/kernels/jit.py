"""How kernels are compiled: the one place that names Numba's flags, and where machine code is kept.

Numba is only imported where something must be compiled; else the machine code comes from files in the user's cache
folder, which starts a run half a second earlier. The folder's name is a digest of all kernel sources, of the versions
and of the bounds-check switch. Bounds checks are compiled in unless ANALYZER_BOUNDSCHECK=0: captures are hostile. Where
no folder can be written, kernels are compiled anew in every run.
"""

from __future__ import annotations

import functools
import hashlib
import os
import sys
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any

import numpy as np

from analyzer.kernels import intrinsics
from analyzer.kernels.native import Code, bind, processor, shape

Function = Callable[..., Any]

BOUNDSCHECK = os.environ.get("ANALYZER_BOUNDSCHECK", "1") != "0"
PLAIN = os.environ.get("NUMBA_DISABLE_JIT", "0") != "0"


def _digest() -> str:
    """A digest of what decides the machine code: all kernel sources, switches, versions, the processor."""
    here = Path(__file__).parent
    versions = [np.__version__, _version("numba"), _version("llvmlite")]
    digest = hashlib.sha256(f"{BOUNDSCHECK} {sys.version} {processor()} {versions}".encode())
    for source in sorted(here.glob("*.py")):
        digest.update(source.name.encode() + source.read_bytes())
    return digest.hexdigest()[:16]


def _version(package: str) -> str:
    """What tells versions of a package apart, without importing it, or importlib.metadata (20 ms)."""
    spec = find_spec(package)
    return Path(spec.origin).with_name("_version.py").read_text() if spec and spec.origin else ""


def _home() -> Path:
    """The user's home; root's own where sudo left that of its caller, whose files root does not run."""
    home = Path.home()
    theirs = os.getuid() == 0 and home.exists() and home.stat().st_uid != 0
    return Path("~root").expanduser() if theirs else home


@functools.cache
def cache_folder() -> Path | None:
    """A folder of the user's own in which machine code is kept, None where none can be written."""
    root = os.environ.get("XDG_CACHE_HOME") or str(_home() / ".cache")
    folder = Path(root) / "plant-capture-analyzer" / f"kernels-{_digest()}"
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not os.access(folder, os.W_OK | os.X_OK) or folder.stat().st_uid != os.getuid():
            return None  # machine code of somebody else is not run
    except OSError:
        return None
    return folder


def must_compile() -> bool:
    """Whether kernels have yet to be compiled: the cache is empty, or there is none."""
    folder = cache_folder()
    return not PLAIN and (folder is None or not any(folder.glob("*.o")))


class Kernel:
    """A function that runs as machine code: from the cache on disk, else compiled by Numba on its first call."""

    everyone: list[Kernel] = []  # noqa: RUF012 - all kernels, for those that call each other are compiled together

    def __init__(self, function: Function, inline: str, instead: Callable[[], Function] | None = None) -> None:
        self.function = function
        self.inline = inline
        self.instead = instead
        self.bound: dict[Any, Callable[[tuple[Any, ...]], Any]] = {}
        self.everyone.append(self)
        functools.update_wrapper(self, function)

    def __call__(self, *arguments: Any) -> Any:
        """Run it; IndexError where it would leave an array."""
        kinds = shape(arguments)
        run = self.bound.get(kinds)
        if run is None:
            run = self.bound[kinds] = bind(self._code(kinds, arguments))
        return run(arguments)

    def _code(self, kinds: Any, arguments: tuple[Any, ...]) -> Code:
        """The machine code for arguments of these kinds."""
        folder = cache_folder()
        if folder is None:
            return self.compile(arguments)
        name = f"{self.function.__module__}.{self.function.__name__}"
        digest = hashlib.sha256(repr(kinds).encode() + _elsewhere(self.function))
        path = folder / f"{name}-{digest.hexdigest()[:16]}.o"
        code = Code.load(path)
        if code is None:
            code = self.compile(arguments)
            code.save(path)
        return code

    def compile(self, arguments: tuple[Any, ...]) -> Code:
        """Compile it for arguments like these."""
        dispatcher = _dispatchers()[self]
        import numba  # noqa: PLC0415 - see the module's docstring

        types = tuple(numba.typeof(argument) for argument in arguments)
        dispatcher.compile(types)
        compiled = dispatcher.overloads[types]
        returns = compiled.signature.return_type
        members = () if returns == numba.types.none else getattr(returns, "types", (returns,))
        letters = "".join("b" if member == numba.types.boolean else "i" for member in members)
        return Code(compiled.fndesc.llvm_func_name, letters, compiled.library._get_compiled_object())  # noqa: SLF001


def _elsewhere(function: Function) -> bytes:
    """The source of a kernel that does not stand in this folder, as those of tests, which `_digest` leaves out."""
    path = Path(function.__code__.co_filename)
    return path.read_bytes() if path.parent != Path(__file__).parent and path.is_file() else b""


@functools.cache
def _dispatchers() -> dict[Kernel, Any]:
    """Numba's view of every kernel, in which kernels that call each other see each other.

    `_nrt=False` and the wrappers left out are private to Numba, hence the pin. Without the former each call counts
    references of every array argument, which made the sweep of small frames 3.8 times slower (bench: industrial).
    tests/kernels/test_jit.py holds both.
    """
    import numba  # noqa: PLC0415 - see the module's docstring

    # copies, so that modules go on to see kernels that Python can call
    views = {one.function.__module__: ModuleType(one.function.__module__) for one in Kernel.everyone}
    for name, view in views.items():
        vars(view).update(vars(sys.modules[name]))
    made = {
        one: numba.njit(  # type: ignore[call-overload]  # Numba's types do not list its private options
            nogil=True,
            _nrt=False,
            boundscheck=BOUNDSCHECK,
            error_model="numpy",
            inline=one.inline,
            no_cpython_wrapper=True,
            no_cfunc_wrapper=True,
        )(_machine(one, vars(views[one.function.__module__])))
        for one in Kernel.everyone
    }
    for view in views.values():
        for name, value in list(vars(view).items()):
            if isinstance(value, Kernel):
                setattr(view, name, made[value])
            elif isinstance(value, ModuleType):
                setattr(view, name, views.get(value.__name__, value))
    return made


def _machine(one: Kernel, view: dict[str, Any]) -> FunctionType:
    """What is compiled for a kernel: its function with the globals of a view, or the code that stands for it."""
    made: Any = one.instead() if one.instead else one.function
    function = FunctionType(made.__code__, view, one.function.__name__, None, made.__closure__)
    function.__qualname__ = one.function.__qualname__
    return function


class Row(np.record):  # type: ignore[misc]  # NumPy's stubs call it final; at run time it is made for this
    """A record whose fields are its attributes, whatever they are called, and whose integers are wide, as for Numba."""

    def __getattribute__(self, name: str) -> Any:
        if name in super().__getattribute__("dtype").names:
            value = self[name]
            return np.int64(value) if isinstance(value, np.integer) else value
        return super().__getattribute__(name)

    def __setattr__(self, name: str, value: Any) -> None:
        self[name] = value


def _records(value: Any) -> Any:
    """An argument whose records are rows."""
    if isinstance(value, np.ndarray):
        return value.view(np.dtype((Row, value.dtype))) if value.dtype.names else value
    if isinstance(value, tuple):
        made = [_records(member) for member in value]
        return type(value)(*made) if hasattr(value, "_fields") else tuple(made)
    return value


def _plain(function: Function) -> Function:
    """The function uncompiled, for tests that step through it: integers wrap in silence, as machine code does."""

    @functools.wraps(function)
    def run(*arguments: Any) -> Any:
        with np.errstate(over="ignore"):
            return function(*_records(arguments))

    return run


def kernel(function: Function) -> Function:
    """Compile `function` on its first call; it releases the GIL, allocates nothing and counts no references."""
    return _plain(function) if PLAIN else Kernel(function, "never")


def inlined(function: Function) -> Function:
    """Like `kernel`, and its code is copied into its callers: for what is called per frame and takes many tables."""
    return _plain(function) if PLAIN else Kernel(function, "always")


def loads(width: int, order: str) -> Callable[[Function], Function]:
    """Like `kernel`, for a function (octets, at) that reads `width` octets (2, 4, 8) in `order` ("big", "little").

    Machine code does it in one instruction with one check of the bounds, where the function's own would check each
    octet; the function is what is run uncompiled.
    """
    return _instead(lambda: intrinsics.load(width, order, bounds=BOUNDSCHECK))


def stores(width: int, order: str) -> Callable[[Function], Function]:
    """Like `loads`, for a function (octets, at, number) that writes the lowest `width` octets of a number."""
    return _instead(lambda: intrinsics.store(width, order, bounds=BOUNDSCHECK))


def moves(function: Function) -> Function:
    """Like `loads`, for a function (out, to, octets, at, count) that copies octets, of the same array it may be."""
    return _instead(lambda: intrinsics.move(bounds=BOUNDSCHECK))(function)


def crosses(function: Function) -> Function:
    """Like `loads`, for a function (one, other) that folds a product of 128 bit."""
    return _instead(intrinsics.crossed)(function)


def _instead(make: Callable[[], Function]) -> Callable[[Function], Function]:
    """A kernel of which other machine code is made than of its function."""
    return lambda function: _plain(function) if PLAIN else Kernel(function, "never", make)
