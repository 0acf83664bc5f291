"""Steps down the gradient of one drawing's loss, on copies of the network."""

import copy

import numpy as np


def step(network, way, rate):
    """A copy of the network one step further: w - rate dL/dw for every parameter."""
    twin = copy.deepcopy(network)
    with np.errstate(all="ignore"):  # a rate that is too high is said, by the loss that it leads to
        for name, w in twin.params.items():
            w -= np.float32(rate) * way.grads[name]
    return twin


def moved(before, after, layer=0):
    """The filters or units of a layer by how far their weights moved, the farthest first: [(cell, distance), ...]."""
    change = after.layers[layer].params["w"] - before.layers[layer].params["w"]
    distance = np.sqrt((change.reshape(-1, change.shape[-1]).astype(float) ** 2).sum(axis=0))
    return [(int(cell), float(distance[cell])) for cell in np.argsort(-distance, kind="stable")]
