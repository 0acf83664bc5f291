"""nn/ink: cuts through ink that touches, the best way through a line, and what is said to be in doubt."""

import numpy as np
import pytest

from nn import ink, words
from nn.ink import cuts, lattice, paper, reading, shown, ways
from nn.ink.cuts import Atom, parts
from nn.ink.lattice import Candidate, Grid

PAGE = np.zeros((60, 200), np.uint8)


def row_of(p, digit):
    """Ten probabilities, `p` of them the digit's."""
    row = np.full(10, (1 - p) / 9)
    row[digit] = p
    return row


def atom(left, right, top=0, bottom=50, cut=0.0, mark=False):
    return Atom((left, top, right, bottom), np.full((bottom - top, right - left), 255, np.uint8), cut, mark)


def candidate(atoms, first, last, digit, p, wide=-0.4):
    some = atoms[first:last]
    box = (min(a.box[0] for a in some), min(a.box[1] for a in some),
           max(a.box[2] for a in some), max(a.box[3] for a in some))  # fmt: skip
    return Candidate(first, last, box, some, 0.0, wide, row_of(p, digit))


def digits_of(path):
    return "".join(str(c.probabilities.argmax()) for c in path)


# --- cuts -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(6))
def test_a_seam_is_the_cheapest_way_through_its_pixel(seed):
    rng = np.random.default_rng(seed)
    cost = rng.random((12, 15))
    down, up = cuts._sums(cost), cuts._sums(cost[::-1])[::-1]
    row, x = int(rng.integers(12)), int(rng.integers(15))
    seam = cuts._followed(down, up, row, x)
    cheapest = cost[row, x]
    for rows in (range(row - 1, -1, -1), range(row + 1, 12)):
        ways_to = {x: 0.0}  # the least cost to every column that a way from the pixel may reach
        for y in rows:
            ways_to = {k: min(ways_to[near] for near in (k - 1, k, k + 1) if near in ways_to) + cost[y, k]
                       for k in range(15) if {k - 1, k, k + 1} & ways_to.keys()}  # fmt: skip
        cheapest += min(ways_to.values())
    assert seam[row] == x and np.abs(np.diff(seam)).max() <= 1
    assert cost[np.arange(12), seam].sum() <= cheapest + 0.02 * 12  # a slanting step costs .02


@pytest.mark.parametrize("lean", [-1, 1])
def test_a_cut_follows_a_slanting_gap(lean):
    apart = [ink.draw([[(x - 18 * lean, 20), (x + 18 * lean, 90)]], 8, 130) for x in (56, 74)]
    bridge = ink.draw([[(56 - 18 * lean, 20), (74 - 18 * lean, 20)]], 3, 130)
    atoms = parts(Atom((0, 0, 130, 130), np.maximum(np.maximum(*apart), bridge)), 8)
    assert len(atoms) == 2
    for part, whole in zip(atoms, apart, strict=True):
        x, y, end, low = part.box
        assert (part.ink[whole[y:low, x:end] >= 128] >= 128).sum() > 0.97 * (whole >= 128).sum()


@pytest.mark.parametrize("turned", [False, True])
def test_no_cut_parts_off_hardly_any_ink(turned):
    page = np.zeros((60, 100), np.uint8)
    page[5:55, 15:25] = page[5:55, 50:60] = page[28:32, 25:50] = 255
    page[30, 60:84] = page[28:32, 84:88] = 255  # a hair with a knot at its end
    large = page.copy()
    large[5:55, 84:94] = 255  # with a stroke there, it is cut
    page, large = (page[:, ::-1], large[:, ::-1]) if turned else (page, large)
    atoms, more = (parts(Atom((0, 0, 100, 60), each), 5) for each in (page, large))
    shares = [(atoms[k].ink >= 128).sum() / (page >= 128).sum() for k in (0, -1)]
    assert 1 < len(atoms) < len(more) and min(shares) > 0.06


def test_there_are_six_cuts_at_most_for_each_height_of_width():
    teeth = [[(20 + 20 * k, 20), (20 + 20 * k, 240)] for k in range(12)]
    comb = ink.draw([[(20, 60), (240, 60)], *teeth], 4, 260)
    assert len(parts(Atom((16, 16, 244, 244), comb[16:244, 16:244]), 4)) == 7  # it is as wide as high


# --- the best way ---------------------------------------------------------------------------------------------


def test_a_whole_that_is_wide_pays_for_it_unless_the_network_is_sure_of_it():
    atoms = [atom(0, 30), atom(30, 60, cut=0.4)]
    found = {}
    for wide in (-0.2, 0.28, 0.9):
        for p in (0.85, 0.95):
            some = [candidate(atoms, k, k + 1, k + 1, 0.95) for k in (0, 1)]
            some.append(candidate(atoms, 0, 2, 0, p, wide))
            found[wide, p] = digits_of(ways._ways(atoms, some, 50)[0][1])
    assert found == {(-0.2, 0.85): "0", (0.28, 0.85): "12", (0.9, 0.85): "12",
                     (-0.2, 0.95): "0", (0.28, 0.95): "0", (0.9, 0.95): "12"}  # fmt: skip


def test_how_wide_a_run_is_beyond_the_digits_height():
    atoms = [atom(0, 40), atom(40, 70, cut=0.5)]
    wide = {(c.first, c.last): c.wide for c in lattice._runs(atoms, 50)}
    assert wide == pytest.approx({(0, 1): -0.2, (1, 2): -0.4, (0, 2): 0.4})
    assert [c.wide for c in lattice._runs([atom(0, 80)], 50)] == [0]  # alone on its line, it may be as wide as it is


def test_the_second_way_has_other_digits():
    atoms = [atom(0, 10, mark=True), atom(12, 40)]
    some = [candidate(atoms, 1, 2, 7, 0.99), candidate(atoms, 0, 2, 7, 0.98), candidate(atoms, 0, 2, 2, 0.3)]
    assert [digits_of(path) for _, path, _ in ways._ways(atoms, some, 50)] == ["7", "2"]


def test_a_rival_that_leaves_the_same_number_is_none():
    plus, six, two = atom(0, 20, 20, 40), atom(40, 70), atom(80, 110)
    atoms = [plus, six, two]
    some = [candidate(atoms, 0, 1, 4, 0.9), candidate(atoms, 1, 2, 6, 0.99), candidate(atoms, 2, 3, 2, 0.99)]
    _, (path,), left_out, rivals = ways.best(Grid([atoms], [], 5.0, 50.0, [some]))
    assert digits_of(path) == "62" and left_out == [(plus.box, "a small sign")]
    assert rivals == []  # "462", of which the sign is taken, and "62" are one number
    _, _, _, rivals = ways.best(Grid([atoms], [], 5.0, 50.0, [[*some, candidate(atoms, 2, 3, 3, 0.9)]]))
    assert [digits for _, digits in rivals] == ["63"] and rivals[0][0] == pytest.approx(np.log(0.99 / 0.9))


# --- doubt ----------------------------------------------------------------------------------------------------

DIGIT = reading.Digit(row_of(0.999, 3), (0, 0, 30, 50), 0, 0, PAGE)
SMALL = (40, 20, 60, 40)


def doubts():
    """Every doubt that a reading may have."""
    found = [reading.Reading(PAGE, [reading.Digit(row_of(0.999, d), DIGIT.box, 0, 0, PAGE)]) for d in (3, 7)]
    return [reading._doubt([DIGIT], [((40, 0, 70, 48), "no digit")], -0.01, []),
            reading._doubt([DIGIT], [(SMALL, "a small sign")], -0.01, []),
            reading._doubt([DIGIT], [], -0.01, [(0.5, "11")]), reading._doubt([DIGIT], [], -0.01, [(0.5, "")]),
            reading._doubt([DIGIT], [], -0.35, []), reading._second(found[0], found)]  # fmt: skip


def test_a_small_sign_that_was_left_out_is_a_doubt():
    assert "small sign" in reading._doubt([DIGIT], [(SMALL, "a mark"), (SMALL, "a small sign")], -0.01, [])
    assert not reading._doubt([DIGIT], [(SMALL, "a mark"), (SMALL, "a sign, no digit")], -0.01, [])


def test_with_any_doubt_a_digit_is_at_most_unsure():
    assert len(set(doubts())) == 6
    for doubt in doubts():
        for p in (0.3, 0.7, 0.91, 0.996, 1.0):
            plain = words.verdict(row_of(p, 3), 0.85)
            assert words.verdict(row_of(p, 3), 0.85, doubt) == ("no digit" if plain == "no digit" else "unsure")


@pytest.mark.parametrize("cut", [3, 4])
def test_what_takes_more_than_three_cuts_is_no_number(cut, monkeypatch):
    atoms = [atom(30 * k, 30 * k + 28, cut=0.4 * (0 < k <= cut)) for k in range(6)]
    path = [candidate(atoms, k, k + 1, k, 0.99) for k in range(6)]
    monkeypatch.setattr(lattice, "lattice_of", lambda ink: Grid([atoms], [], 5.0, 50.0, [path]))
    monkeypatch.setattr(lattice, "judge", lambda network, grids: None)
    found = reading._read_views(None, [paper.View("", PAGE, 0.0)])
    assert [each.number for each in found] == (["012345"] if cut == 3 else [])


# --- outlines, and what is shown ------------------------------------------------------------------------------


def test_outlines_are_filled_if_all_large_pieces_enclose_paper():
    def box(left, top, right, bottom):
        return ink.draw([[(left, top), (right, top), (right, bottom), (left, bottom), (left, top)]], 3, 160)

    def hollow(*pieces):
        views = paper._of(np.maximum.reduce(pieces).astype(np.float32), 3, "light ink", True, 0.0)
        return any("filled" in view.name for view in views)

    outlines = [box(20, 20, 34, 120), box(80, 20, 94, 120)]
    stroke, dot = ink.draw([[(140, 20), (140, 120)]], 8, 160), ink.draw([[(140, 110), (140, 120)]], 8, 160)
    assert hollow(*outlines) and hollow(*outlines, dot)
    assert not hollow(*outlines, stroke) and not hollow(stroke)


def test_each_digits_ink_has_its_own_colour():
    page = np.zeros((40, 120), np.uint8)
    page[10:30, 5:115] = 255
    page[32:36, 5:115] = 100  # too weak to count
    page[12, 5] = 200  # the edge of a stroke
    found = []
    for k in range(5):
        own = np.zeros_like(page)
        own[10:30, 5 + 20 * k : 25 + 20 * k] = page[10:30, 5 + 20 * k : 25 + 20 * k]
        box = max(20 * k - 5, 0), 8, 35 + 20 * k, 32  # over its neighbours' ink too
        found.append(reading.Digit(row_of(0.99, k), box, 0, k, own))
    colours = shown.tinted(reading.Reading(page, found))
    expected = [*shown.DIGITS, shown.DIGITS[0], shown.LEFT_OUT]
    assert [tuple(colours[20, 10 + 20 * k]) for k in range(6)] == expected
    assert tuple(colours[12, 5]) == tuple(round(255 - 200 / 255 * (255 - c)) for c in shown.DIGITS[0])
    assert tuple(colours[34, 50]) == (205, 205, 205) and tuple(colours[2, 2]) == (255, 255, 255)
