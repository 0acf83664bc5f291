"""The help: what one is looking at, and every key of the window."""

import pygame

from window.actions import keys, look
from window.panels import widgets
from window.panels.controls import Control
from window.panels.layout import Rect

SIZE = 76, 41
CONTROLS = {
    "page": Control("", "", look.turn),
    "help": Control("", "", look.help),
}
HEADED = 1.7  # rows that a group's name takes, with the space after it
PAGES = ("What you are looking at", "Keys")
LOOKING = (
    ("Your ink", "Draw a digit, as large as you like. The right button erases. Or drop pictures on the window: of one "
     "digit, or of several in a row; I shows how they were read."),
    ("What the network receives", "Your ink is boxed, shrunk to 20 x 20, and shifted by its weight into 28 x 28 "
     "pixels, as MNIST was made. Beside it: what ink at each pixel does to the answer, what it relies on, and what it "
     "would get without these steps. Blue speaks for the answer, orange against it."),
    ("What it thinks", "The ten probabilities. They are calibrated: of answers at 90 %, nine in ten are right. "
     "A click on a row explains that digit. If the answer is wrong, teach it: your drawing is kept, and from ten "
     "drawings on a copy of the network can learn your hand."),
    ("How it got there", "The numbers inside of the network, left to right: three convolutions look for ever larger "
     "shapes, pooling keeps the strongest, and two dense layers add them up to ten scores. A click on a cell shows its "
     "arithmetic, product by product, with the line of code that computes it."),
    ("The other views", "Backward: what the loss makes of every number. Train: a network learns before your eyes. Why: "
     "what decides between two digits. What if: paint pixels, switch filters off."),
)  # fmt: skip

TRAIN = (
    ("A training", "A network of random weights learns from 55,000 of MNIST's digits, batch by batch, in the "
     "background. Rate, optimizer, warping and slow motion change the run under way, with a tick in its curve; batch "
     "size, norm and seed prepare another, and the one before waits beside it. Enter starts and pauses."),
    ("Time", "The loss of every batch, the digits read right of 1,000 held out, and the ten probabilities of your "
     "drawing in the colours of the digits. The axis is stretched at the beginning, where most happens. Drag in "
     "it, or press , and . : everything goes back to that moment."),
    ("What it has become", "The first filters, orange below 0 and blue above; every feature map of your drawing; "
     "and 500 test digits in a plane, in which each digit's score pulls towards its own place on a circle, 0 at "
     "the top, then clockwise. Your drawing is ringed."),
    ("Weights", "Save writes those of the moment shown, Use reads with them in all views. What nobody saved is "
     "kept in your folder, under \"trained\", when the window closes. Learn hand teaches a copy of the network "
     "what you kept, and says whether that is better kept or left."),
)  # fmt: skip
WHY = (
    ("Why 4 and not 9", "The softmax, step by step: each score, divided by the temperature, its exponential, and its "
     "share of their sum. A click in the first two columns, or a digit's key, chooses the two that are compared."),
    ("The difference, term by term", "A score is a sum over the 64 hidden units: what each says, times its weight, and "
     "a bias. So the difference of two scores is a sum of 64 terms, exactly. Blue bars speak for the first digit, "
     "orange ones for the second. A click, or Tab and the arrow keys, choose a unit."),
    ("What a unit rests on", "The chosen unit is itself a sum: of the 3 x 3 x 64 numbers before it, times its "
     "weights. Blue products raise it, orange ones lower it: a small square for each of the 64 maps, and their sum "
     "by place."),
    ("The nearest training digits", "Of the 60,000 digits that MNIST is learned from, the eight whose hidden units "
     "are nearest to your drawing's: to the network they are the most alike. A click puts one on the pad."),
)  # fmt: skip
WHAT_IF = (
    ("Paint", "Paint into the 28 x 28 pixels themselves: the answer follows at once. The right button erases; so does "
     "the brush after E. Your drawing stays as it is. Tab to the picture, and the arrow keys and Enter paint. Why, "
     "Backward and Forward then show the painted picture, until the drawing changes."),
    ("Switch filters off", "A click on a map or a unit below sets all of its numbers to 0, as if it had never been "
     "learned; another click, or G for all of them, brings it back. Under the picture: how many of the 10,000 test "
     "images the network gets wrong without it, and as a whole."),
)  # fmt: skip
BACKWARD = (
    ("What is wrong", "Say which digit the drawing is: its key, a click on its row, or Enter for the answer. The loss "
     "is −log of its probability, and the way back starts with p − y, what the network says less what is true."),
    ("The way back", "Left arrow: the gradient goes one layer further back, and recolours it. Blue: more of that "
     "number raises the loss; orange: it lowers the loss. Hatched: ReLU stopped it. A dot: it won its pooling, so the "
     "gradient was routed to it. Under each name stands the number at which the colours end."),
    ("One number, one weight", "A click on a cell shows how its gradient came about: upstream gradients times weights, "
     "summed, by which line of code. A click in a filter there looks at one weight: its gradient is the sum over all "
     "places of what it met times the gradient there. Beside it the loss itself, worked out as the weight moves."),
    ("Take one step", "Every weight of a copy moves by −rate × its gradient. The drawing is learned, others are "
     "forgotten: its loss and the test images read right are shown. Undo takes a step back; another drawing, or the "
     "true digit's key, starts again. The network that reads, and its file, stay as they are."),
)  # fmt: skip
# What a view has to say of itself; the others have LOOKING.
ABOUT = {"backward": BACKWARD, "train": TRAIN, "why": WHY, "whatif": WHAT_IF}


def place(app, box):
    text = app.layout.within(SIZE)
    inner = box.inset(2 * text)
    row = Rect(inner.x, inner.y, 16 * text, 2 * text)
    pages = {f"page {n}": row._replace(x=row.x + n * 17 * text) for n in range(len(PAGES))}
    return pages | {"help": Rect(0, 0, *app.layout.size)}  # anywhere else it closes


def type_key(app, key):
    if key in ("Left", "Right", "Tab"):
        look.turn(app, (app.dialogs.page + 1) % len(PAGES))
        return True
    return False


def draw(surface, app, box, parts):
    theme, text = app.theme, app.layout.within(SIZE)
    for n, words in enumerate(PAGES):
        part = f"page {n}"
        widgets.button(surface, parts[part], words, theme, text, on=n == app.dialogs.page,
                       pointed=app.pointed_part == part)  # fmt: skip
    close = "Esc or a click closes this"
    widgets.text(surface, close, box._replace(h=2 * text), text, theme.muted, align="right")
    below = Rect(box.x, box.y + 3 * text, box.w, box.h - 3 * text)
    (_looking, _keys)[app.dialogs.page](surface, app, below)


def _looking(surface, app, box):
    theme, text = app.theme, app.layout.within(SIZE)
    y = box.y
    for name, words in ABOUT.get(app.sight, LOOKING):
        widgets.text(surface, name, Rect(box.x, y, box.w, 2 * text), text * 1.1, theme.accent, "bold")
        lines = len(widgets.wrapped(words, box.w, text))
        high = lines * round(text * 1.35)
        widgets.paragraph(surface, words, Rect(box.x, y + 2 * text, box.w, high), text, theme.text)
        y += 3 * text + high
    pygame.draw.line(surface, theme.line, (box.x, y), (box.right, y))
    last = "Point at any control: the line at the foot of the window says what it does."
    widgets.text(surface, last, Rect(box.x, y + text // 2, box.w, 2 * text), text, theme.muted)


def _keys(surface, app, box):
    theme, text = app.theme, app.layout.within(SIZE)
    groups = {}
    own = keys.VIEW_TABLES.get(app.sight, ())
    other = {key for binding in own for key in binding.keys}  # they do something else in this view
    for binding in (*(binding for binding in keys.TABLE if not other.issuperset(binding.keys)), *own):
        groups.setdefault(binding.group, []).append(binding)
    columns, rows = [[], [], []], [0.0, 0.0, 0.0]
    for name in sorted(groups, key=lambda name: -len(groups[name])):  # each into the column that is shortest so far
        at = rows.index(min(rows))
        columns[at].append(name)
        rows[at] += len(groups[name]) + HEADED
    wide, row = (box.w - 2 * 2 * text) // 3, min(round(text * 1.6), int((box.h - 2 * text) / max(rows)))
    for n, names in enumerate(columns):
        y, x = box.y, box.x + n * (wide + 2 * text)
        for name in names:
            widgets.text(surface, name, Rect(x, y, wide, row), text, theme.accent, "bold")
            y += row
            for binding in groups[name]:
                key = Rect(x, y, int(wide * 0.38), row)
                widgets.text(surface, binding.shown, key, text * 0.92, theme.text, "bold")
                widgets.text(surface, binding.help, Rect(key.right, y, wide - key.w, key.h), text * 0.92, theme.muted)
                y += key.h
            y += round(row * (HEADED - 1))
    hints = "The mouse draws, its right button erases, its wheel sets the pen's width. Drop files on the window."
    widgets.text(surface, hints, Rect(box.x, box.bottom - 3 * text // 2, box.w, 2 * text), text * 0.92, theme.muted)
