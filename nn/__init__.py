"""A convolutional network from scratch: NumPy, Numba kernels and handwritten backprop.

Reading order, each file importing only from those before it: files, compiling, kernels, describe, layer, layers,
losses, product, winograd, fused, answers, network, optim, augment, mnist, ink, hands, recipes, training, report.

This file imports nothing, so that `import nn` does no work.
"""
