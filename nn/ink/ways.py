"""The best way to part a line of ink into digits, by the network's word.

Each atom of a line is in a digit or is left out. The best way has the greatest sum of log p, less prices for joining
over a gap, for cutting and for leaving out.
"""

import numpy as np

from nn.ink.lattice import Candidate
from nn.ink.strokes import INK
from nn.words import SURE

PRICE_OUT = 3.0  # of leaving out ink as large as a digit
PRICE_MARK = 0.15  # of leaving out a mark
PRICE_AROUND = 0.15  # of ink around the digits, to be compared with other views
APART = 0.3  # of the digits' height: lines are so far apart that one is no part of the other
GOOD, BAD = -0.1, -0.4  # the scores of a line: beside a good one a bad one is no number
SIGN = 0.85  # the probability of the first two digits together below which the ink at an end of a line is a sign
SMALL = 0.65  # of the lowest other digit: a plus is lower
TALLER = 1.15  # than the other digits: a slash, a bracket or the line of a table is
THIN = 0.1  # of its height: an upright line of a table
LEANS = 0.1  # of its height: how far the upper half of a slash is to the right of the lower half
PRICE_APART = 1.0  # of parting pieces that share most of their columns


def best(grid):
    """(score, lines of candidates, left out, rivals) of the best way through each line of a judged grid.

    The score is the mean of log p over the digits, less what was paid. A rival is (log p, digits): how much less
    likely the best other number of a line is, and what it is.
    """
    scored, lines, left_out, rivals, total, count = [], [], list(grid.left_out), [], 0.0, 0
    for atoms, candidates in zip(grid.lines, grid.candidates, strict=True):
        (best, path, out), *others = _ways(atoms, candidates, grid.height)
        left_out += [(atoms[k].box, "a mark" if atoms[k].mark else "no digit") for k in out]
        path, strangers = _strangers(path, grid.height)
        score = best - sum(c.gain - atoms[c.first].cut for c, _ in strangers)
        left_out += [(c.box, why) for c, why in strangers]
        for other, second, _ in others:
            digits = _digits(_strangers(second, grid.height)[0])
            rivals += [(best - other, digits)] if digits != _digits(path) else []
        if path:
            scored.append((score, path))
    around = sum(why.startswith("a frame or a circle") + 2 * (why == "too large for a digit") for _, why in left_out)
    good = [path for score, path in scored if score / len(path) > GOOD]
    for score, path in scored:
        if good and score / len(path) < BAD and min(_apart(path, other) for other in good) > APART * grid.height:
            left_out += [(c.box, "a line that is no number") for c in path]  # a signature below it, say
            around += 1
            continue
        lines.append(path)
        total += score
        count += len(path)
    return (total / count - PRICE_AROUND * around if count else -np.inf), lines, left_out, rivals


def _apart(path, other):
    """The rows between two lines, below 0 where they share some."""
    top, bottom = min(c.box[1] for c in path), max(c.box[3] for c in path)
    return max(min(c.box[1] for c in other) - bottom, top - max(c.box[3] for c in other))


def _ways(atoms, candidates, height):
    """The best way through a line, and the best with other digits: (sum, candidates, atoms left out) of each.

    Viterbi's algorithm, with the best two to before each atom.
    """
    n = len(atoms)
    ways = [[(0.0, "", None, None)]]  # to before each atom: sum, digits, the way before, and the candidate after it
    ending = [[] for _ in range(n + 1)]
    for candidate in candidates:
        ending[candidate.last].append(candidate)
    for end in range(1, n + 1):
        atom = atoms[end - 1]
        area = PRICE_MARK if atom.mark else PRICE_OUT
        options = [(way[0] - area - atom.cut, way[1], way, end - 1) for way in ways[end - 1]]
        for c in ending[end]:
            apart = 0.0
            if c.first and not atoms[c.first].cut:
                before = atoms[c.first - 1].box
                shared = min(before[2], c.box[2]) - max(before[0], c.box[0])
                narrow = min(before[2] - before[0], c.box[2] - c.box[0])
                apart = PRICE_APART * (shared > 0.6 * narrow)
            gain = c.gain - apart - atoms[c.first].cut
            digit = str(c.probabilities.argmax())
            options += [(way[0] + gain, way[1] + digit, way, c) for way in ways[c.first]]
        options.sort(key=lambda option: -option[0])
        ways.append(options[:1] + [option for option in options if option[1] != options[0][1]][:1])
    found = []
    for total, _, *came in ways[n]:
        path, out = [], []
        while came[0] is not None:
            way, step = came
            (path if isinstance(step, Candidate) else out).append(step)
            came = way[2:]
        found.append((total, path[::-1], out[::-1]))
    return found


def _digits(path):
    return "".join(str(c.probabilities.argmax()) for c in path)


def _first_two(c):
    return sum(sorted(c.probabilities)[-2:])


def _strangers(path, height):
    """The digits of a way, and what was read as a digit but is a sign: (candidate, why)."""
    if len(path) < 2:
        return path, []
    strangers = []
    for end in (0, -1):  # a sign before or after the number, as of a currency, perhaps read as several digits
        sign = []
        if _small(path, end):
            c = path.pop(end)
            strangers.append((c, "a small sign" if _first_two(c) >= SIGN else "a sign, no digit"))
        while len(path) > 1 and (sign or _first_two(path[end]) < SIGN):
            if path[end].probabilities.max() > 0.9:
                break
            sign.append(path.pop(end))
        clear = sign and min(c.probabilities.max() for c in path) > 0.9
        wide = max(c.box[2] for c in sign) - min(c.box[0] for c in sign) if sign else 0
        near = path[end].box  # of the digit next to it, from which paper parts it
        apart = max(near[0] - max(c.box[2] for c in sign), min(c.box[0] for c in sign) - near[2]) if sign else 0
        if clear and wide < 1.2 * height and apart > 0.1 * height:
            strangers += [(c, "a sign, no digit") for c in sign]
        else:
            path = [*sign, *path] if end == 0 else [*path, *sign[::-1]]
    kept = []
    for k, c in enumerate(path):
        why = _stroke(path, k)
        strangers += [(c, why)] if why else []
        kept += [] if why else [c]
    return kept, strangers


def _small(path, end):
    """Whether the first or last of a way is lower than the others, and may be a plus as well as a 4."""
    height = path[end].box[3] - path[end].box[1]
    others = [c.box[3] - c.box[1] for c in path if c is not path[end]]
    return bool(others) and height < SMALL * min(others) and path[end].probabilities.max() < SURE


def _stroke(path, k):
    """Why what was read as a digit is a stroke of another kind: a slash, a bracket, an upright line; "" if it isn't."""
    c, ends = path[k], {path[0], path[-1]}
    inner = [o for o in path if o not in ends] if c in ends and len(path) > 2 else [o for o in path if o is not c]
    if not inner or not _taller(c, inner):
        return ""
    width, height = c.box[2] - c.box[0], c.box[3] - c.box[1]
    if c in ends:
        if width < THIN * height:
            return "an upright line"
        return "a bracket" if len(path) > 2 and all(_taller(end, inner) for end in ends) else ""
    ink = c.crop() >= INK
    x = np.arange(width)
    above, below = ink[: height // 2].sum(axis=0), ink[height // 2 :].sum(axis=0)
    leans = x @ above / max(above.sum(), 1) - x @ below / max(below.sum(), 1)
    return "an upright line" if width < THIN * height else "a slash" if leans > LEANS * height else ""


def _taller(c, others):
    """Whether a candidate is read as a 1 or a 7, and goes on above and below all others."""
    tall = np.median([o.box[3] - o.box[1] for o in others])
    top, bottom = np.median([o.box[1] for o in others]), np.median([o.box[3] for o in others])
    beyond = min(top - c.box[1], c.box[3] - bottom)
    return c.probabilities.argmax() in (1, 7) and c.box[3] - c.box[1] > TALLER * tall and beyond > 0.03 * tall
