"""The bottom panel of What if: the feature maps, where a click switches a filter or a unit off."""

import pygame

from window.actions import whatif
from window.panels import how
from window.panels.controls import Control

CONTROLS = {"stage": Control("", "A click switches this filter or unit off, or on again.", whatif.toggle,
                             lambda app: app.answer is not None)}  # fmt: skip
place = how.place


def draw(surface, app):
    how.draw(surface, app, "Point at a cell to enlarge it; click it to switch it off, or on again.")
    for number, cell in app.reading.off:
        box = app.layout.cell(number, cell)
        pygame.draw.rect(surface, app.theme.warning, box, max(1, app.layout.text // 8))
        pygame.draw.line(surface, app.theme.warning, (box.x, box.y), (box.right - 1, box.bottom - 1), 2)
        pygame.draw.line(surface, app.theme.warning, (box.x, box.bottom - 1), (box.right - 1, box.y), 2)
