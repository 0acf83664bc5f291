"""What a layer says of itself to whoever shows it: its name, which inputs it sees, and how one value comes about.

layers.py mixes these classes into its own, so that its pages hold forward and backward alone. Everything here is for
one image, without the batch: x is (H, W, C) or (n,). A *box* is (top, left, bottom, right), the ends not included. A
*cell* is a channel or a unit of the output, a *place* its row and column, which a Dense layer doesn't have.
"""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Terms:
    """How one value comes about: the inputs, times the weights if there are any, drawn together."""

    inputs: np.ndarray  # (KH, KW, c_in), (n_in,) or, where each channel stays for itself, (KH, KW)
    weights: np.ndarray | None  # of the same shape
    bias: float | None
    how: str  # "sum of the products", "times the slope", "largest" or "mean"

    @property
    def products(self):
        return self.inputs if self.weights is None else self.inputs * self.weights

    @property
    def total(self):
        """What the inputs come to before the bias."""
        draw = {"largest": np.max, "mean": np.mean}.get(self.how, np.sum)
        return float(draw(self.products.astype(float)))


class Described:
    """A layer of which no more is known: every value may rest on every input, and none is taken apart."""

    elementwise = False  # whether each number is changed for itself: `value` then says how
    reshapes = False  # whether it only arranges the same numbers anew

    @property
    def title(self):
        return type(self).__name__

    def sees(self, box):
        """The box of inputs that a box of outputs rests on; None is all of them."""
        return None

    def terms(self, x, cell, place):
        """The Terms of one output, or None if this layer can't say."""
        return None

    def terms_back(self, x, dy, cell, place):
        """The Terms of dL/dx of one *input*, from dy = dL/dy of all outputs, or None if this layer can't say."""
        return None

    def weight_terms(self, x, dy, index):
        """The Terms of dL/dw of one weight: what it multiplied, times dy, summed over the places; or None."""
        return None

    def kernel(self, cell):
        """The weights of one cell as a picture (KH, KW), the mean over many input channels; or None."""
        return None

    def winners(self, x):
        """Which inputs a max pooling hands on: a mask in the shape of x (H, W, C); None for any other layer."""
        return None


class Elementwise(Described):
    elementwise = True

    def sees(self, box):
        return box

    def value(self, x, cell):
        """What one number of a cell becomes."""
        return x

    def slope(self, x, cell):
        """dy/dx where one number of a cell is x; a cell of ... stands for all cells, x then has them last."""
        return np.ones_like(x)

    def terms(self, x, cell, place):
        one = x[(*place, cell) if x.ndim == 3 else cell]
        slope = self.slope(one, cell)
        return Terms(one[None], slope[None], float(self.value(one, cell) - slope * one), "times the slope")

    def terms_back(self, x, dy, cell, place):
        at = (*place, cell) if x.ndim == 3 else cell
        return Terms(dy[at][None], self.slope(x[at], cell)[None], None, "times the slope")


class Rectified(Elementwise):
    def value(self, x, cell):
        return max(x, 0.0)

    def slope(self, x, cell):
        return (x > 0).astype(x.dtype)


class Normalised(Elementwise):
    def value(self, x, cell):
        of = self.params | self.state
        x_hat = (x - of["mean"][cell]) / np.sqrt(of["var"][cell] + self.eps)
        return float(x_hat * of["gamma"][cell] + of["beta"][cell])

    def slope(self, x, cell):
        return self.params["gamma"][cell] / np.sqrt(self.state["var"][cell] + self.eps) * np.ones_like(x)


class Reshaped(Described):
    reshapes = True


class Weighted(Described):
    """Every output is a weighted sum of all inputs."""

    def terms(self, x, cell, place):
        return Terms(x, self.params["w"][:, cell], float(self.params["b"][cell]), "sum of the products")

    def terms_back(self, x, dy, cell, place):
        return Terms(dy, self.params["w"][cell], None, "sum of the products")

    def weight_terms(self, x, dy, index):
        return Terms(x[index[0] : index[0] + 1], dy[index[1] : index[1] + 1], None, "sum of the products")


class Sliding(Described):
    """A window slides over the image: an output at i sees inputs i * stride - margin to i * stride - margin + k - 1."""

    name = "Window"
    margins = (0, 0), (0, 0)  # above and below, left and right: zeros around the image

    @property
    def title(self):
        return "{} {} × {}".format(self.name, *self.window)

    def sees(self, box):
        top, left, bottom, right = box
        (kh, kw), s, ((above, _), (before, _)) = self.window, self.stride, self.margins
        return top * s - above, left * s - before, (bottom - 1) * s - above + kh, (right - 1) * s - before + kw

    def patch(self, x, place):
        """What the window sees at a place: (KH, KW, C)."""
        (kh, kw), (rows, columns) = self.window, self.margins
        row, column = (at * self.stride for at in place)
        return np.pad(x, (rows, columns, (0, 0)))[row : row + kh, column : column + kw]

    def spread(self, y, place):
        """What each of the window's places had from the outputs that saw an input through it: (KH, KW, F), 0 if none.

        Input i is at place u of the window of output (i + margin - u) / stride, if that is a whole number.
        """
        (kh, kw), ((above, _), (before, _)) = self.window, self.margins
        found = np.zeros((kh, kw, y.shape[-1]), y.dtype)
        for u, v in np.ndindex(kh, kw):
            i, over = divmod(place[0] + above - u, self.stride)
            j, beside = divmod(place[1] + before - v, self.stride)
            if not over and not beside and 0 <= i < y.shape[0] and 0 <= j < y.shape[1]:
                found[u, v] = y[i, j]
        return found


class Convolved(Sliding):
    name = "Conv"

    @property
    def window(self):
        return self.params["w"].shape[:2]

    def terms(self, x, cell, place):
        w, b = self.params["w"][..., cell], float(self.params["b"][cell])
        return Terms(self.patch(x, place), w, b, "sum of the products")

    def terms_back(self, x, dy, cell, place):
        return Terms(self.spread(dy, place), self.params["w"][:, :, cell], None, "sum of the products")

    def weight_terms(self, x, dy, index):
        (u, v, c, f), (rows, columns) = index, self.margins
        padded, (OH, OW) = np.pad(x[..., c], (rows, columns)), dy.shape[:2]
        seen = padded[u : u + self.stride * OH : self.stride, v : v + self.stride * OW : self.stride][:OH, :OW]
        return Terms(seen, dy[..., f], None, "sum of the products")

    def kernel(self, cell):
        return self.params["w"][..., cell].mean(axis=2)


class Pooled(Sliding):
    how = "largest"
    name = "Max pool"

    def terms(self, x, cell, place):
        return Terms(self.patch(x, place)[..., cell], None, None, self.how)

    def terms_back(self, x, dy, cell, place):
        """Each window that saw the input, its dy times the input's share in it: 1 for the winner, 0 for the others."""
        OH, OW = dy.shape[:2]
        patches = np.array([[self.patch(x, (i, j))[..., cell] for j in range(OW)] for i in range(OH)])
        shares = self.shares(patches.reshape(OH, OW, -1))  # (OH, OW, KH*KW)
        mine = self.spread(shares, place)  # of each window at each of its places: the one at (u, v) is this input's
        weights = np.take_along_axis(mine, np.arange(mine[..., 0].size).reshape(*self.window, 1), axis=2)[..., 0]
        return Terms(self.spread(dy, place)[..., cell], weights, None, "sum of the products")

    def winners(self, x):
        (kh, kw), s = self.window, self.stride
        patches = np.lib.stride_tricks.sliding_window_view(x, (kh, kw), (0, 1))[::s, ::s]  # (OH, OW, C, KH, KW)
        best = patches.reshape(*patches.shape[:3], -1).argmax(axis=-1)
        i, j, c = np.indices(best.shape)
        mask = np.zeros(x.shape, bool)
        mask[i * s + best // kw, j * s + best % kw, c] = True
        return mask

    def shares(self, patches):
        """What each number of a window (..., n) passes on of it: the first of the largest all, the others nothing."""
        return np.arange(patches.shape[-1]) == patches.argmax(axis=-1, keepdims=True)


class Averaged(Pooled):
    how = "mean"
    name = "Mean pool"

    def winners(self, x):
        return None

    def shares(self, patches):
        return np.full(patches.shape, 1 / patches.shape[-1])
