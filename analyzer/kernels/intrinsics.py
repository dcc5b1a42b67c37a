"""What kernels do with several octets at once, as machine code: a check of the bounds, and an instruction or a call.

So is what they do with products of 128 bit, which Numba has no type for.
Each makes a function for Numba to compile, which is the only one that may import it; see kernels/jit.py.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

Function = Callable[..., Any]


def load(width: int, order: str, *, bounds: bool) -> Function:
    """A function (octets, at) that loads an integer of `width` octets in `order`, as an int64."""
    from llvmlite import ir  # noqa: PLC0415 - see kernels/jit.py
    from numba.core import types  # noqa: PLC0415
    from numba.extending import intrinsic  # noqa: PLC0415

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        octets, at = arguments
        place = _place(context, builder, signature.args[0], octets, at, ir.Constant(at.type, width), bounds=bounds)
        number = builder.load(builder.bitcast(place, ir.IntType(8 * width).as_pointer()), align=1)
        if order != sys.byteorder:
            number = builder.bswap(number)
        return number if width == 8 else builder.zext(number, ir.IntType(64))

    def typed(_: Any, octets: Any, at: Any) -> Any:  # noqa: ARG001 - Numba casts what comes as `at` to int64
        return types.int64(octets, types.int64), generate

    call: Any = intrinsic(typed)
    return lambda octets, at: call(octets, at)  # noqa: PLW0108 - Numba compiles functions, not intrinsics


def store(width: int, order: str, *, bounds: bool) -> Function:
    """A function (octets, at, number) that stores the lowest `width` octets of a number in `order`."""
    from llvmlite import ir  # noqa: PLC0415
    from numba.core import types  # noqa: PLC0415
    from numba.extending import intrinsic  # noqa: PLC0415

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        octets, at, number = arguments
        place = _place(context, builder, signature.args[0], octets, at, ir.Constant(at.type, width), bounds=bounds)
        narrow = ir.IntType(8 * width)
        number = builder.trunc(number, narrow) if width < 8 else number
        if order != sys.byteorder:
            number = builder.bswap(number)
        builder.store(number, builder.bitcast(place, narrow.as_pointer()), align=1)
        return context.get_dummy_value()

    def typed(_: Any, octets: Any, at: Any, number: Any) -> Any:  # noqa: ARG001
        return types.none(octets, types.int64, types.int64), generate

    call: Any = intrinsic(typed)
    return lambda octets, at, number: call(octets, at, number)  # noqa: PLW0108


def move(*, bounds: bool) -> Function:
    """A function (out, to, octets, at, count) that copies octets, fewer than one of them being none."""
    from llvmlite import ir  # noqa: PLC0415
    from numba.core import cgutils, types  # noqa: PLC0415
    from numba.extending import intrinsic  # noqa: PLC0415

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        out, to, octets, at, count = arguments
        with builder.if_then(builder.icmp_signed(">", count, ir.Constant(count.type, 0))):
            target = _place(context, builder, signature.args[0], out, to, count, bounds=bounds)
            source = _place(context, builder, signature.args[2], octets, at, count, bounds=bounds)
            cgutils.raw_memmove(builder, target, source, count, 1)
        return context.get_dummy_value()

    def typed(_: Any, out: Any, to: Any, octets: Any, at: Any, count: Any) -> Any:  # noqa: ARG001
        return types.none(out, types.int64, octets, types.int64, types.int64), generate

    call: Any = intrinsic(typed)
    return lambda out, to, octets, at, count: call(out, to, octets, at, count)  # noqa: PLW0108


def crossed() -> Function:
    """A function (one, other) of 64 bit integers: the halves of their product, one xor the other, as an int64."""
    from llvmlite import ir  # noqa: PLC0415
    from numba.core import types  # noqa: PLC0415
    from numba.extending import intrinsic  # noqa: PLC0415

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:  # noqa: ARG001
        wide = ir.IntType(128)
        product = builder.mul(*(builder.zext(argument, wide) for argument in arguments))
        high = builder.lshr(product, ir.Constant(wide, 64))
        return builder.trunc(builder.xor(product, high), ir.IntType(64))

    def typed(_: Any, one: Any, other: Any) -> Any:  # noqa: ARG001
        return types.int64(types.int64, types.int64), generate

    call: Any = intrinsic(typed)
    return lambda one, other: call(one, other)  # noqa: PLW0108


def _place(context: Any, builder: Any, kind: Any, octets: Any, at: Any, count: Any, *, bounds: bool) -> Any:
    """Where the octets from `at` on stand; the kernel ends with an IndexError where `count` of them leave the array."""
    from llvmlite import ir  # noqa: PLC0415
    from numba.core import cgutils  # noqa: PLC0415

    array = context.make_array(kind)(context, builder, octets)
    if bounds:
        last = builder.sub(cgutils.unpack_tuple(builder, array.shape, 1)[0], count)
        outside = builder.or_(builder.icmp_signed("<", at, ir.Constant(at.type, 0)), builder.icmp_signed(">", at, last))
        with builder.if_then(outside, likely=False):
            context.call_conv.return_user_exc(builder, IndexError, ("index is out of bounds",))
    return builder.gep(array.data, [at])
