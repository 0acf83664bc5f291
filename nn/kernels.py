"""The loops that NumPy is slow at, written plainly and compiled by Numba on the line below each.

Every kernel works on the arrays it is given, knows nothing of layers, and runs without the interpreter's lock
(nogil), so that two threads can each run one. Sizes are named as in layers.py. What this file leaves out:
padding (numpy.pad), matrix products (numpy.matmul), and threads (training.py).

Set NUMBA_DISABLE_JIT=1 to run the same lines as plain Python, slowly, under a debugger.
"""

import numba
import numpy as np

# contract lets a * b + c become one instruction, nsz lets -0 become 0; NaN and infinity keep their meaning. numpy: a
# division need not look for zero first, which keeps a loop from using vectors.
compiled = numba.njit(nogil=True, cache=True, error_model="numpy", fastmath={"contract", "nsz"})


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
                            y[n, i, j, c] = value if value > best else best
                            winner[n, i, j, c] = place if value > best else winner[n, i, j, c]
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


# --- convolution, ReLU and 2 x 2 max pooling in one (fused.py) ----------------------------------------------
#
# winner holds 0..3, the place in the 2 x 2 window that won, row by row, or DEAD where the largest was not
# positive, so that ReLU lets nothing through, forward or backward.

DEAD = 4


def _largest(z0, z1, z2, z3):
    """(value, place) of the largest of a window; of equal values the first."""
    best, place = z0, 0
    if z1 > best:
        best, place = z1, 1
    if z2 > best:
        best, place = z2, 2
    if z3 > best:
        best, place = z3, 3
    return best, place


_largest = compiled(_largest)

# Four neighbouring outputs z of a 3 x 3 convolution, one window of the pool, see 4 x 4 pixels d. Written out they take
# 36 multiplications; Winograd's way (Lavin & Gray 2016, "Fast algorithms for convolutional neural networks", 4.1)
# takes 16, for additions before and after. In one dimension first, two outputs of a filter w of three taps:
#
#     m0 = (d0 - d2) w0                          z0 = m0 + m1 + m2 = d0 w0 + d1 w1 + d2 w2
#     m1 = (d1 + d2) (w0 + w1 + w2) / 2          z1 = m1 - m2 - m3 = d1 w0 + d2 w1 + d3 w2
#     m2 = (d2 - d1) (w0 - w1 + w2) / 2
#     m3 = (d1 - d3) w2                          4 multiplications for 6, as what w takes part in is computed once
#
# As matrices: z = A^T [(G w) * (B^T d)], where * is element by element. Along columns, then along rows:
#
#     z = A^T [(G w G^T) * (B^T d B)] A
#
#           [1  0 -1  0]          [1  1  1  0]
#     B^T = [0  1  1  0]    A^T = [0  1 -1 -1]
#           [0 -1  1  0]
#           [0  1  0 -1]
#
# Summed over channels, each of the 16 is a matrix product over all tiles: (tiles, C) @ (C, F). Two kernels do what
# stands before and after it, and two go back, for backward. G w G^T is small: fused.py leaves it to NumPy.

A = np.array([[1, 0], [1, 1], [1, -1], [0, -1]], np.float32)
G = np.array([[1, 0, 0], [0.5, 0.5, 0.5], [0.5, -0.5, 0.5], [0, 0, 1]])


def winograd_input(x, tiles):
    """tiles = B^T d B of each 4 x 4 tile d, two pixels apart: x (N, H, W, C) -> tiles (16, N, OH, OW, C), in place."""
    _, N, OH, OW, C = tiles.shape
    rows = np.empty((4, 4, C), x.dtype)  # B^T d
    for n in range(N):
        for i in range(OH):
            for j in range(OW):
                for v in range(4):
                    for c in range(C):
                        d0, d1 = x[n, 2 * i, 2 * j + v, c], x[n, 2 * i + 1, 2 * j + v, c]
                        d2, d3 = x[n, 2 * i + 2, 2 * j + v, c], x[n, 2 * i + 3, 2 * j + v, c]
                        rows[0, v, c], rows[1, v, c], rows[2, v, c], rows[3, v, c] = d0 - d2, d1 + d2, d2 - d1, d1 - d3
                for u in range(4):
                    for c in range(C):
                        r0, r1, r2, r3 = rows[u, 0, c], rows[u, 1, c], rows[u, 2, c], rows[u, 3, c]
                        tiles[4 * u, n, i, j, c], tiles[4 * u + 1, n, i, j, c] = r0 - r2, r1 + r2
                        tiles[4 * u + 2, n, i, j, c], tiles[4 * u + 3, n, i, j, c] = r2 - r1, r1 - r3


winograd_input = compiled(winograd_input)


def _fold(m0, m1, m2, m3):
    """A^T m of one column m."""
    return m0 + m1 + m2, m1 - m2 - m3


_fold = compiled(_fold)


def winograd_output(m, b, y, winner):
    """y = max_pool(relu(A^T m A + b)): m (16, N, OH, OW, F), b (F,) -> y, winner (N, OH, OW, F), in place.

    Adding b and ReLU keep the order of values, so they can wait until one value in four is left.
    """
    N, OH, OW, F = y.shape
    zero = y.dtype.type(0)
    for n in range(N):
        for i in range(OH):
            for j in range(OW):
                for f in range(F):
                    k = (n, i, j, f)
                    top0, bottom0 = _fold(m[0][k], m[4][k], m[8][k], m[12][k])
                    top1, bottom1 = _fold(m[1][k], m[5][k], m[9][k], m[13][k])
                    top2, bottom2 = _fold(m[2][k], m[6][k], m[10][k], m[14][k])
                    top3, bottom3 = _fold(m[3][k], m[7][k], m[11][k], m[15][k])
                    z0, z1 = _fold(top0, top1, top2, top3)
                    z2, z3 = _fold(bottom0, bottom1, bottom2, bottom3)
                    best, place = _largest(z0, z1, z2, z3)
                    best += b[f]
                    alive = best > zero
                    y[n, i, j, f] = best if alive else zero
                    winner[n, i, j, f] = place if alive else DEAD


winograd_output = compiled(winograd_output)


def winograd_output_backward(dy, winner, dm):
    """Backward of winograd_output: dm = A dz A^T, where dz is dy at the winner's place and 0 at the other three.

    dy, winner (N, OH, OW, F) -> dm (16, N, OH, OW, F), written in place.
    """
    N, OH, OW, F = dy.shape
    zero = dy.dtype.type(0)
    for n in range(N):
        for i in range(OH):
            for j in range(OW):
                for u in range(4):
                    for f in range(F):
                        place = winner[n, i, j, f]
                        g = dy[n, i, j, f] if place != DEAD else zero
                        g *= A[u, 0] if place < 2 else A[u, 1]
                        left, right = (g, zero) if place % 2 == 0 else (zero, g)
                        dm[4 * u, n, i, j, f], dm[4 * u + 1, n, i, j, f] = left, left + right
                        dm[4 * u + 2, n, i, j, f], dm[4 * u + 3, n, i, j, f] = left - right, -right


winograd_output_backward = compiled(winograd_output_backward)


def winograd_input_backward(dtiles, dx):
    """Adjoint of winograd_input: dx = the sum of B dtile B^T over the tiles, each at its place.

    dtiles (16, N, OH, OW, C) -> dx (N, H, W, C), written in place.
    """
    _, N, OH, OW, C = dtiles.shape
    rows = np.empty((4, 4, C), dx.dtype)  # dtile B^T
    dx[:] = 0
    for n in range(N):
        for i in range(OH):
            for j in range(OW):
                for u in range(4):
                    for c in range(C):
                        t0, t1 = dtiles[4 * u, n, i, j, c], dtiles[4 * u + 1, n, i, j, c]
                        t2, t3 = dtiles[4 * u + 2, n, i, j, c], dtiles[4 * u + 3, n, i, j, c]
                        rows[u, 0, c], rows[u, 1, c], rows[u, 2, c], rows[u, 3, c] = t0, t1 - t2 + t3, t1 + t2 - t0, -t3
                for v in range(4):
                    for c in range(C):
                        r0, r1, r2, r3 = rows[0, v, c], rows[1, v, c], rows[2, v, c], rows[3, v, c]
                        dx[n, 2 * i, 2 * j + v, c] += r0
                        dx[n, 2 * i + 1, 2 * j + v, c] += r1 - r2 + r3
                        dx[n, 2 * i + 2, 2 * j + v, c] += r1 + r2 - r0
                        dx[n, 2 * i + 3, 2 * j + v, c] -= r3


winograd_input_backward = compiled(winograd_input_backward)


def first_conv_relu_pool(x, w, b, y, winner):
    """y = max_pool(relu(conv(x, w) + b)) for one input channel and 3 x 3 filters, written into y and winner.

    x (N, H, W), w (3, 3, F), b (F,), y and winner (N, OH, OW, F). With nine taps a matrix product is all overhead;
    this holds the 4 x 4 pixels under a 2 x 2 window and runs along the filters.
    """
    N, OH, OW, F = y.shape
    zero = x.dtype.type(0)
    for n in range(N):
        for i in range(OH):
            for j in range(OW):
                pixels = x[n, 2 * i : 2 * i + 4, 2 * j : 2 * j + 4]
                for f in range(F):
                    z0 = z1 = z2 = z3 = b[f]
                    for u in range(3):
                        for v in range(3):
                            tap = w[u, v, f]
                            z0 += pixels[u, v] * tap
                            z1 += pixels[u, v + 1] * tap
                            z2 += pixels[u + 1, v] * tap
                            z3 += pixels[u + 1, v + 1] * tap
                    best, place = _largest(z0, z1, z2, z3)
                    alive = best > zero
                    y[n, i, j, f] = best if alive else zero
                    winner[n, i, j, f] = place if alive else DEAD


first_conv_relu_pool = compiled(first_conv_relu_pool)


def first_conv_relu_pool_backward(x, dy, winner, dw, db):
    """dw (3, 3, F) and db (F,) of first_conv_relu_pool, written in place. The image needs no gradient in training."""
    N, OH, OW, F = dy.shape
    zero = x.dtype.type(0)
    dw[:], db[:] = 0, 0
    for n in range(N):
        for i in range(OH):
            for j in range(OW):
                for f in range(F):
                    db[f] += dy[n, i, j, f] if winner[n, i, j, f] != DEAD else zero
                for u in range(3):
                    for v in range(3):
                        x0, x1 = x[n, 2 * i + u, 2 * j + v], x[n, 2 * i + u, 2 * j + v + 1]
                        x2, x3 = x[n, 2 * i + u + 1, 2 * j + v], x[n, 2 * i + u + 1, 2 * j + v + 1]
                        for f in range(F):
                            place = winner[n, i, j, f]
                            top = x0 if place == 0 else x1
                            bottom = x2 if place == 2 else x3
                            pixel = top if place < 2 else bottom
                            dw[u, v, f] += dy[n, i, j, f] * (pixel if place != DEAD else zero)


first_conv_relu_pool_backward = compiled(first_conv_relu_pool_backward)


# --- image warps (augment.py) -------------------------------------------------------------------------------

def warp(images, matrix, shift, bend, basis, out):
    """Read each output pixel from a moved place of the image, bilinearly; beyond the edge is paper.

    images (N, H, W) uint8 -> out (N, H, W) float 0..1. Seen from the centre, place p is read at
    matrix @ p + shift + bend(p), where matrix (N, 2, 2), shift (N, 2), and bend is a smooth field given by
    control points (N, 2, G, G) and basis (H, G), its weight of each: bend = basis @ control @ basis^T.
    Rows come before columns everywhere. H = W.
    """
    N, H, W = images.shape
    G = basis.shape[1]
    middle = (H - 1) / 2
    row_bend = np.empty((2, G))
    for n in range(N):
        for i in range(H):
            for axis in range(2):
                for b in range(G):
                    row_bend[axis, b] = 0.0
                    for a in range(G):
                        row_bend[axis, b] += basis[i, a] * bend[n, axis, a, b]
            for j in range(W):
                y, x = i - middle, j - middle
                row = matrix[n, 0, 0] * y + matrix[n, 0, 1] * x + shift[n, 0] + middle
                column = matrix[n, 1, 0] * y + matrix[n, 1, 1] * x + shift[n, 1] + middle
                for b in range(G):
                    row += row_bend[0, b] * basis[j, b]
                    column += row_bend[1, b] * basis[j, b]
                top, left = int(np.floor(row)), int(np.floor(column))
                down, right = row - top, column - left
                value = 0.0
                for u in range(2):
                    for v in range(2):
                        if 0 <= top + u < H and 0 <= left + v < W:
                            weight = (down if u else 1 - down) * (right if v else 1 - right)
                            value += weight * images[n, top + u, left + v]
                out[n, i, j] = value / 255


warp = compiled(warp)


# --- the optimizer's update (optim.py) ----------------------------------------------------------------------

def adamw_update(w, g, m, v, lr, beta1, beta2, eps, decay, t):
    """One AdamW step on flat arrays (size,) of float32, w, m and v in place; t counts steps from 1.

    One pass over memory where NumPy's expression takes a dozen.
    """
    one = w.dtype.type(1)
    lr, beta1, beta2, eps = w.dtype.type(lr), w.dtype.type(beta1), w.dtype.type(beta2), w.dtype.type(eps)
    m_scale, v_scale = one / (one - beta1**t), one / (one - beta2**t)
    keep = one - lr * w.dtype.type(decay)
    for i in range(w.size):
        m[i] = beta1 * m[i] + (one - beta1) * g[i]
        v[i] = beta2 * v[i] + (one - beta2) * g[i] * g[i]
        w[i] = keep * w[i] - lr * (m[i] * m_scale) / (np.sqrt(v[i] * v_scale) + eps)


adamw_update = compiled(adamw_update)
