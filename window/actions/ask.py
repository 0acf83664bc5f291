"""What can be asked of the network: an answer, a digit of the test set, its mistakes."""

import time

import numpy as np

from nn.words import article
from window.data import testset
from window.data.strokes import Picture


def predict(app):
    if app.reading.network is None:
        app.say("The network is still being loaded.")
        return
    app.message.passing = True
    app.read()
    if not app.reading.answers and not app.pad.dot:
        app.say("There is no ink yet. Draw a digit from 0 to 9.")


def how_read(app):
    """Show how what is on the pad was read: the paper, what was taken for ink, and what was left out."""
    if not readable(app):
        app.say("There is nothing to show: draw several digits, or open a picture.")
    else:
        app.dialogs.open = None if app.dialogs.open == "read" else "read"


def readable(app):
    """Whether reading was more than to take all of the ink for one digit."""
    picture = app.pad.drawing.picture
    shown = app.pad.how_read() is not None and not app.reading.stale
    return shown and (len(app.reading.answers) > 1 or (picture is not None and picture.label is None))


def live(app):
    app.reading.live = not app.reading.live
    app.say("Live: the answer follows the pen." if app.reading.live else "Live is off: Predict answers.")


def random(app):
    """Show a digit of MNIST's test set, another one each time."""
    if _tests_ready(app, random):
        images, labels = app.reading.tests
        number = int(np.random.default_rng(time.time_ns()).integers(len(images)))
        _show_test(app, number, f"Test image {number}, {article(labels[number])}.")


def mistake(app):
    """Show the next digit of the test set that the network gets wrong."""
    reading = app.reading
    if reading.network is None or not _tests_ready(app, mistake):
        return
    images, labels = reading.tests
    if reading.mistakes is None:
        if "mistakes" not in app.jobs:
            app.say("Looking for mistakes among the 10,000 test images …")
            network, before = reading.network, app.pad.marks

            def each(found):
                if reading.network is not network:
                    app.say("The weights have changed: M looks for their mistakes.")
                    return
                reading.mistakes = found
                if app.pad.marks == before:
                    mistake(app)
                else:
                    app.say(f"{len(found)} mistakes found: M shows them.")

            app.jobs.start("mistakes", testset.mistakes(network.replica(), images, labels), each, _report(app))
    elif not reading.mistakes:
        app.say("The network reads every test image right.")
    else:
        number = reading.mistakes[0]
        reading.mistakes = [*reading.mistakes[1:], number]
        count = len(reading.mistakes)
        _show_test(app, number, f"Test image {number}: it is {article(labels[number])}. One of {count} mistakes.")


def _tests_ready(app, then):
    """Whether the test set is there. If it isn't it is read in the background, and then `then` is done, unless
    somebody has begun to draw.
    """
    if app.reading.tests is None and "tests" not in app.jobs:
        app.say("Reading MNIST's test set …")
        before = app.pad.marks

        def each(tests):
            app.reading.tests = tests
            if app.pad.marks == before:
                then(app)
            else:
                app.say("MNIST's test set has been read: R shows a digit of it, M a mistake.")

        app.jobs.start("tests", testset.test_set(), each, _report(app))
    return app.reading.tests is not None


def _report(app):
    return lambda error: error and app.say(str(error), bad=True)


def _show_test(app, number, words):
    images, labels = app.reading.tests
    app.pad.show(Picture(images[number], f"test image {number}", int(labels[number])))
    app.say(words)
    if app.reading.network:
        app.read()
