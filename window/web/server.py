"""The page: the same network and the same ink behind a link, served by Gradio. Nothing of pygame is in it.

The pad is a canvas of our own in page.html and page.js, not Gradio's sketch pad: it sends strokes, not pixels, so
that the ink is drawn as it is for the window, and both give the same answer. What a visitor sends lives as long as
its answer takes.
"""

import base64
import binascii
import io
import tempfile
import threading
import time
from pathlib import Path
from typing import Annotated

import gradio
import numpy as np
from fastapi import Body
from PIL import Image
from threadpoolctl import threadpool_limits

from nn import hands, ink, stopping, words
from nn.layers import Conv2D, ReLU
from nn.network import load_digit_net, to_input
from window.data.page import Page, parts
from window.data.strokes import PEN, from_json, is_dot

HERE = Path(__file__).parent
LARGEST = 28_000_000  # bytes of a request: a picture of 20 MB as text
FULLEST = 300  # pads that the pen's boxes may cover together, a second's work; 20,000 points of a person cover 200


class Reader:
    """Answers of one network. `turn` is held by who asks: see `tell`."""

    def __init__(self, weights):
        threadpool_limits(1, user_api="blas")
        self.network, self.turn = load_digit_net(weights), threading.Lock()

    def strokes(self, drawing, explained=False):
        """The answer to {"strokes": [...]}, strokes as in a session of the window. ValueError if they aren't."""
        if not isinstance(drawing, dict) or not isinstance(drawing.get("strokes"), list):
            raise ValueError('expected {"strokes": [{"width", "erases", "points": [[x, y, seconds], ...]}, ...]}')
        marks = from_json(drawing["strokes"])
        if sum(swept(mark) for mark in marks) > FULLEST:
            raise ValueError(f"these strokes sweep over more than {FULLEST} pads: draw less")
        if is_dot(marks):
            return self.answer([], None, "", explained)
        page = Page()
        page.follow(tuple(marks))
        found = ink.read_page(self.network, page.ink)
        return self.answer(*parts(page.ink, found), explained)

    def picture(self, data, explained=False):
        """The answer to the bytes of a picture file. ValueError if it can't be read."""
        with tempfile.NamedTemporaryFile() as file:
            file.write(data)
            file.flush()
            try:
                page = ink.read(file.name)
            except ValueError as error:
                raise ValueError(str(error).removeprefix(f"{file.name}: ")) from None
        found = ink.read_page(self.network, page)
        if not found.digits:
            raise ValueError("nothing on it looks like a number")
        return self.answer([digit.page for digit in found.digits], 1, found.doubt, explained)

    def answer(self, pages, least, doubt, explained):
        """{"number": text, "digits": [words.as_json of each, with its pictures if explained]} of pages of a digit each.

        least: as for `to_mnist`; doubt: the reading's.
        """
        every = [steps for page in pages if (steps := ink.to_mnist(page, steps=True, least=least))]
        if not every:
            return {"number": "", "digits": []}
        probabilities = self.network.predict(np.stack([steps.image for steps in every]))
        digits = [words.as_json(row, self.network.threshold, doubt) for row in probabilities]
        if explained:
            for digit, steps in zip(digits, every, strict=True):
                digit["pictures"] = pictures(self.network, steps, digit["digit"])
        return {"number": "".join(str(digit["digit"]) for digit in digits), "digits": digits}


def pictures(network, steps, digit):
    """What the page shows of one digit, as PNGs in URLs: the steps to the image, what ink would do, feature maps."""
    left, top, side = steps.box
    page = np.pad(steps.page, side)[top + side : top + 2 * side, left + side : left + 2 * side]
    maps, channels, x = {}, [], to_input(steps.image[None])
    for layer, after in zip(network.layers, [*network.layers[1:], None], strict=True):
        x = layer.forward(x)
        if isinstance(layer, Conv2D):
            shown = np.maximum(x[0], 0) if isinstance(after, ReLU) else x[0]
            maps[f"conv {len(maps) + 1}"] = url(mosaic(shown))
            channels.append(x.shape[-1])
    return {
        "steps": {"ink": url(page), "average": url(steps.average), "input": url(steps.image),
                  "whatif": url(signed(what_if(network, steps.image, digit)))},
        "maps": maps, "channels": channels,
    }  # fmt: skip


def swept(stroke):
    """The area of the boxes around the pieces of a stroke, in pads: what drawing it costs."""
    points = np.array(stroke.points)[:, :2].clip(-1, 2)
    return float((np.abs(np.diff(points, axis=0)) + stroke.width).prod(axis=1).sum())


def what_if(network, image, digit):
    """How much full ink at each pixel, one at a time, adds to the digit's probability: (28, 28) from -1 to 1."""
    inked = np.repeat(image[None], 784, axis=0)
    inked[np.arange(784), np.arange(784) // 28, np.arange(784) % 28] = 255
    return (network.predict(inked)[:, digit] - network.predict(image[None])[0, digit]).reshape(28, 28)


def signed(values):
    """Values (H, W) as colours (H, W, 3) uint8: orange above 0, blue below, black at 0, bright at the largest."""
    shares = values / max(np.abs(values).max(), 1e-9)
    colours = np.where(shares[..., None] > 0, [255, 150, 40], [70, 150, 255])
    return np.rint(np.abs(shares)[..., None] * colours).astype(np.uint8)


def mosaic(maps):
    """Feature maps (H, W, C) side by side, a dark line between them: uint8, each on its own scale."""
    H, W, C = maps.shape
    columns = 8 if C % 8 == 0 else C
    levels = maps * (255 / np.maximum(maps.max(axis=(0, 1)), 1e-9))
    tiles = np.pad(levels.transpose(2, 0, 1), ((0, -C % columns), (1, 0), (1, 0)))
    tiles = tiles.reshape(-1, columns, H + 1, W + 1).swapaxes(1, 2)
    return np.rint(np.clip(tiles, 0, 255)).astype(np.uint8).reshape(-1, columns * (W + 1))


def url(pixels):
    """Pixels (H, W) or (H, W, 3) uint8 as a PNG in a data URL, small pictures enlarged so that their pixels show."""
    picture, stream = Image.fromarray(pixels), io.BytesIO()
    if picture.width > 200:
        picture.thumbnail((400, 400))
    picture.save(stream, "PNG")
    return "data:image/png;base64," + base64.b64encode(stream.getvalue()).decode()


def tell(reader, question, *arguments):
    """The answer to a question of the reader's, or {"error": why} for what a visitor can cause.

    One at a time: fifty who take turns wait less than fifty who share the interpreter.
    """
    try:
        with reader.turn:
            return question(*arguments)
    except ValueError as error:
        return {"error": str(error)}


class Limited:
    """A layer around the server (ASGI) that refuses requests of more than LARGEST bytes before they are read."""

    def __init__(self, app):
        self.app = app

    async def __call__(self, scope, receive, send):
        taken = 0

        async def counted():
            nonlocal taken
            message = await receive()
            taken += len(message.get("body", b""))
            if taken > LARGEST:
                raise TooLarge
            return message

        try:
            if int(dict(scope.get("headers", ())).get(b"content-length", 0)) > LARGEST:
                raise TooLarge
            await self.app(scope, counted, send)
        except TooLarge:
            while (await receive()).get("more_body"):  # a client that is still sending wouldn't hear the answer
                pass
            await send({"type": "http.response.start", "status": 413, "headers": [(b"connection", b"close")]})
            await send({"type": "http.response.body", "body": b"This is too large."})


class TooLarge(Exception):
    pass


def examples():
    """Ten drawings, of 0 to 9, as strokes for the pad."""
    rng = np.random.default_rng(6)
    drawn = []
    for digit in range(10):
        strokes = [0.12 + 0.76 * np.asarray(stroke) for stroke in hands.write(digit, rng)]
        drawn.append([{"width": PEN, "erases": False, "points": [[*map(float, xy.round(4)), 0.0] for xy in stroke]}
                      for stroke in strokes])  # fmt: skip
    return drawn


def build(reader):
    """The page as a gradio.Blocks, with an API for other programs: predict_strokes and predict."""

    def predict_strokes(drawing: dict) -> dict:
        return tell(reader, reader.strokes, drawing)

    def predict(path: str) -> dict:
        if path is None:
            return {"error": "no picture was sent"}
        try:
            return tell(reader, reader.picture, Path(path).read_bytes())
        finally:
            Path(path).unlink(missing_ok=True)

    # what was uploaded and never asked about goes after a minute
    with gradio.Blocks(title="Digits from scratch", analytics_enabled=False, delete_cache=(60, 60)) as page:
        gradio.HTML((HERE / "page.html").read_text("utf-8"), js_on_load=(HERE / "page.js").read_text("utf-8"),
                    examples=examples(), apply_default_css=False)  # fmt: skip
        answer = gradio.JSON(visible=False)
        for function, sent in ((predict_strokes, gradio.JSON(visible=False)), (predict, gradio.File(visible=False))):
            gradio.Button(visible=False).click(function, sent, answer, api_name=function.__name__, queue=False)
    return page


def launch(page, reader, host="127.0.0.1", port=7860, share=False):
    """Serve what `build` made, in the background; returns its address. OSError if the port is taken.

    The page's own questions go past Gradio, which takes ten times as long for a call as the network does.
    """
    app, local, shared = page.launch(
        server_name=host, server_port=port, share=share, quiet=True, ssr_mode=False, prevent_thread_lock=True,
        max_file_size=LARGEST, app_kwargs={"middleware": [(Limited, (), {})]}, footer_links=["api"],
    )  # fmt: skip

    def read(sent: Annotated[dict, Body()]) -> dict:
        return tell(reader, reader.strokes, sent)

    def explain(sent: Annotated[dict, Body()]) -> dict:
        if "picture" not in sent:
            return tell(reader, reader.strokes, sent, True)
        try:
            data = base64.b64decode(str(sent["picture"]).partition(",")[2], validate=True)
        except binascii.Error:
            return {"error": "the picture is not a data URL in base64"}
        return tell(reader, reader.picture, data, True)

    for function in (read, explain):
        app.add_api_route(f"/digits/{function.__name__}", function, methods=["POST"])
    return shared or local


def serve(weights, **options):
    """Serve the page until Ctrl-C; options as for `launch`. ValueError or OSError for weights or a port of no use."""
    with stopping.patiently():
        reader = Reader(weights)
        page = build(reader)
        print(f"The page is at {launch(page, reader, **options)} until Ctrl-C.", flush=True)
        while not stopping.asked():
            time.sleep(0.1)
        page.close(verbose=False)
