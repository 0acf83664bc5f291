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
    how: str  # "sum of the products", "largest" or "mean"

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

    def kernel(self, cell):
        """The weights of one cell as a picture (KH, KW), the mean over many input channels; or None."""
        return None


class Elementwise(Described):
    elementwise = True

    def sees(self, box):
        return box

    def value(self, x, cell):
        """What one number of a cell becomes."""
        return x


class Rectified(Elementwise):
    def value(self, x, cell):
        return max(x, 0.0)


class Normalised(Elementwise):
    def value(self, x, cell):
        of = self.params | self.state
        x_hat = (x - of["mean"][cell]) / np.sqrt(of["var"][cell] + self.eps)
        return float(x_hat * of["gamma"][cell] + of["beta"][cell])


class Reshaped(Described):
    reshapes = True


class Weighted(Described):
    """Every output is a weighted sum of all inputs."""

    def terms(self, x, cell, place):
        return Terms(x, self.params["w"][:, cell], float(self.params["b"][cell]), "sum of the products")


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


class Convolved(Sliding):
    name = "Conv"

    @property
    def window(self):
        return self.params["w"].shape[:2]

    def terms(self, x, cell, place):
        w, b = self.params["w"][..., cell], float(self.params["b"][cell])
        return Terms(self.patch(x, place), w, b, "sum of the products")

    def kernel(self, cell):
        return self.params["w"][..., cell].mean(axis=2)


class Pooled(Sliding):
    how = "largest"
    name = "Max pool"

    def terms(self, x, cell, place):
        return Terms(self.patch(x, place)[..., cell], None, None, self.how)


class Averaged(Pooled):
    how = "mean"
    name = "Mean pool"
