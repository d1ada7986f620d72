"""Eight people at a time: one processor register holds the same number of eight persons.

Numba has no such type of its own. Everything here is one line of arithmetic on all eight; no lane
ever sees its neighbours.
"""

from typing import Any

from llvmlite import ir
from numba.core import cgutils, types
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
def item(_: Any, numbers: Any, place: Any) -> Any:
    """One whole number of a flat array; `place` is never below 0, so nobody asks whether it is."""

    def write(context: Any, builder: Any, signature: Any, told: Any) -> Any:
        data = make_array(signature.args[0])(context, builder, told[0]).data
        return builder.load(builder.gep(data, [told[1]]))

    return types.int64(numbers, types.intp), write


@intrinsic
def soon(_: Any, out: Any, place: Any) -> Any:
    """Ask for the memory at `place` of a flat array, which is about to be written."""

    def write(context: Any, builder: Any, signature: Any, told: Any) -> Any:
        data = make_array(signature.args[0])(context, builder, told[0]).data
        spot = builder.bitcast(builder.gep(data, [told[1]]), ir.IntType(8).as_pointer())
        whole = ir.IntType(32)
        kind = ir.FunctionType(ir.VoidType(), [spot.type, whole, whole, whole])
        asked = cgutils.get_or_insert_function(builder.module, kind, "llvm.prefetch.p0")
        builder.call(asked, [spot, whole(1), whole(3), whole(1)])
        return context.get_dummy_value()

    return types.void(out, types.intp), write


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


@intrinsic
def divided(_: Any, one: Any, other: Any) -> Any:
    """`one / other`."""

    def write(context: Any, builder: Any, signature: Any, told: Any) -> Any:
        return builder.fdiv(told[0], told[1])

    return eight(one, other), write


@intrinsic
def larger(_: Any, one: Any, other: Any) -> Any:
    """The larger of the two for each person."""

    def write(context: Any, builder: Any, signature: Any, told: Any) -> Any:
        return builder.select(builder.fcmp_ordered(">", told[0], told[1]), told[0], told[1])

    return eight(one, other), write


@intrinsic
def fell(_: Any, before: Any, now: Any) -> Any:
    """Who was above 0 and is not any more: a whole number with a bit for each person."""

    def write(context: Any, builder: Any, signature: Any, told: Any) -> Any:
        nothing = ir.Constant(REGISTER, [0.0] * PEOPLE)
        above = builder.fcmp_ordered(">", told[0], nothing)
        below = builder.fcmp_ordered("<=", told[1], nothing)
        bits = builder.bitcast(builder.and_(above, below), ir.IntType(PEOPLE))
        return builder.zext(bits, ir.IntType(64))

    return types.int64(before, now), write


@intrinsic
def turned(_: Any, eights: Any, out: Any, first: Any, apart: Any) -> Any:
    """Write eight times eight numbers so that each person's lie side by side.

    Those of the first person go to `first` in the flat array `out`, the next `apart` further on.
    """

    def write(context: Any, builder: Any, signature: Any, told: Any) -> Any:
        rows = [builder.extract_value(told[0], place) for place in range(PEOPLE)]
        data = make_array(signature.args[1])(context, builder, told[1]).data
        for lane, numbers in enumerate(_transposed(builder, rows)):
            skip = builder.mul(told[3], ir.Constant(told[3].type, lane))
            to = builder.gep(data, [builder.add(told[2], skip)])
            builder.store(numbers, builder.bitcast(to, REGISTER.as_pointer()), align=8)
        return context.get_dummy_value()

    return types.void(eights, out, types.intp, types.intp), write


@intrinsic
def nobody(_: Any, numbers: Any) -> Any:
    """Whether it is 0 in every one of the eight."""

    def write(context: Any, builder: Any, signature: Any, told: Any) -> Any:
        nothing = ir.Constant(REGISTER, [0.0] * PEOPLE)
        some = builder.fcmp_unordered("!=", told[0], nothing)
        bits = builder.bitcast(some, ir.IntType(PEOPLE))
        return builder.icmp_unsigned("==", bits, ir.Constant(bits.type, 0))

    return types.boolean(numbers), write


@intrinsic
def eight_slots(_: Any, array: Any, slot: Any) -> Any:
    """Eight slots from `slot` on."""

    def write(context: Any, builder: Any, signature: Any, told: Any) -> Any:
        rows = []
        for place in range(PEOPLE):
            here = builder.add(told[1], ir.Constant(told[1].type, place))
            at = _place(context, builder, signature.args[0], told[0], here)
            rows.append(builder.load(at, align=8))
        return context.make_tuple(builder, signature.return_type, rows)

    return types.UniTuple(eight, PEOPLE)(array, types.intp), write


def _transposed(builder: Any, rows: list[Any]) -> list[Any]:
    """Eight registers turned into eight others, in three rounds of swapped halves."""
    for width in (1, 2, 4):
        rows = [
            _swapped(builder, rows[row & ~width], rows[row | width], row & width, width)
            for row in range(PEOPLE)
        ]
    return rows


def _swapped(builder: Any, low: Any, high: Any, upper: int, width: int) -> Any:
    """Of two registers, the blocks of `width` lanes that stand where `upper` says."""
    lanes = [(lane & ~width | upper) + (PEOPLE if lane & width else 0) for lane in range(PEOPLE)]
    mask = ir.Constant(ir.VectorType(ir.IntType(32), PEOPLE), lanes)
    return builder.shuffle_vector(low, high, mask)
