"""A convolutional network from scratch: NumPy, Numba kernels and handwritten backprop.

Order of imports, each file importing only from those before it: files, limits, calling, stopping, streams, compiling,
kernels, describe, layer, layers, losses, product, winograd, normed, fused, answers, stored, network, optim, augment,
mnist, words, ink, hands, recipes, ranks, training, checkpoint, own_data, outputs, console, report, runs, export,
check, first_steps.
README's "Read" has the order to read them in.

This file imports nothing, so that `import nn` does no work.
"""
