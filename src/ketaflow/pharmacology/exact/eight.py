"""Eight people at a time: one processor register holds the same number of eight persons.

Numba has no such type of its own. Everything here is one line of arithmetic on all eight; no lane
ever sees its neighbours.
"""

from typing import Any

from llvmlite import ir
from numba.core import types
from numba.core.datamodel import models
from numba.extending import intrinsic, register_model
from numba.np.arrayobj import make_array

PEOPLE = 8
REGISTER = ir.VectorType(ir.DoubleType(), PEOPLE)
# A fused multiply-add rounds once where two steps would round twice.
FUSED = ("contract",)


class Eight(types.Type):  # type: ignore[misc]
    """The same number of eight persons."""

    def __init__(self) -> None:
        super().__init__(name="Eight")


eight = Eight()


@register_model(Eight)
class EightModel(models.PrimitiveModel):  # type: ignore[misc]
    """Held in one register."""

    def __init__(self, dmm: Any, fe_type: Any) -> None:
        super().__init__(dmm, fe_type, REGISTER)


def _place(context: Any, builder: Any, kind: Any, array: Any, slot: Any) -> Any:
    """Address of the eight numbers in `slot` of a flat array."""
    data = make_array(kind)(context, builder, array).data
    first = builder.mul(slot, ir.Constant(slot.type, PEOPLE))
    return builder.bitcast(builder.gep(data, [first]), REGISTER.as_pointer())


@intrinsic
def load(_: Any, array: Any, slot: Any) -> Any:
    """The eight numbers in `slot` of a flat array."""

    def write(context: Any, builder: Any, signature: Any, told: Any) -> Any:
        place = _place(context, builder, signature.args[0], told[0], told[1])
        return builder.load(place, align=8)

    return eight(array, types.intp), write


@intrinsic
def store(_: Any, array: Any, slot: Any, numbers: Any) -> Any:
    """Put eight numbers into `slot` of a flat array."""

    def write(context: Any, builder: Any, signature: Any, told: Any) -> Any:
        place = _place(context, builder, signature.args[0], told[0], told[1])
        builder.store(told[2], place, align=8)
        return context.get_dummy_value()

    return types.void(array, types.intp, numbers), write


@intrinsic
def same(_: Any, number: Any) -> Any:
    """One number for all eight."""

    def write(context: Any, builder: Any, signature: Any, told: Any) -> Any:
        return _everywhere(builder, told[0])

    return eight(types.float64), write


def _everywhere(builder: Any, number: Any) -> Any:
    """`number` in every lane."""
    one = builder.insert_element(
        ir.Constant(REGISTER, ir.Undefined), number, ir.Constant(ir.IntType(32), 0)
    )
    zeros = ir.Constant(ir.VectorType(ir.IntType(32), PEOPLE), [0] * PEOPLE)
    return builder.shuffle_vector(one, one, zeros)


@intrinsic
def plus(_: Any, one: Any, other: Any) -> Any:
    """`one + other`."""

    def write(context: Any, builder: Any, signature: Any, told: Any) -> Any:
        return builder.fadd(told[0], told[1], flags=FUSED)

    return eight(one, other), write


@intrinsic
def times(_: Any, one: Any, other: Any) -> Any:
    """`one * other`."""

    def write(context: Any, builder: Any, signature: Any, told: Any) -> Any:
        return builder.fmul(told[0], told[1], flags=FUSED)

    return eight(one, other), write


@intrinsic
def more(_: Any, total: Any, one: Any, other: Any) -> Any:
    """`total + one * other`."""

    def write(context: Any, builder: Any, signature: Any, told: Any) -> Any:
        product = builder.fmul(told[1], told[2], flags=FUSED)
        return builder.fadd(told[0], product, flags=FUSED)

    return eight(total, one, other), write
