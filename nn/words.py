"""What may be said of an answer: one rule for window, text and JSON.

It rests on probabilities that are calibrated: of answers at 90 %, nine in ten are right (`Network.temperature`).
benchmarks/words.py measures what each word is worth.
"""

import numpy as np

SURE = 0.995  # of MNIST's test digits called sure, fewer than one in 1000 is wrong
LIKELY = 0.9


def verdict(probabilities, threshold, doubt=""):
    """What the ten probabilities (10,) of a drawing amount to, a word:

    "sure"      the first digit has 99.5 % or more
    "likely"    it has 90 % or more
    "unsure"    it has less, but with the second it has `threshold` or more, 0 to 1: it is one of the two
    "no digit"  what is left is spread over more of the ten, as over a letter or a scribble

    `threshold` is the network's (`Network.threshold`), since it depends on the strangers that it saw in training.
    `doubt` is a reason, or "", that the whole number may be another one (`nn.ink.reading.Reading`): with it a digit is
    at most "unsure", since its ink may not be one digit.
    """
    second, first = np.sort(probabilities)[-2:]
    if first + second < threshold:
        return "no digit"
    return "unsure" if doubt or first < LIKELY else "sure" if first >= SURE else "likely"


def order(probabilities):
    """The ten digits, the likeliest first; of equal ones the smaller."""
    return [int(digit) for digit in np.argsort(-probabilities, kind="stable")]


def sentence(probabilities, threshold, doubt=""):
    """`verdict` as a sentence for people, naming the second digit, or the doubt, where it matters."""
    word = verdict(probabilities, threshold, doubt)
    first, second = order(probabilities)[:2]
    if word == "likely":
        rest = 1 - probabilities[first]
        rival = probabilities[second] > rest / 2  # it has more of what is left than all others together
        return f"Quite sure. If not, {article(second)}." if rival else "Quite sure."
    if word == "unsure" and probabilities[first] >= LIKELY:
        return f"Unsure: {doubt}."
    if word == "unsure":
        return f"Unsure: {article(first)} or {article(second)}."
    return "Sure." if word == "sure" else "This doesn't look like a digit."


def article(digit):
    return f"an {digit}" if digit == 8 else f"a {digit}"


def as_json(probabilities, threshold, doubt=""):
    """All that is said of one digit, as plain values: what `play.py --predict --json` and the page give."""
    row = probabilities.astype(float).round(6)
    digit, second = order(row)[:2]
    reading = verdict(row, threshold, doubt)
    return {
        "digit": digit,
        "confidence": float(row[digit]),
        "reading": reading,
        "second": second,
        "probabilities": row.tolist(),
        "looks_like_digit": reading != "no digit",
    } | ({"doubt": doubt} if doubt else {})
