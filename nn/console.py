"""What a training says on the terminal: its introduction, its progress, a line for each epoch, and where things are."""

import threading
from pathlib import Path

from tqdm import tqdm

from nn import calling, mnist, own_data, stopping, training


def introduce(network, run, recipe, train, test, ranks, judge):
    """Print what is going to be trained, how, and on what; and what looks wrong with it.

    train, test: (images, labels). judge: a file of weights that read digits, for data that isn't MNIST.
    """
    print(network.summary())
    where = f" on each of {ranks.size} ranks" if ranks.size > 1 else ""
    print(f"\nRecipe {run['recipe']}, seed {run['seed']}, {run['threads']} threads{where}:")
    for name, value in run["settings"].items():
        print(f"  {name:<16}{value}")
    drawn = recipe.drawn + recipe.scribbles
    more = f", {drawn:,} more that nn/hands draws" if drawn else ""
    kept, own = len(train[0]) - recipe.held_out, run["data_checksum"] != mnist.CHECKSUM
    how = "" if not recipe.held_out else ", a random share of each digit" if own else ", MNIST's last"
    print(f"{kept:,} images to train on{more}, and {recipe.held_out:,} held out for validation{how}.\n")
    for note in own_data.notes(train[1], recipe.held_out, test, judge) if own else ():
        print(f"{note}\n")


def warm_up(network):
    """Load the compiled kernels; on a machine that has none yet, compile them and say so."""
    notice = threading.Timer(1.0, print, ["Compiling the kernels, once on this machine: about 10 seconds.\n"])
    notice.start()
    try:
        training.warm_up(network)
    finally:
        notice.cancel()


def epochs_with_progress(events, recipe, images, ranks):
    """The Epoch events of a training, with a progress bar for the Steps between them. They end where a stop is asked.

    images: how many the recipe trains on.
    """
    bar = None
    try:
        for event in events:
            if not isinstance(event, training.Step):
                bar.close()
                bar = None
                yield event
                if ranks.any(stopping.asked()):
                    return
                continue
            if ranks.any(stopping.asked()) and event.images < recipe.seen(event.epoch, images):
                return
            if bar is None:
                bar = tqdm(
                    desc=f"epoch {event.epoch:>2} of {recipe.epochs}", total=recipe.seen(event.epoch, images),
                    unit=" images", leave=False,
                    disable=None,  # where the output isn't a terminal
                    bar_format="{desc} {percentage:3.0f}% |{bar:30}| {rate_fmt}, {remaining} left{postfix}",
                )  # fmt: skip
            bar.set_postfix_str(f"loss {event.loss:.3f}", refresh=False)
            bar.update(event.images - bar.n)
    finally:
        if bar is not None:
            bar.close()


def epoch_line(epoch, recipe):
    line = f"epoch {epoch.epoch:>2} of {recipe.epochs}   {epoch.seconds:5.1f} s   train loss {epoch.loss:.4f}"
    if epoch.validation_loss is None:
        return line
    return line + f"   validation loss {epoch.validation_loss:.4f}, accuracy {epoch.validation_accuracy:.2%}"


def saved(run, out, ranks):
    """Where a training that ended early left its weights, and the whole command that goes on with it."""
    epochs = len(run["history"])
    if not epochs:
        return "No epoch was complete, so nothing is saved."
    return f"The weights after epoch {epochs} are in {shown(out.checkpoint)}. Go on with:  {going_on(out, ranks)}"


def going_on(out, ranks):
    mpi = f"mpiexec -n {ranks.size} " if ranks.size > 1 else ""
    return f"{mpi}{calling.command('train')} --resume --out {calling.typed(shown(out.weights))}"


def score(accuracy, count):
    return f"test accuracy {accuracy:.2%}, {round((1 - accuracy) * count)} of {count:,} wrong"


def shown(path):
    """The path as a person in this folder would type it."""
    try:
        here = Path.cwd()
    except FileNotFoundError:  # somebody deleted it
        return path
    path = path.resolve()
    return path.relative_to(here) if path.is_relative_to(here) else path
