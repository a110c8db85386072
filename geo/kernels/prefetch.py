"""Ask the processor for memory before it is needed."""

from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic


@intrinsic
def _prefetch(_typing: Any, array: Any, _index: Any) -> Any:

    def write(context: Any, builder: Any, signature: Any, given: Any) -> Any:
        view = context.make_array(signature.args[0])(context, builder, given[0])
        byte = ir.IntType(8).as_pointer()
        number = ir.IntType(32)
        kind = ir.FunctionType(ir.VoidType(), [byte, number, number, number])
        hint = builder.module.declare_intrinsic("llvm.prefetch", [byte], kind)
        place = builder.bitcast(builder.gep(view.data, [given[1]]), byte)
        for_reading, keep, data = number(0), number(3), number(1)
        builder.call(hint, [place, for_reading, keep, data])
        return context.get_dummy_value()

    return types.void(array, types.int64), write


prefetch: Any = _prefetch
"""Fetch what surrounds one element of a flat array into the cache.

For compiled loops. It changes no value, and the index may lie off the array: nothing
is read, a hint is given. A loop that jumps about on a grid of many millions of cells
otherwise waits for nearly every cell.
"""
