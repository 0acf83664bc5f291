"""Winograd's way to a 3 x 3 convolution under a 2 x 2 max pool: 16 multiplications where there were 36.

What it computes is max_pool(relu(conv(x, w) + b)), the same as the layers of layers.py but for rounding; fused.py calls
it. Here stands the idea, then its steps in NumPy, which say what each must give, then the same compiled, and at the end
`winograd` and `winograd_backward`, which take them block by block.

In one dimension first. Two neighbouring outputs z of a filter w of three taps see four values d:

    z0 = d0 w0 + d1 w1 + d2 w2           as they stand, 6 multiplications
    z1 = d1 w0 + d2 w1 + d3 w2

    m0 = (d0 - d2) w0                    z0 = m0 + m1 + m2        4 multiplications: what is made of w alone
    m1 = (d1 + d2) (w0 + w1 + w2) / 2    z1 = m1 - m2 - m3        is computed once for all places
    m2 = (d2 - d1) (w0 - w1 + w2) / 2
    m3 = (d1 - d3) w2

In numbers, d = (5, 1, 2, 3) and w = (1, 2, 3):

    z0 = 5 * 1 + 1 * 2 + 2 * 3 = 13      z1 = 1 * 1 + 2 * 2 + 3 * 3 = 14
    m0 = (5 - 2) * 1 = 3
    m1 = (1 + 2) * (1 + 2 + 3) / 2 = 9
    m2 = (2 - 1) * (1 - 2 + 3) / 2 = 1
    m3 = (1 - 3) * 3 = -6
    z0 = 3 + 9 + 1 = 13                  z1 = 9 - 1 + 6 = 14

As matrices, with * element by element: z = A^T [(G w) * (B^T d)].

          [1  0 -1  0]        [1    0   0]          [1  1  1  0]
    B^T = [0  1  1  0]    G = [1/2  1/2 1/2]  A^T = [0  1 -1 -1]
          [0 -1  1  0]        [1/2 -1/2 1/2]
          [0  1  0 -1]        [0    0   1]

In two dimensions the same along columns and then along rows: the four outputs z (2 x 2) of one window of the pool see a
tile d of 4 x 4 pixels, z = A^T [(G w G^T) * (B^T d B)] A. Summed over channels, each of the 16 products is a matrix
product over all tiles, (tiles, C) @ (C, F).

Lavin & Gray 2016, "Fast algorithms for convolutional neural networks", section 4.1.

Sizes: x (N, H, W, C), OH = (H - 2) // 2 windows of the pool down and OW across, F filters. tiles (16, N, OH, OW, C) has
number 4 u + v of B^T d B, row u and column v, of every tile; m (16, N, OH, OW, F) has the 16 products likewise.
winner (N, OH, OW, F) uint8 has the place in the window that won, 0 1 / 2 3, the first of equals; or DEAD where the
largest is not positive, so that ReLU lets nothing through, forward or backward. It may be None where no backward comes.
"""

import numpy as np

from nn.compiling import compiled

A = np.array([[1, 0], [1, 1], [1, -1], [0, -1]], np.float32)
G = np.array([[1, 0, 0], [0.5, 0.5, 0.5], [0.5, -0.5, 0.5], [0, 0, 1]])
B = ((0, 2, -1), (1, 2, 1), (2, 1, -1), (1, 3, -1))  # row u of B^T d is d[first] + sign d[second], for each u
DEAD = np.uint8(4)


# --- in NumPy: the specification ----------------------------------------------------------------------------
# Each takes and writes what the kernel of its name does.

def winograd_filters_numpy(w, filters):
    """filters = G w G^T of each 3 x 3 filter: w (3, 3, C, F) -> filters (16, C, F)."""
    filters[...] = np.einsum("ua,abcf,vb->uvcf", G, w, G).reshape(filters.shape)


def winograd_filters_backward_numpy(dfilters, dw):
    """dw = G^T dfilters G: dfilters (16, C, F) -> dw (3, 3, C, F)."""
    dw[...] = np.einsum("ua,uvcf,vb->abcf", G, dfilters.reshape(4, 4, *dw.shape[2:]), G)


def winograd_input_numpy(x, tiles):
    """tiles = B^T d B."""
    _, _, OH, OW, _ = tiles.shape
    for u, (first, second, sign) in enumerate(B):
        rows = x[:, first : first + 2 * OH : 2] + sign * x[:, second : second + 2 * OH : 2]  # B^T d: row u of each tile
        for v, (left, right, sign_v) in enumerate(B):
            np.add(rows[:, :, left : left + 2 * OW : 2], sign_v * rows[:, :, right : right + 2 * OW : 2],
                   out=tiles[4 * u + v])  # fmt: skip


def winograd_output_numpy(m, b, y, winner):
    """y = max_pool(relu(A^T m A + b)) and who won."""
    m = m.reshape(4, 4, *m.shape[1:])
    rows = m[0] + m[1] + m[2], m[1] - m[2] - m[3]  # A^T m
    best, place = largest_numpy([z for r in rows for z in (r[0] + r[1] + r[2], r[1] - r[2] - r[3])])
    bias_relu_numpy(best, place, b, y, winner)


def winograd_output_backward_numpy(dy, winner, dm):
    """dm = A dz A^T, where dz has dy at the winner's place and 0 at the others."""
    z0, z1, z2, z3 = (dy * (winner == place) for place in range(4))
    for u, (left, right) in enumerate([(z0, z1), (z0 + z2, z1 + z3), (z0 - z2, z1 - z3), (-z2, -z3)]):  # A dz
        dm[4 * u], dm[4 * u + 3] = left, -right
        np.add(left, right, out=dm[4 * u + 1])
        np.subtract(left, right, out=dm[4 * u + 2])


def winograd_input_backward_numpy(dtiles, dx):
    """dx = the sum of B dtile B^T over the tiles, each at its place: the adjoint of winograd_input."""
    _, N, OH, OW, C = dtiles.shape
    rows = np.zeros((4, N, OH, dx.shape[2], C), dx.dtype)  # dtile B^T
    dx[:] = 0
    for u in range(4):
        for v, (left, right, sign) in enumerate(B):
            rows[u, :, :, left : left + 2 * OW : 2] += dtiles[4 * u + v]
            rows[u, :, :, right : right + 2 * OW : 2] += sign * dtiles[4 * u + v]
    for u, (first, second, sign) in enumerate(B):
        dx[:, first : first + 2 * OH : 2] += rows[u]
        dx[:, second : second + 2 * OH : 2] += sign * rows[u]


def largest_numpy(places, dtype=np.uint8):
    """The largest of some arrays at each index, and which of them it was, the first of equals."""
    best, winner = places[0], np.zeros(places[0].shape, dtype)
    for number, place in enumerate(places[1:], 1):
        np.maximum(winner, (place > best) * dtype(number), out=winner)
        best = np.maximum(best, place)
    return best, winner


def bias_relu_numpy(best, place, b, y, winner):
    """Adding b and ReLU keep the order of values, so they can wait until one value in four is left."""
    np.maximum(best + b, 0, out=y)
    if winner is not None:
        winner[...] = np.where(y <= 0, DEAD, place)


# --- compiled -----------------------------------------------------------------------------------------------

def _half_sums(u, w0, w1, w2, half):
    """Number u of G w, for a column w of three."""
    middle = half * (w0 + w1 + w2) if u == 1 else half * (w0 - w1 + w2)
    end = w0 if u == 0 else w2
    return middle if u == 1 or u == 2 else end


_half_sums = compiled(_half_sums)


def winograd_filters(w, filters):
    """filters = G w G^T: w (3, 3, C, F) -> filters (16, C, F), both contiguous, in place."""
    size = w.shape[2] * w.shape[3]
    half = w.dtype.type(0.5)
    w, filters = w.reshape((3, 3, size)), filters.reshape((16, size))
    for u in range(4):
        for k in range(size):
            r0 = _half_sums(u, w[0, 0, k], w[1, 0, k], w[2, 0, k], half)  # row u of G w
            r1 = _half_sums(u, w[0, 1, k], w[1, 1, k], w[2, 1, k], half)
            r2 = _half_sums(u, w[0, 2, k], w[1, 2, k], w[2, 2, k], half)
            filters[4 * u, k], filters[4 * u + 3, k] = r0, r2
            filters[4 * u + 1, k], filters[4 * u + 2, k] = half * (r0 + r1 + r2), half * (r0 - r1 + r2)


winograd_filters = compiled(winograd_filters)


def winograd_filters_backward(dfilters, dw):
    """dw = G^T dfilters G: dfilters (16, C, F) -> dw (3, 3, C, F), in place."""
    _, _, C, F = dw.shape
    half = dw.dtype.type(0.5)
    columns = np.empty((4, 3, F), dw.dtype)  # dfilters G
    for c in range(C):
        for u in range(4):
            for f in range(F):
                d0, d1 = dfilters[4 * u, c, f], half * dfilters[4 * u + 1, c, f]
                d2, d3 = half * dfilters[4 * u + 2, c, f], dfilters[4 * u + 3, c, f]
                columns[u, 0, f], columns[u, 1, f], columns[u, 2, f] = d0 + d1 + d2, d1 - d2, d1 + d2 + d3
        for v in range(3):
            for f in range(F):
                d0, d1, d2, d3 = columns[0, v, f], half * columns[1, v, f], half * columns[2, v, f], columns[3, v, f]
                dw[0, v, c, f], dw[1, v, c, f], dw[2, v, c, f] = d0 + d1 + d2, d1 - d2, d1 + d2 + d3


winograd_filters_backward = compiled(winograd_filters_backward)


def winograd_input(x, tiles):
    """tiles = B^T d B of each 4 x 4 tile d, two pixels apart: x (N, H, W, C) -> tiles (16, N, OH, OW, C), in place."""
    _, N, OH, OW, C = tiles.shape
    for n in range(N):
        for i in range(OH):
            for j in range(OW):
                for u in range(4):
                    first, second, factor = B[u]
                    sign = x.dtype.type(factor)
                    top, bottom = x[n, 2 * i + first], x[n, 2 * i + second]
                    for c in range(C):
                        r0 = top[2 * j, c] + sign * bottom[2 * j, c]  # row u of B^T d
                        r1 = top[2 * j + 1, c] + sign * bottom[2 * j + 1, c]
                        r2 = top[2 * j + 2, c] + sign * bottom[2 * j + 2, c]
                        r3 = top[2 * j + 3, c] + sign * bottom[2 * j + 3, c]
                        tiles[4 * u, n, i, j, c], tiles[4 * u + 1, n, i, j, c] = r0 - r2, r1 + r2
                        tiles[4 * u + 2, n, i, j, c], tiles[4 * u + 3, n, i, j, c] = r2 - r1, r1 - r3


winograd_input = compiled(winograd_input)


def _fold(m0, m1, m2, m3):
    """A^T m of one column m."""
    return m0 + m1 + m2, m1 - m2 - m3


_fold = compiled(_fold)


def _largest(z0, z1, z2, z3):
    """(value, place) of the largest of a window; of equal values the first. NaN if one of them is.

    Places are uint8, as many of which fit a vector as numbers; int would take two vectors.
    """
    top = z1 if z1 > z0 else z0
    bottom = z3 if z3 > z2 else z2
    best = bottom if bottom > top else top
    place = np.uint8(2) if z2 == best else np.uint8(3)
    place = np.uint8(1) if z1 == best else place
    place = np.uint8(0) if z0 == best else place
    nan = (z0 != z0) | (z1 != z1) | (z2 != z2) | (z3 != z3)
    return z0 + z1 + z2 + z3 if nan else best, place


_largest = compiled(_largest)


def winograd_output(m, b, y, winner):
    """y = max_pool(relu(A^T m A + b)): m (16, N, OH, OW, F), b (F,) -> y, winner (N, OH, OW, F), in place."""
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
                    dead = best <= zero  # NaN is not, and goes on
                    y[n, i, j, f] = zero if dead else best
                    if winner is not None:
                        winner[n, i, j, f] = DEAD if dead else place


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
