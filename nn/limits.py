"""The numbers that a training takes, in one place: what the command line refuses, no checkpoint holds either."""

LARGEST = 10**6  # of any number in a recipe
RANGES = {  # least and most
    "epochs": (1, LARGEST),
    "batch_size": (1, LARGEST),
    "lr": (1e-12, LARGEST),
    "held_out": (0, LARGEST),
    "seed": (0, 2**32 - 1),
    "threads": (1, 256),
}
