"""Digits drawn in the many ways that people write them, to train on beside MNIST, and marks that are no digits.

The writers of MNIST were American clerks and pupils of around 1990. Others put a long flag and a foot on a 1, cross
their 7, curl their 9 and leave their 4 open, and a network that saw MNIST alone misreads them. So this package
writes. STYLES has the ways to form each digit as control points, `vary` changes one as a hand does and runs
a smooth curve through it, and `make` draws the curves with the window's brush and preprocesses them as the window
does. `scribbles` makes what is not a digit in the same way, so that a network can learn to doubt.
"""

from nn.hands.drawing import STEPS, make, parse, picture, spline, vary, write
from nn.hands.marks import scribble, scribbles
from nn.hands.styles import SIGNS, STYLES

__all__ = ["SIGNS", "STEPS", "STYLES", "make", "parse", "picture", "scribble", "scribbles", "spline", "vary", "write"]
