"""The loops that NumPy is slow at, written plainly and compiled by Numba on the line below each.

Every kernel works on the arrays it is given, knows nothing of layers, and runs without the interpreter's lock
(nogil), so that two threads can each run one. It trusts the sizes it is given: the layers check them first. Sizes are
named as in layers.py. What this file leaves out: padding (numpy.pad), matrix products (numpy.matmul; product.py in
compiled code), and threads (training.py). Other compiled loops stand beside what they are for: augment.py, optim.py,
winograd.py, fused.py, answers.py.

`f = compiled(f)` stands below each function, and not a decorator above it, so that the page is plain Python first and
the compiler comes after it, on a line of its own.

Set NUMBA_DISABLE_JIT=1 to run the same lines as plain Python, slowly, under a debugger.
"""

import numpy as np

from nn.compiling import compiled

# --- convolution as a matrix product ------------------------------------------------------------------------

def im2col(x, kh, kw, stride, OH, OW):
    """Lay each of the OH x OW windows of x out as one row.

    x (N, H, W, C) -> cols (N*OH*OW, KH*KW*C). Row (n, i, j) holds x[n, i*stride : i*stride + KH, j*stride :
    j*stride + KW] top to bottom, left to right, channel by channel: the order of w.reshape(KH*KW*C, F)'s rows.
    """
    N, _, _, C = x.shape
    cols = np.empty((N * OH * OW, kh * kw * C), x.dtype)
    for n in range(N):
        for i in range(OH):
            for j in range(OW):
                row = (n * OH + i) * OW + j
                for u in range(kh):
                    for v in range(kw):
                        for c in range(C):
                            cols[row, (u * kw + v) * C + c] = x[n, i * stride + u, j * stride + v, c]
    return cols


im2col = compiled(im2col)


def col2im(cols, shape, kh, kw, stride, OH, OW):
    """Add each row of cols back to the pixels it was copied from: the transpose (adjoint) of im2col.

    cols (N*OH*OW, KH*KW*C) -> x of the given shape (N, H, W, C). A pixel that k windows saw receives k terms.
    """
    N, _, _, C = shape
    x = np.zeros(shape, cols.dtype)
    for n in range(N):
        for i in range(OH):
            for j in range(OW):
                row = (n * OH + i) * OW + j
                for u in range(kh):
                    for v in range(kw):
                        for c in range(C):
                            x[n, i * stride + u, j * stride + v, c] += cols[row, (u * kw + v) * C + c]
    return x


col2im = compiled(col2im)


# --- max pooling --------------------------------------------------------------------------------------------

def max_pool(x, kh, kw, stride):
    """Largest value of each window, and which of the window's KH*KW places it stood in.

    x (N, H, W, C) -> y (N, OH, OW, C), winner (N, OH, OW, C) int32, numbered row by row. The first of equal
    values wins, so that a window of blank paper has one winner, not KH*KW.
    """
    N, H, W, C = x.shape
    OH, OW = (H - kh) // stride + 1, (W - kw) // stride + 1
    y = np.empty((N, OH, OW, C), x.dtype)
    winner = np.zeros((N, OH, OW, C), np.int32)
    for n in range(N):
        for i in range(OH):
            for j in range(OW):
                y[n, i, j] = x[n, i * stride, j * stride]
                for u in range(kh):
                    for v in range(kw):
                        place = np.int32(u * kw + v)
                        for c in range(C):  # writing always is faster than jumping
                            value, best = x[n, i * stride + u, j * stride + v, c], y[n, i, j, c]
                            wins = (value > best) | (value != value)  # a NaN wins, and none is larger than it
                            y[n, i, j, c] = value if wins else best
                            winner[n, i, j, c] = place if wins else winner[n, i, j, c]
    return y, winner


max_pool = compiled(max_pool)


def max_pool_backward(dy, winner, H, W, kh, kw, stride):
    """Give each dy to the place that won its window: dx (N, H, W, C), zero elsewhere."""
    N, OH, OW, C = dy.shape
    zero = dy.dtype.type(0)
    dx = np.zeros((N, H, W, C), dy.dtype)
    for n in range(N):
        for i in range(OH):
            for j in range(OW):
                for u in range(kh):
                    for v in range(kw):
                        for c in range(C):  # adding many zeros is faster than jumping to the winners
                            won = winner[n, i, j, c] == u * kw + v
                            dx[n, i * stride + u, j * stride + v, c] += dy[n, i, j, c] if won else zero
    return dx


max_pool_backward = compiled(max_pool_backward)
