"""nn/ink: pieces, printed lines, panels, cuts, and whole pages read by the shipped network."""

import time
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from test_ink import moved

from nn import hands, ink
from nn.ink import lattice, paper, reading, rules, shown
from nn.ink.cuts import Atom, parts
from nn.ink.paper import View, closed_gaps, filled, panels, shows_more
from nn.ink.pieces import pen_width, pieces_of
from nn.ink.rules import without_lines
from nn.network import Network

WEIGHTS = Path(__file__).parents[1] / "weights" / "digits.npz"


@pytest.fixture(scope="module")
def network():
    if not WEIGHTS.exists():
        pytest.skip("weights/digits.npz is not made yet")
    return Network.load(WEIGHTS)


def row(digits, gap, seed=0, width=7):
    """A page with digits side by side, `gap` apart, 80 high."""
    rng = np.random.default_rng(seed)
    strokes, x = [], 60
    for digit in digits:
        one = moved(hands.write(digit, rng), 0, 60, scale=80)
        points = np.concatenate([np.array(stroke) for stroke in one])
        strokes += moved(one, x - points[:, 0].min(), 0)
        x += np.ptp(points[:, 0]) + gap
    return ink.draw(strokes, width, int(x + 60))[:200]


def saved(levels, tmp_path, name="picture.png"):
    Image.fromarray(np.clip(levels, 0, 255).astype(np.uint8)).save(tmp_path / name)
    return str(tmp_path / name)


def number(network, page):
    return ink.read_page(network, page).number


@given(seed=st.integers(0, 10_000), share=st.floats(0.1, 0.7))
def test_pieces_are_those_of_a_flood_fill(seed, share):
    mask = np.random.default_rng(seed).random((13, 17)) < share
    found = pieces_of(mask)
    assert np.array_equal(found.labels > 0, mask)
    seen = np.zeros(mask.shape, bool)
    for start in zip(*np.nonzero(mask), strict=True):
        if seen[start]:
            continue
        flood, filled_in = [start], {start}
        while flood:
            y, x = flood.pop()
            for near in ((y + dy, x + dx) for dy in (-1, 0, 1) for dx in (-1, 0, 1)):
                if 0 <= near[0] < 13 and 0 <= near[1] < 17 and mask[near] and near not in filled_in:
                    filled_in.add(near)
                    flood.append(near)
        k = found.labels[start] - 1
        rows, columns = np.nonzero(found.labels == k + 1)
        assert set(zip(rows.tolist(), columns.tolist(), strict=True)) == {(int(y), int(x)) for y, x in filled_in}
        assert (found.left[k], found.top[k], found.right[k], found.bottom[k], found.area[k]) == (
            columns.min(), rows.min(), columns.max() + 1, rows.max() + 1, len(rows))  # fmt: skip
        seen[rows, columns] = True


def test_the_width_of_the_pen():
    for width in (6, 12, 20):
        page = ink.draw([[(60, 60), (240, 60), (150, 250)]], width, 300)
        assert width <= pen_width(page >= 128) < 1.6 * width


def test_long_lines_go_and_what_they_cross_stays():
    page = np.zeros((200, 300), np.float32)
    page[40::40] = page[41::40] = 90
    pen = ink.draw([[(150, 50), (150, 150)]], 8, 300)[:200].astype(np.float32)
    bare, lines = without_lines(np.maximum(page, pen), 10)
    assert lines == 4
    assert not bare[:, :140].any() and not bare[:, 160:].any()
    assert (bare[60:140, 150] > 100).all()
    same, none = without_lines(pen, 10)
    assert none == 0 and np.array_equal(same, pen)


def test_gaps_are_closed_and_outlines_filled():
    dashed = ink.draw([[(20, 50), (40, 50)], [(54, 50), (80, 50)]], 8, 100)
    assert pieces_of(dashed >= 128).area.size == 2
    assert pieces_of(closed_gaps(dashed, 5) >= 128).area.size == 1
    ring = ink.draw([[(20, 20), (80, 20), (80, 80), (20, 80), (20, 20)]], 4, 100)
    inner = ink.draw([[(40, 40), (60, 40), (60, 60), (40, 60), (40, 40)]], 4, 100)
    solid = filled(np.maximum(ring, inner))
    assert solid[30, 30] == 255 and solid[50, 50] == 0 and solid[5, 5] == 0


def test_ink_that_fades_is_more_than_the_edge_of_a_stroke():
    stroke = ink.draw([[(40, 40), (40, 160)]], 10, 200)
    fading = (stroke * np.linspace(1, 0.3, 200)[:, None]).astype(np.uint8)
    weak = np.minimum(fading * 2.5, 255).astype(np.uint8)
    assert shows_more(weak, fading) and not shows_more(np.minimum(stroke * 2.5, 255).astype(np.uint8), stroke)
    beside = np.maximum(stroke, ink.draw([[(120, 40), (120, 160)]], 10, 200) // 3)
    assert shows_more(np.minimum(beside * 2.5, 255).astype(np.uint8), beside)


def test_a_digit_under_a_flash(network, tmp_path):
    page = row([4, 7], 30).astype(float)
    columns = np.flatnonzero(page.max(axis=0) >= 128)
    y, x = np.mgrid[: page.shape[0], : page.shape[1]]
    flash = 0.7 * np.exp(-((x - columns[-1]) ** 2 + (y - 80) ** 2) / (2 * 50**2))
    levels = (190 - 0.7 * page) * (1 - flash) + 255 * flash
    assert number(network, ink.read(saved(levels, tmp_path))) == "47"


def test_a_canvas_in_a_window_is_a_panel():
    screen = np.full((200, 260), 190, np.float32)
    screen[60:180, 30:230] = 255
    assert (33, 63, 227, 177) in panels(screen)
    assert panels(np.full((100, 100), 255, np.float32)) == []


def test_touching_strokes_are_cut_where_least_ink_is_crossed():
    page = ink.draw([[(30, 20), (30, 90)], [(30, 50), (70, 50)], [(70, 20), (70, 90)]], 8, 110)  # an H
    atoms = parts(Atom((0, 0, 110, 110), page), 8)
    assert len(atoms) >= 2
    assert sum(int((atom.ink >= 128).sum()) for atom in atoms) == int((page >= 128).sum())  # no ink lost or used twice
    assert atoms[0].cut == 0 and all(atom.cut > 0 for atom in atoms[1:])


def test_a_large_piece_is_cut_at_the_same_place_as_a_small_one():
    page = ink.draw([[(80, 60), (80, 420)], [(80, 240), (330, 240)], [(330, 60), (330, 420)]], 24, 500)  # an H
    left, top, right, bottom = 68, 48, 342, 432
    atoms = parts(Atom((left, top, right, bottom), page[top:bottom, left:right]), 24)
    ends = [atom.box[2] for atom in atoms[:-1]]
    assert max(ends) > 150 and all(90 < end < 318 for end in ends)  # through the bar, not through a stem


@pytest.mark.parametrize("seed", range(4))
def test_a_row_of_digits_and_its_places(network, seed):
    digits = np.random.default_rng(seed).integers(0, 10, 4)
    page = row(digits, gap=24, seed=seed)
    found = ink.read_page(network, page)
    assert found.number == "".join(map(str, digits))
    assert [digit.place for digit in found.digits] == [0, 1, 2, 3] and {d.line for d in found.digits} == {0}
    for digit in found.digits:
        left, top, right, bottom = digit.box
        outside = digit.page.copy()
        outside[top:bottom, left:right] = 0
        assert digit.page.shape == page.shape and digit.page.any() and not outside.any()


def test_two_lines_are_read_from_the_top(network):
    above, below = row([3, 8], 30)[:180], row([4, 1], 30)[:180]
    wide = max(above.shape[1], below.shape[1])
    page = np.concatenate([np.pad(part, ((0, 0), (0, wide - part.shape[1]))) for part in (above, below)])
    found = ink.read_page(network, page)
    assert found.number == "3841" and [d.line for d in found.digits] == [0, 0, 1, 1]


@pytest.mark.parametrize("polarity", ["dark", "light"])
@pytest.mark.parametrize("around", ["frame", "rules", "squares", "window", "small"])
def test_what_is_around_the_number(network, around, polarity, tmp_path):
    page = row([2, 7], 30).astype(float)
    if around == "small":
        page = np.pad(page, ((400, 300), (300, 500)))
    levels = 250 - 0.9 * page
    if around == "rules":
        levels[20::35] = np.minimum(levels[20::35], 170)
    if around == "squares":
        levels[20::35] = np.minimum(levels[20::35], 180)
        levels[:, 10::35] = np.minimum(levels[:, 10::35], 180)
    if around == "frame":
        levels[:4] = levels[-4:] = 0
        levels[:, :4] = levels[:, -4:] = 0
    if around == "window":
        levels = np.pad(levels, ((40, 20), (20, 20)), constant_values=190)
    assert number(network, ink.read(saved(levels if polarity == "dark" else 255 - levels, tmp_path))) == "27"


def test_pen_and_paper_of_one_grey(network, tmp_path):
    page = row([5, 6], 30)[..., None] / 255
    red, green = np.array([200, 40, 40]), np.array([40, 122, 40])
    assert number(network, ink.read(saved(green + page * (red - green), tmp_path))) == "56"


def test_marks_are_left_out(network):
    page = row([4, 9], 60)
    columns = np.flatnonzero((page >= 128).any(axis=0))
    gap = columns[np.argmax(np.diff(columns))] + 25
    bottom = np.flatnonzero((page >= 128).any(axis=1))[-1]
    page[bottom - 6 : bottom + 3, gap : gap + 9] = 255
    found = ink.read_page(network, page)
    assert found.number == "49" and any("mark" in why or "speck" in why for _, why in found.left_out)


def test_a_slash_between_digits_and_brackets_around_them_are_no_1(network):
    page, space = row([4, 8], 90), row([1, 9], 60)
    columns = np.flatnonzero((page >= 128).any(axis=0))
    middle = columns[np.argmax(np.diff(columns))] + 45
    rows = np.flatnonzero((page >= 128).any(axis=1))
    top, bottom = rows[0] - 12, rows[-1] + 12
    slash = ink.draw([[(middle + 15, top), (middle - 15, bottom)]], 7, page.shape[1])[:200]
    found = ink.read_page(network, np.maximum(page, slash))
    assert found.number == "48" and [why for _, why in found.left_out] == ["a slash"] and not found.doubt
    left, right = columns[0] - 25, columns[-1] + 25
    brackets = [[(x + 8 * side, top), (x, 100), (x + 8 * side, bottom)] for x, side in ((left, 1), (right, -1))]
    found = ink.read_page(network, np.maximum(page, ink.draw(brackets, 7, page.shape[1])[:200]))
    assert found.number == "48" and [why for _, why in found.left_out] == ["a bracket"] * 2
    assert ink.read_page(network, space).number == "19"  # a 1 that is no taller stays


def test_a_letter_that_was_cut_into_digits_is_in_doubt(network):
    letter = ink.draw([[(40, 40), (70, 160), (100, 70), (130, 160), (160, 40)]], 12, 200)  # a W
    found = ink.read_page(network, letter)
    assert not found.digits or found.doubt
    assert not ink.read_page(network, row([2, 7], 30)).doubt


def test_digits_that_touch_are_cut(network):
    right = 0
    for seed in range(12):
        digits = np.random.default_rng(seed).integers(0, 10, 2)
        page = row(digits, gap=3, seed=seed)  # the ends of the pen's strokes touch
        right += number(network, page) == "".join(map(str, digits))
    assert right >= 10


def test_the_pen_is_measured_on_ink():
    assert 7 <= lattice.lattice_of(row([2, 7], 30)).pen < 11
    assert 7 <= lattice.lattice_of(row([0], 30)).pen < 11


def test_one_drawing_is_one_digit(network):
    assert lattice.of_one_digit(row([0], 30)) and not lattice.of_one_digit(np.zeros((60, 60), np.uint8))
    assert not lattice.of_one_digit(row([1, 7], 30))
    wide = ink.draw([[(200 + 95 * np.cos(t), 200 + 80 * np.sin(t)) for t in np.linspace(0, 6.3, 40)]], 24, 400)
    assert number(network, wide) == "0"
    stacked = ink.draw([[(200 + 50 * np.cos(t), y + 60 * np.sin(t)) for t in np.linspace(0, 6.3, 40)]
                        for y in (120, 250)], 14, 400)  # fmt: skip
    assert number(network, stacked) == "8"


def test_a_joined_digit_may_have_as_many_parts_as_there_are_cuts(network):
    page = ink.draw([[(20 + 30 * k, 120 + 90 * (k % 2)) for k in range(12)]], 8, 400)
    grid = lattice.lattice_of(page)
    lattice.judge(network, [grid])
    assert len(grid.lines[0]) > 5
    whole = [c for c in grid.candidates[0] if c.last - c.first > 5]
    assert all(c.box[2] - c.box[0] <= lattice.WIDEST * grid.height for c in whole) and whole


def ring(x, y, radius, width, size):
    turns = np.linspace(0, 6.3, 60)
    return ink.draw([np.stack([x + radius * np.cos(turns), y + radius * np.sin(turns)], 1)], width, size)


def test_what_is_no_digit_by_its_size_and_shape(network):
    page = np.pad(row([4, 7], 30), ((60, 140), (60, 300)))
    size = max(page.shape)
    holes = ink.draw([[(30, 60)], [(30, 300)]], 40, size)[: len(page), : page.shape[1]]
    found = ink.read_page(network, np.maximum(page, holes))
    assert found.number == "47" and [why for _, why in found.left_out] == ["a solid dot"] * 2 and not found.doubt
    stamp = ring(page.shape[1] - 130, 170, 100, 5, size)[: len(page), : page.shape[1]]
    found = ink.read_page(network, np.maximum(page, stamp))
    assert found.number == "47" and [why for _, why in found.left_out] == ["too large for a digit"]


def test_a_plus_before_a_number_is_left_out(network):
    page = np.pad(row([6, 2], 30), ((0, 0), (80, 0)))
    plus = ink.draw([[(50, 100), (90, 100)], [(70, 80), (70, 120)]], 7, page.shape[1])[:200]
    found = ink.read_page(network, np.maximum(page, plus))
    assert found.number == "62" and len(found.left_out) == 1 and "sign" in found.left_out[0][1]


def test_a_signature_below_a_number_is_left_out_and_said(network):
    page = np.pad(row([5, 3], 30), ((0, 120), (0, 200)))
    along = np.linspace(0, 1, 120)
    wave = np.stack([40 + 330 * along, 240 + 40 * np.sin(40 * along) * (1 - 0.6 * along)], 1)
    found = ink.read_page(network, np.maximum(page, ink.draw([wave], 6, page.shape[1])[: len(page)]))
    assert found.number == "53" and {d.line for d in found.digits} == {0} and found.left_out and found.doubt


def test_what_is_left_of_squared_paper_is_no_number(network):
    short = [[(60 * k + 40, 60 * j + 30), (60 * k + 40, 60 * j + 62)] for k in range(4) for j in range(4)]
    views = [View("", ink.draw(short[:count], 6, 300), 0.0) for count in (16, 8)]
    many, few = reading._read_views(network, views[:1]), reading._read_views(network, views[1:])
    assert not many and set(few[0].number) == {"1"}


def test_a_scribble_is_no_number(network):
    rng = np.random.default_rng(3)
    zigzag = [(60 + 14 * k, 100 + 45 * (k % 2) + rng.normal(0, 4)) for k in range(22)]
    assert len(ink.read_page(network, ink.draw([zigzag], 7, 420)[:220]).digits) < 5


def test_ink_as_large_as_a_digit_that_was_left_out_is_a_doubt():
    digit = reading.Digit(np.eye(10)[3], (0, 0, 30, 50), 0, 0, np.zeros((60, 60), np.uint8))
    large, small, wide = (40, 0, 70, 48), (40, 0, 50, 20), (40, 0, 200, 48)
    assert reading._doubt([digit], [(large, "no digit")], -0.01, [])
    for box, why in ((large, "a frame or a circle around"), (small, "no digit"), (wide, "no digit")):
        assert not reading._doubt([digit], [(box, why)], -0.01, [])


def test_a_number_that_may_be_parted_or_seen_otherwise_is_in_doubt():
    digit = reading.Digit(np.eye(10)[3], (0, 0, 30, 50), 0, 0, np.zeros((60, 60), np.uint8))
    assert reading._doubt([digit], [], -0.01, [(0.5, "11")]) == "it may be parted as 11"
    assert not reading._doubt([digit], [], -0.01, [(3.0, "11")])
    assert reading._doubt([digit], [], -0.5, [])
    seven = reading.Digit(np.eye(10)[7], (0, 0, 30, 50), 0, 0, digit.page)
    three, same = (reading.Reading(digit.page, [digit], score=score) for score in (-0.1, -0.2))
    near, far = (reading.Reading(digit.page, [seven], score=score) for score in (-0.2, -0.9))
    assert reading._second(three, [three, same, near]) == "seen in another way, it is 7"
    assert not reading._second(three, [three, same, far])


def test_an_animation_that_begins_blank(network, tmp_path):
    page = row([3], 10)
    frames = [Image.fromarray(255 - shown) for shown in (np.zeros_like(page), page // 255 * 255, page)]
    frames[0].save(tmp_path / "late.gif", save_all=True, append_images=frames[1:])
    found = ink.read(str(tmp_path / "late.gif"))
    assert number(network, found) == "3" and found.note


def test_one_hot_pixel_of_16_bits(network, tmp_path):
    deep = 900 + row([2, 5], 30).astype(np.uint16)
    deep[3, 3] = 65535
    Image.fromarray(deep).save(tmp_path / "deep.png")
    assert number(network, ink.read(str(tmp_path / "deep.png"))) == "25"


def test_a_page_without_ink_has_no_digits(network):
    assert not ink.read_page(network, np.zeros((60, 50), np.uint8)).digits


def test_how_a_page_was_read_is_drawn(network, tmp_path):
    page = ink.read(saved(255 - row([2, 7], 30), tmp_path))
    shown.explain(tmp_path / "how.png", page, ink.read_page(network, page), network.threshold)
    with Image.open(tmp_path / "how.png") as how:
        colours = {colour for _, colour in how.convert("RGB").getcolors(1 << 20)}
    assert set(shown.DIGITS[:2]) <= colours  # two digits, two colours
    assert shown.LEFT_OUT not in colours and shown.PAPER not in colours


def test_what_is_told_of_a_reading():
    page = np.zeros((60, 60), np.uint8)
    page[10:40, 5:50] = 255
    own = page.copy()
    own[:, 30:] = 0
    cut = reading.Digit(np.eye(10)[3], (5, 10, 30, 40), 0, 0, own, pieces=2, cut=True)
    found = reading.Reading(page, [cut], [((30, 10, 50, 40), "no digit")] * 2, doubt="it is so", view="dark ink")
    lines = shown.told(found, 0.85)
    assert lines == ["Read as 3, seen as dark ink.", "In doubt: it is so.",
                     "Digit 1, 3: sure, joined of 2 pieces, cut from the digit before it.",
                     "Left out: no digit, 2 times."]  # fmt: skip
    colours = shown.tinted(found)
    assert tuple(colours[20, 10]) == shown.DIGITS[0] and tuple(colours[20, 40]) == shown.LEFT_OUT
    assert tuple(colours[50, 10]) == (255, 255, 255)
    assert shown.near(found) == (0, 0, 60, 60)
    many = reading.Reading(page, [cut], [((30, 10, 50, 40), f"reason {k}") for k in range(40)])
    assert len(shown.told(many, 0.85)) == shown.MOST_LINES + 1


# --- what large pages cost ------------------------------------------------------------------------------------


def level_lines(ink, faint, slope, length):
    """The long lines of one slope, as rules.py says of them: opened along each row of the page, sheared upright."""
    H, W = ink.shape
    shifts = np.rint(slope * (np.arange(W) - W / 2)).astype(int)
    reach = np.abs(shifts).max() + 1
    sheared = np.zeros((H + 2 * reach, W))
    for x in range(W):
        for y in range(H):
            sheared[y - shifts[x] + reach, x] = ink[y, x]
    thick = np.pad(sheared, ((1, 1), (0, 0)))
    thick = np.maximum(thick[1:-1], np.maximum(thick[2:], thick[:-2]))
    wide = np.pad(thick, ((0, 0), (length + rules.GAP, length + rules.GAP)), mode="edge")
    for window, extreme in ((rules.GAP, max), (rules.GAP + length - 1, min), (length, max)):
        wide = np.array([[extreme(row[k : k + window]) for k in range(len(row) - window + 1)] for row in wide])
    wide = wide[:, (wide.shape[1] - W) // 2 :][:, :W]
    found = np.zeros((H, W))
    for x in range(W):
        for y in range(H):
            found[y, x] = wide[y - shifts[x] + reach, x]
    return np.where(found > faint, found, 0)


@pytest.mark.parametrize("seed", range(4))
def test_lines_are_found_in_the_rows_that_hold_them(seed, monkeypatch):
    rng = np.random.default_rng(seed)
    ink = np.where(rng.random((40, 60)) < 0.1, rng.integers(0, 256, (40, 60)), 0).astype(np.float32)
    slope = (0.0, 0.1, -0.1, 0.15)[seed]
    columns = np.arange(60)
    for y, some in ((12, columns), (25, columns[4:57:4])):
        ink[np.rint(y + slope * (some - 30)).astype(int), some] = 200
    monkeypatch.setattr(rules, "_slopes", lambda *_: [slope])
    found = rules._level_lines(ink, 20)
    assert np.array_equal(found, level_lines(ink, 20, slope, int(rules.SHARE * 60))) and (found > 20).sum() >= 100


@pytest.mark.parametrize("seed", range(3))
def test_the_fullest_row_of_each_shear(seed):
    rng = np.random.default_rng(seed)
    y, x = np.nonzero(rng.random((30, 40)) < 0.2)
    shifts = rng.integers(-6, 7, (5, 40)).astype(np.int32)
    fullest, counts = np.zeros(5), np.ones(30 + 12, np.int32)
    rules._fullest(y.astype(np.int32), x.astype(np.int32), shifts, 6, counts, fullest)
    assert list(fullest) == [np.unique(y - shift[x], return_counts=True)[1].max() for shift in shifts]


def test_the_views_that_found_the_ink_are_not_made_again(network, tmp_path, monkeypatch):
    made, views = [], paper.views
    monkeypatch.setattr(paper, "views", lambda levels, stage: made.append(stage) or views(levels, stage))
    page = ink.read(saved(255 - row([3, 8], 30), tmp_path))
    assert number(network, page) == "38" and made.count(0) == 1


def test_a_page_of_specks_takes_little_time_and_memory(network):
    rng = np.random.default_rng(0)
    page = np.zeros((1500, 1500), np.uint8)
    page[rng.integers(0, 1500, 250_000), rng.integers(0, 1500, 250_000)] = 255
    tracemalloc.start()
    start = time.process_time()
    found = ink.read_page(network, page)
    seconds, most = time.process_time() - start, tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert not found.digits and seconds < 3 and most < 100e6


@pytest.mark.parametrize("disturb", ["noise", "inverted"])
def test_one_digit_in_a_small_picture(network, tmp_path, disturb):
    """A stem that goes through most of the picture is no printed line."""
    for seed in (0, 1):
        rng = np.random.default_rng(seed)
        for digit in range(10):
            page = ink.draw(moved(hands.write(digit, rng), 12, 12, scale=60), 5, 84).astype(float)
            noisy = page + 64 * rng.standard_normal(page.shape)
            assert number(network, ink.read(saved(noisy if disturb == "noise" else 255 - page, tmp_path))) == str(digit)


def test_one_piece_is_read_as_one_digit_unless_it_is_a_frame(network):
    def read(*stroke):
        found = reading._one_piece(network, View("", ink.draw([stroke], 6, 84), -0.25))
        return found and found.number

    leaves = (66, 26), (54, 90)  # a 7 that goes on below the picture
    assert read((14, 26), *leaves) == "7"
    assert read((90, 26), *leaves) is None  # at two edges
    wide = [(70, 30), (34, 27), (27, 38), (42, 42), (44, 52), (30, 60), (15, 60)]  # 1.6 of its height
    assert read(*wide) == "5"
    assert read(*((x, y / 2 + 20) for x, y in wide)) is None


def test_the_score_of_one_piece_is_its_log_probability(network):
    found = reading._one_piece(network, View("", ink.draw([[(42, 20), (42, 64)]], 6, 84), -0.25))
    assert found.score == pytest.approx(np.log(found.digits[0].probabilities[1]) - 0.25)
    assert found.digits[0].box == (39, 17, 45, 67)
