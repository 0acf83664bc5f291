"""What is seen: each panel a file, each dialog a file in `dialogs`.

A panel is a module with
    CONTROLS             {kind of part: Control}: what its parts do, and the line of help for each
    place(layout)        cuts its room from `layout.free` and puts the rectangles of its parts into `layout.parts`
    draw(surface, app)   draws it
A part is named by its kind and, where there are several, a number: "bar 3". Its control is found by the kind.

A view is the panels that are in sight together, in the order in which they take their room; they are drawn in the
opposite order, so that what a panel draws over the others comes last. A new view is a file, and a line in VIEWS.
Text as large as asked for may leave no room for all of a view: then a shorter row of LESS takes its place.
"""

from window.panels import (
    backward,
    error,
    filters,
    how,
    inside,
    nearest,
    pad,
    receives,
    status,
    thinks,
    train,
    views,
    whatif,
    why,
    why_terms,
)
from window.panels.layout import Layout, clipped, text_heights

VIEWS = {
    "forward": (views, status, how, pad, receives, thinks),
    "train": (views, status, pad, train),
    "backward": (views, status, backward, pad, inside, error),
    "why": (views, status, pad, nearest, why, why_terms),
    "whatif": (views, status, filters, pad, whatif, thinks),
    "received": (views, status, pad, receives),
    "how": (views, status, how, pad),
}
LESS = {
    "forward": ((views, status, pad, receives, thinks), (views, status, how, pad, thinks),
                (views, status, pad, thinks)),
    "backward": ((views, status, pad, inside, error), (views, status, backward, pad, error)),
}


def arrange(size, scale=1.0, channels=how.CHANNELS, view="forward"):
    """The Layout of a window of `size` (width, height) in pixels."""
    size = clipped(size)
    wished, sure = text_heights(size, scale)
    for text in range(wished, sure, -1):  # the largest text that has room, for as many panels as that leaves room for
        for panels in (VIEWS[view], *LESS.get(view, ())):
            layout = Layout(size, text, channels, panels, panels is VIEWS[view])
            if layout.fits:
                return layout
    return Layout(size, min(wished, sure), channels, VIEWS[view], True)


def control(view, part):
    """The Control of a part and the arguments that the rest of its name are, or (None, ())."""
    kind, *arguments = part.split()
    for panel in VIEWS[view]:
        if kind in panel.CONTROLS:
            return panel.CONTROLS[kind], arguments
    return None, ()
