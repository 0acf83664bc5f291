"""What is seen: each panel a file, each dialog a file in `dialogs`.

A panel is a module with
    CONTROLS             {kind of part: Control}: what its parts do, and the line of help for each
    place(layout)        cuts its room from `layout.free` and puts the rectangles of its parts into `layout.parts`
    draw(surface, app)   draws it
A part is named by its kind and, where there are several, a number: "bar 3". Its control is found by the kind.

A view is the panels that are in sight together, in the order in which they take their room; they are drawn in the
opposite order, so that what a panel draws over the others comes last. A new view is a file, and a line in VIEWS.
"""

from window.panels import backward, error, how, nearest, pad, receives, status, thinks, train, views, why, why_terms
from window.panels.layout import Layout

VIEWS = {
    "forward": (views, status, how, pad, receives, thinks),
    "train": (views, status, pad, train),
    "backward": (views, status, backward, pad, receives, error),
    "why": (views, status, pad, nearest, why, why_terms),
}


def arrange(size, scale=1.0, channels=how.CHANNELS, view="forward"):
    """The Layout of a window of `size` (width, height) in pixels."""
    layout = Layout(size, scale, channels)
    for panel in VIEWS[view]:
        panel.place(layout)
    return layout


def control(view, part):
    """The Control of a part and the arguments that the rest of its name are, or (None, ())."""
    kind, *arguments = part.split()
    for panel in VIEWS[view]:
        if kind in panel.CONTROLS:
            return panel.CONTROLS[kind], arguments
    return None, ()
