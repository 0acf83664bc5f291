"""The steps from ink to the 28x28, each in one short sentence: what happened to this drawing, and why."""

import numpy as np


def sentence(steps, number):
    """What step number 0 to 3 did: the ink, the box, 20 x 20, centred. steps: a nn.ink.Steps."""
    if number == 0:
        height, width = steps.page.shape
        return f"Your ink, {width} × {height} grey levels. Where it is and how large must not matter."
    if number == 1:
        return f"A square of {steps.box[2]} pixels around the ink, so that place and size don't matter."
    if number == 2:
        peak = int(np.max(steps.average))
        stretched = f", its peak of {peak} stretched to 255" if peak < 254 else ""
        return f"The square averaged to 20 × 20{stretched}: MNIST was made so."
    x, y = (shift - 4 for shift in steps.shift)  # from the middle, where the 20 x 20 begins at 4
    sides = [f"{abs(n)} {way}" for n, way in ((x, "right" if x > 0 else "left"), (y, "down" if y > 0 else "up")) if n]
    moved = f"Moved {' and '.join(sides)} in 28 × 28" if sides else "Put in the middle of 28 × 28"
    return f"{moved}, so that the centre of its ink is in the middle, as in MNIST."
