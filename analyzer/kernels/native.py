"""Machine code of kernels: kept in files, loaded without Numba, called with NumPy arrays.

Numba's calling convention is used as it is: a function takes a pointer for what it returns, one for an error, then
each argument flat: an array as (meminfo, parent, items, octets an item, data, shape…, strides…), a tuple as its
members one by one; it returns 0, or -2 where it returns None, or another number where it raised.
"""

from __future__ import annotations

import ctypes
import functools
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

RETURNED = (0, -2)
RETURNS = {"i": ctypes.c_int64, "b": ctypes.c_int8}


class Code(NamedTuple):
    """A compiled function: its symbol, what it returns ("" nothing, "i" an integer, "ib" a tuple of …), its object."""

    symbol: str
    returns: str
    octets: bytes

    def save(self, path: Path) -> None:
        """Write it to a file; whoever reads sees all of it or nothing."""
        head = f"{self.symbol}\n{self.returns}\n".encode()
        part = path.with_suffix(f".{np.random.default_rng().integers(1 << 60)}")
        part.write_bytes(struct.pack("<I", len(head)) + head + self.octets)
        part.replace(path)

    @classmethod
    def load(cls, path: Path) -> Code | None:
        """What `save` wrote; None where there is no such file or it is damaged."""
        try:
            whole = path.read_bytes()
            (length,) = struct.unpack_from("<I", whole)
            symbol, returns, _ = whole[4 : 4 + length].decode().split("\n")
        except (OSError, ValueError, struct.error):
            return None
        return cls(symbol, returns, whole[4 + length :])


def flatten(value: Any) -> list[int]:
    """An argument as the integers that a kernel takes."""
    if isinstance(value, np.ndarray):
        return [0, 0, value.size, value.itemsize, value.ctypes.data, *value.shape, *value.strides]
    if isinstance(value, tuple):
        return [number for member in value for number in flatten(member)]
    return [int(value)]


def shape(value: Any) -> Any:
    """What of an argument decides the machine code: kinds, dtypes and dimensions, as something to compare."""
    if isinstance(value, np.ndarray):
        return value.dtype, value.ndim, value.flags.c_contiguous, value.flags.writeable
    if isinstance(value, tuple):
        return type(value).__name__, tuple(shape(member) for member in value)
    return "int"


def processor() -> str:
    """The processor and what it can do: code that was made for one may not run on another."""
    import llvmlite.binding as llvm  # noqa: PLC0415 - as below

    return f"{llvm.get_process_triple()} {llvm.get_host_cpu_name()} {llvm.get_host_cpu_features().flatten()}"


@functools.cache
def _engine() -> Any:
    """What turns object files into functions of this process."""
    import llvmlite.binding as llvm  # noqa: PLC0415 - half as fast to import as all of Numba, and only where needed

    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    machine = llvm.Target.from_default_triple().create_target_machine()
    return llvm, llvm.create_mcjit_compiler(llvm.parse_assembly(""), machine)


def bind(code: Code) -> Callable[[tuple[Any, ...]], Any]:
    """A function of a tuple of arguments that runs `code`. It raises IndexError where a kernel left an array."""
    llvm, engine = _engine()
    engine.add_object_file(llvm.ObjectFileRef.from_data(code.octets))
    engine.finalize_object()
    address = engine.get_function_address(code.symbol)
    members = [(f"r{k}", RETURNS[letter]) for k, letter in enumerate(code.returns)]
    result = type("Result", (ctypes.Structure,), {"_fields_": members})
    prototypes: dict[int, Any] = {}

    def run(arguments: tuple[Any, ...]) -> Any:
        numbers = flatten(arguments)
        function = prototypes.get(len(numbers))
        if function is None:
            kinds = [ctypes.c_void_p, ctypes.c_void_p, *[ctypes.c_int64] * len(numbers)]
            function = prototypes[len(numbers)] = ctypes.CFUNCTYPE(ctypes.c_int32, *kinds)(address)
        returned, raised = result(), ctypes.c_void_p()
        if function(ctypes.addressof(returned), ctypes.addressof(raised), *numbers) not in RETURNED:
            raise IndexError(f"{code.symbol[:80]}: index is out of bounds")
        values = tuple(getattr(returned, f"r{k}") for k in range(len(code.returns)))
        return values if len(values) > 1 else values[0] if values else None

    return run
