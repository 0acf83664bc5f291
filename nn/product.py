"""The matrix product, to be called in compiled loops: y = x w, or y += x w.

numpy.matmul is fast, but calling it takes the interpreter's lock, for which threads wait, and the products of one image
are so small that the calls cost more than the arithmetic. Here a kernel multiplies without leaving compiled code.

A tile of y, some rows by some vectors of 64 bytes, is held in registers while k runs along x's rows and down w's
columns, so that each number that is loaded is used many times (Goto & van de Geijn 2008, "Anatomy of high-performance
matrix multiplication", section 4). Numba's loops don't keep such tiles in registers; that loop is written in the
compiler's own language, LLVM's, by `_tile`. All else is plain: w and x fit the processor's cache here, so that nothing
is packed.
"""

import llvmlite.binding
import numpy as np
from llvmlite import ir
from numba.core import cgutils, types
from numba.core.errors import TypingError
from numba.extending import intrinsic, overload

LINE = 64  # bytes of a vector: AVX-512's; other processors take two or four registers for it


def tile_size():
    """(rows, vectors) of a tile: as many as this processor's registers hold beside what is multiplied."""
    return (8, 2) if llvmlite.binding.get_host_cpu_features().get("avx512f") else (4, 1)


ROWS, VECTORS = tile_size()


def product(x, w, y, add=False):
    """y = x w, or y += x w, in place: x (M, K), w (K, N) and y (M, N) of one dtype, w's and y's rows contiguous.

    This is what plain Python runs; compiled code runs `blocked`, below. ValueError where shapes don't fit.
    """
    if add:
        y += x @ w
    else:
        np.matmul(x, w, out=y)


@overload(product, jit_options={"error_model": "numpy", "fastmath": {"contract", "nsz"}})
def _compiled_product(x, w, y, add=False):
    if any(a.ndim != 2 or a.dtype != y.dtype for a in (x, w, y)) or w.layout != "C" or y.layout != "C":
        raise TypingError(f"product expects matrices of one dtype, w and y contiguous, got {x}, {w}, {y}")
    lanes = LINE // (y.dtype.bitwidth // 8)
    wide, widest = VECTORS * lanes, 4 * lanes

    def blocked(x, w, y, add=False):
        M, N = y.shape
        K = x.shape[1]
        if x.shape[0] != M or w.shape[0] != K or w.shape[1] != N:
            raise ValueError("product: the shapes of x, w and y don't fit")
        rows, columns = M - M % ROWS, N - N % lanes
        f = 0
        while f < columns:
            if f + wide <= columns:
                for r in range(0, rows, ROWS):
                    _tile(x, w, y, r, f, add, ROWS, VECTORS)
                f += wide
            else:
                for r in range(0, rows, ROWS):
                    _tile(x, w, y, r, f, add, ROWS, 1)
                f += lanes
        for r in range(rows, M):  # rows that fill no tile: more vectors, so that there are sums enough at a time
            f = 0
            while f < columns:
                if f + widest <= columns:
                    _tile(x, w, y, r, f, add, 1, 4)
                    f += widest
                else:
                    _tile(x, w, y, r, f, add, 1, 1)
                    f += lanes
        if columns < N:  # columns that fill no vector: the same with zeros beside them
            rest, sums = np.zeros((K, lanes), w.dtype), np.empty((M, lanes), y.dtype)
            for k in range(K):
                for f in range(columns, N):
                    rest[k, f - columns] = w[k, f]
            for r in range(0, rows, ROWS):
                _tile(x, rest, sums, r, 0, False, ROWS, 1)
            for r in range(rows, M):
                _tile(x, rest, sums, r, 0, False, 1, 1)
            for r in range(M):
                for f in range(columns, N):
                    y[r, f] = sums[r, f - columns] + (y[r, f] if add else y.dtype.type(0))

    return blocked


@intrinsic(prefer_literal=True)
def _tile(typing, x, w, y, r, f, add, rows, vectors):
    """y[r : r + rows, f : f + vectors * lanes] of product; rows and vectors are literal numbers."""
    signature = types.void(x, w, y, types.intp, types.intp, types.boolean, rows, vectors)
    R, V = rows.literal_value, vectors.literal_value

    def generate(context, builder, signature, arguments):
        builder.function.attributes.add("noinline")  # `blocked`: a copy in each place takes long to compile
        arrays = {
            name: context.make_array(kind)(context, builder, value)
            for name, kind, value in zip("xwy", signature.args, arguments, strict=False)
        }
        kinds = dict(zip("xwy", signature.args, strict=False))
        r, f, add = arguments[3:6]
        number = context.get_data_type(kinds["y"].dtype)
        lanes = LINE // (kinds["y"].dtype.bitwidth // 8)
        vector = ir.VectorType(number, lanes)

        def place(name, row, column):
            return cgutils.get_item_pointer(context, builder, kinds[name], arrays[name], [row, column], False, False)

        def offset(index, by):
            return builder.add(index, index.type(by))

        def pointer(name, row, column):
            return builder.bitcast(place(name, row, column), vector.as_pointer())

        def spread(value):
            undefined = ir.Constant(vector, ir.Undefined)
            first = builder.insert_element(undefined, value, ir.IntType(32)(0))
            return builder.shuffle_vector(first, undefined, ir.Constant(ir.VectorType(ir.IntType(32), lanes), None))

        zero = ir.Constant(vector, None)
        sums = [[cgutils.alloca_once_value(builder, zero) for _ in range(V)] for _ in range(R)]
        K = builder.extract_value(arrays["x"].shape, 1)
        with cgutils.for_range(builder, K) as loop:
            k = loop.index
            taps = [builder.load(pointer("w", k, offset(f, v * lanes)), align=4) for v in range(V)]
            for row in range(R):
                value = spread(builder.load(place("x", offset(r, row), k)))
                for v in range(V):
                    term = builder.fmul(value, taps[v], flags=["contract"])
                    builder.store(builder.fadd(builder.load(sums[row][v]), term, flags=["contract"]), sums[row][v])
        for row in range(R):
            for v in range(V):
                home = pointer("y", offset(r, row), offset(f, v * lanes))
                total = builder.load(sums[row][v])
                with builder.if_else(add) as (then, otherwise):
                    with then:
                        builder.store(builder.fadd(builder.load(home, align=4), total), home, align=4)
                    with otherwise:
                        builder.store(total, home, align=4)
        return context.get_dummy_value()

    return signature, generate
