"""Boards, screens, odd light, ink and files, and what shows no number: made as on_paper.py makes its own."""

import numpy as np
from PIL import Image, ImageFilter

from benchmarks.scenes.sheets import (
    BLACK,  # fmt: skip
    BLUE,
    GREEN,
    LETTERS,
    RED,
    WHITE,
    Page,
    Picture,
    inked,
    number,
    pen,
    photo,
    row,
)
from nn import ink
from nn.hands import vary
from nn.hands.drawing import fill_square
from nn.hands.marks import hatching, scrawl


def chalkboard(rng):
    """Chalk that skips, on a board that was wiped."""
    page, truth = Page(rng, 800, 520, (44, 70, 58)), number(rng, 1, 4)
    for _ in range(12):
        x, y = rng.uniform(0, 800), rng.uniform(0, 520)
        page.lines([[(x, y), (x + rng.uniform(-300, 300), y + rng.uniform(-60, 60))]], 60, (70, 96, 84), 0.25)
    cover = row(truth, 150, rng, pen=0.1)
    chalk = np.clip(rng.normal(0.8, 0.3, cover.shape), 0, 1).astype(np.float32)
    page.put(cover * chalk, rng.uniform(40, 60), 140, (240, 238, 228))
    return photo(page, truth, rng)


def whiteboard(rng):
    """A marker on a board with a frame and a lamp's glare."""
    page, truth = Page(rng, 900, 600, (232, 236, 238)), number(rng, 1, 4)
    page.lines([[(0, 8), (900, 8)], [(0, 592), (900, 592)]], 20, (150, 152, 156))
    page.write(truth, (RED, BLUE, GREEN, BLACK)[rng.integers(4)], height=rng.uniform(110, 170), pen=0.12)
    _blot(page, rng.uniform(0, 900), 60, 150, (255, 255, 255))
    return photo(page, truth, rng, least=0.75)


def _blot(page, x, y, radius, colour):
    down, across = np.mgrid[0 : page.height, 0 : page.width]
    cover = np.exp(-((across - x) ** 2 + (down - y) ** 2) / radius**2)
    page.put(cover.astype(np.float32), 0, 0, colour)


def sticky_note(rng):
    """A yellow note on a grey wall."""
    page, truth = Page(rng, 700, 560, (150, 152, 158)), number(rng, 1, 3)
    page.box(168, 98, 552, 482, (110, 112, 118), 4)
    page.box(160, 90, 540, 470, (248, 232, 110))
    page.write(truth, (BLACK, BLUE)[rng.integers(2)], height=95, at=(rng.uniform(180, 200), rng.uniform(120, 240)))
    return photo(page, truth, rng)


def kraft(rng):
    """A black marker on brown card."""
    page, truth = Page(rng, 700, 460, (186, 148, 102)), number(rng, 1, 4)
    page.colours += rng.normal(0, 6, (46, 70)).repeat(10, 0).repeat(10, 1)[..., None]
    page.write(truth, BLACK, pen=0.14)
    return photo(page, truth, rng)


def app_window(rng):
    """A drawing program's window: title, menu, tools and a canvas."""
    page, truth = Page(rng, 900, 640, (214, 216, 222)), number(rng, 1, 3)
    dark = rng.random() < 0.5
    page.box(0, 0, 900, 34, (56, 60, 72))
    page.type("Untitled drawing", 14, 7, 16, (230, 230, 234))
    page.type("File   Edit   View   Help", 14, 42, 14, (40, 40, 44))
    for k in range(6):
        page.box(12, 84 + 52 * k, 52, 124 + 52 * k, ((244, 244, 246), (200, 60, 50), (60, 140, 80))[k % 3], 6)
    page.box(70, 72, 880, 600, (24, 24, 28) if dark else (255, 255, 255))
    page.type("Ready", 14, 612, 14, (40, 40, 44))
    page.write(truth, (240, 240, 240) if dark else BLACK, height=rng.uniform(130, 190),
               at=(rng.uniform(100, 160), rng.uniform(110, 190)), pen=0.11)  # fmt: skip
    return Picture(page.image(), truth)


def plot(rng):
    """An image of 28 x 28 in a plot with axes and a title, as notebooks show it."""
    page, truth = Page(rng, 560, 480, (255, 255, 255)), number(rng, 1, 1)
    strokes = [stroke * 22 + 3 for stroke in inked(truth, rng)]
    image = ink.to_mnist(ink.draw(strokes, 2.4, 28))
    page.colours[60:396, 120:456] = np.kron(image, np.ones((12, 12)))[..., None]
    page.lines([[(120, 60), (456, 60), (456, 396), (120, 396), (120, 60)]], 1.5, BLACK)
    for k in range(0, 28, 5):
        page.lines([[(126 + 12 * k, 396), (126 + 12 * k, 402)], [(114, 66 + 12 * k), (120, 66 + 12 * k)]], 1.5, BLACK)
        page.type(str(k), 120 + 12 * k, 404, 13, BLACK)
        page.type(f"{k:>2}", 92, 58 + 12 * k, 13, BLACK)
    return Picture(page.image(), truth)


def dark_mode(rng):
    """A note on a telephone in its dark mode."""
    page, truth = Page(rng, 540, 800, (18, 18, 20)), number(rng, 1, 4)
    page.box(24, 110, 516, 690, (38, 40, 44), 24)
    page.type("Notes", 40, 50, 24, (200, 200, 204))
    page.write(truth, (236, 236, 232), height=rng.uniform(80, 100), at=(rng.uniform(40, 80), rng.uniform(160, 420)))
    return Picture(page.image(), truth)


def equal_grey(rng):
    """Pen and paper of one grey: colour alone tells them apart."""
    paper, colour = (((88, 160, 90), (196, 92, 96)), ((120, 140, 220), (192, 120, 92)),
                     ((200, 110, 170), (90, 172, 120)))[rng.integers(3)]  # fmt: skip
    page, truth = Page(rng, paper=paper), number(rng, 1, 4)
    page.write(truth, colour, pen=0.12)
    return Picture(page.image(), truth)


def transparent(rng):
    """A pen near white on nothing, as exported from a drawing program."""
    page, truth = Page(rng, paper=(0, 0, 0)), number(rng, 1, 4)
    page.write(truth, (255, 255, 255))
    cover = page.image().convert("L")
    level = int(rng.integers(232, 256))
    colours = [Image.new("L", cover.size, level)] * 3
    return Picture(Image.merge("RGBA", [*colours, cover]), truth)


def highlighted(rng):
    """A yellow or pink marker drawn over the number."""
    page, truth = Page(rng), number(rng, 2, 5)
    left, top, right, bottom = page.write(truth, (BLACK, BLUE)[rng.integers(2)])
    over = np.zeros((page.height, page.width), np.float32)
    over[max(int(top) - 8, 0) : int(bottom) + 8, max(int(left) - 20, 0) : int(right) + 20] = 1
    tint = np.float32(((255, 246, 90), (255, 170, 210))[rng.integers(2)]) / 255
    page.colours *= 1 - over[..., None] * (1 - tint)
    return Picture(page.image(), truth)


def labelled(rng):
    """A printed word before what was written."""
    page, truth = Page(rng, 760, 300), number(rng, 2, 4)
    page.type(("Total", "Room", "Amount due", "Age")[rng.integers(4)], 40, 130, 26, (60, 60, 60))
    page.write(truth, BLUE, height=95, at=(rng.uniform(230, 300), 40))
    return Picture(page.image(), truth)


def sloping(rng):
    """A row that climbs or falls."""
    page, truth = Page(rng, 800, 600), number(rng, 3, 5)
    page.write(truth, pen(rng), height=95, at=(130, 200))
    turned = page.image().rotate(rng.choice([-1, 1]) * rng.uniform(4, 9), Image.Resampling.BICUBIC, fillcolor=WHITE)
    return Picture(turned, truth)


def hard_shadow(rng):
    """The edge of a shadow across the digits."""
    page, truth = Page(rng, 800, 520), number(rng, 2, 4)
    page.write(truth, pen(rng), pen=0.12)
    y, x = np.mgrid[0:520, 0:800]
    edge = np.clip((x - rng.uniform(250, 550) + rng.uniform(-0.6, 0.6) * y) / rng.uniform(2, 12), 0, 1)
    page.colours *= (1 - 0.5 * edge)[..., None]
    return photo(page, truth, rng, least=0.8)


def pencil(rng):
    """A hard pencil, faint, in a grainy photo."""
    page, truth = Page(rng, 760, 480, (224, 220, 212)), number(rng, 1, 4)
    page.write(truth, (160, 160, 164), pen=0.08)
    return photo(page, truth, rng, least=0.8, sigma=4)


def coffee(rng):
    """A ring that a cup left beside the number, and a fold across the sheet."""
    page, truth = Page(rng, 760, 520, (246, 244, 238)), number(rng, 1, 4)
    t = np.linspace(0, 2 * np.pi, 90)
    ring = np.stack([640 + 80 * np.cos(t), 400 + 80 * np.sin(t)], 1)
    page.lines([ring], 7, (186, 150, 108), 0.5)
    page.colours[:, 400:] *= 0.93
    page.write(truth, pen(rng), height=100, at=(rng.uniform(40, 120), rng.uniform(20, 140)))
    return photo(page, truth, rng, least=0.8)


def hollow(rng):
    """Outlines of digits, as in a headline."""
    page, truth = Page(rng, 900, 420), number(rng, 1, 3)
    cover = row(truth, 190, rng, pen=0.22, gap=0.3)
    solid = Image.fromarray((cover * 255).astype(np.uint8))
    inner = np.asarray(solid.filter(ImageFilter.MinFilter(9)), np.float32) / 255
    page.put(np.clip(cover - inner, 0, 1), 60, 20, pen(rng))
    return Picture(page.image(), truth)


def dry(rng):
    """A marker that runs out: thin gaps across the strokes."""
    page, truth = Page(rng), number(rng, 1, 3)
    cover = row(truth, 130, rng, pen=0.14)
    for x in range(0, cover.shape[1], 23):
        cover[:, x : x + rng.integers(1, 5)] *= 0.1
    page.put(cover, 60, 60, pen(rng))
    return Picture(page.image(), truth)


def late_frame(rng):
    """An animation that begins with an empty sheet."""
    page, truth = Page(rng, 320, 240), number(rng, 1, 3)
    blank = page.image()
    page.write(truth, BLACK)
    return Picture(blank, truth, "gif", {"save_all": True, "append_images": [page.image()], "duration": 300})


def second_page(rng):
    """A scan whose first page is empty."""
    page, truth = Page(rng, 640, 420), number(rng, 1, 4)
    blank = page.image()
    page.write(truth, BLUE)
    return Picture(blank, truth, "tif", {"save_all": True, "append_images": [page.image()]})


def turned_by_exif(rng):
    """A photo that lies on its side in the file, and says so."""
    page, truth = Page(rng, 700, 480), number(rng, 1, 4)
    page.write(truth, pen(rng))
    taken = photo(page, truth, rng)
    exif = Image.Exif()
    exif[0x0112] = 6  # turn by a quarter clockwise
    return Picture(taken.image.transpose(Image.Transpose.ROTATE_90), truth, "jpg", taken.options | {"exif": exif})


def blank(rng):
    """Paper and nothing on it."""
    return photo(Page(rng, 640, 480, (236, 232, 222)), "", rng)


def lines_only(rng):
    page = Page(rng, 640, 480)
    pitch = rng.uniform(24, 44)
    page.lines([[(0, y), (640, y)] for y in np.arange(20, 480, pitch)], 1.5, (150, 170, 210))
    return Picture(page.image(), "")


def letter(rng):
    """A letter alone that nobody takes for a digit."""
    page = Page(rng, 420, 420)
    strokes = [stroke * 200 + 110 for stroke in vary((LETTERS[rng.integers(len(LETTERS))],), rng)]
    page.put(ink.draw(strokes, rng.uniform(16, 26), 420).astype(np.float32) / 255, 0, 0, pen(rng))
    return Picture(page.image(), "")


def scribble(rng):
    page = Page(rng, 420, 420)
    strokes = [stroke * 240 + 90 for stroke in fill_square((scrawl, hatching)[rng.integers(2)](rng))]
    page.put(ink.draw(strokes, rng.uniform(8, 16), 420).astype(np.float32) / 255, 0, 0, pen(rng))
    return Picture(page.image(), "")


def leaves(rng):
    """Blots of many sizes and colours, as of leaves: a photo of something else."""
    page = Page(rng, 640, 480, (96, 120, 70))
    for _ in range(160):
        colour = rng.uniform((40, 70, 20), (170, 190, 110))
        _blot(page, rng.uniform(0, 640), rng.uniform(0, 480), rng.uniform(8, 40), colour)
    return photo(page, "", rng)
