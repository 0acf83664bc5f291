"""Make golden.npz, the numbers that PyTorch gets where nn/ must get the same:  python tests/make_golden.py

Needs torch (the `bench` extra); the tests need only the file. Weights, images and labels aren't stored: both sides
draw them from the same seeds. PyTorch computes in float64, so that what is stored is right to its last digit.
"""

from pathlib import Path

import numpy as np

GOLDEN = Path(__file__).with_name("golden.npz")
SHAPES = {  # of the digit network's parameters, by their names in nn/network.py
    "0.w": (3, 3, 1, 32), "0.b": (32,), "3.w": (3, 3, 32, 64), "3.b": (64,), "6.w": (3, 3, 64, 64), "6.b": (64,),
    "9.w": (576, 64), "9.b": (64,), "11.w": (64, 10), "11.b": (10,),
}  # fmt: skip
SMOOTHING = 0.1
OPTIMIZER_SHAPES = {"w": (3, 4), "b": (4,)}
OPTIMIZER_STEPS = 5


def network_case():
    """params, x (7, 28, 28, 1), labels (7,): the network's weights and what it is shown, speckled paper."""
    rng = np.random.default_rng(20)
    scale = {name: (2 / np.prod(shape[:-1])) ** 0.5 if name[-1] == "w" else 0.1 for name, shape in SHAPES.items()}
    params = {name: (scale[name] * rng.standard_normal(shape)).astype(np.float32) for name, shape in SHAPES.items()}
    x = rng.random((7, 28, 28, 1), np.float32)
    return params, np.where(x > 0.8, x, 0), np.array([3, 0, 9, 3, 1, 5, 8])


def optimizer_case():
    """params, and a list of the gradients of each step."""
    rng = np.random.default_rng(21)

    def draw():
        return {name: rng.standard_normal(shape).astype(np.float32) for name, shape in OPTIMIZER_SHAPES.items()}

    return draw(), [draw() for _ in range(OPTIMIZER_STEPS)]


def network_golden():
    import torch
    from torch.nn import functional as F

    params, x, labels = network_case()
    p = {name: torch.tensor(a, dtype=torch.float64, requires_grad=True) for name, a in params.items()}

    def conv(x, i):  # PyTorch has channels first: (N, C, H, W) and (F, C, KH, KW)
        return F.relu(F.conv2d(x, p[f"{i}.w"].permute(3, 2, 0, 1), p[f"{i}.b"]))

    h = torch.tensor(x, dtype=torch.float64).permute(0, 3, 1, 2)
    h = F.max_pool2d(conv(h, 0), 2)
    h = F.max_pool2d(conv(h, 3), 2)
    h = conv(h, 6).permute(0, 2, 3, 1).reshape(len(x), -1)  # flattened with channels last
    h = F.relu(h @ p["9.w"] + p["9.b"])
    logits = h @ p["11.w"] + p["11.b"]
    loss = F.cross_entropy(logits, torch.tensor(labels), label_smoothing=SMOOTHING)
    loss.backward()
    grads = {f"grad.{name}": t.grad.numpy() for name, t in p.items()}
    return {"logits": logits.detach().numpy(), "loss": loss.item(), **grads}


def optimizer_golden():
    """Weights after each step; weights decay, biases don't."""
    import torch

    makers = {
        "sgd": lambda groups: torch.optim.SGD(groups, lr=0.1, momentum=0.9),
        "adamw": lambda groups: torch.optim.AdamW(groups, lr=0.1, betas=(0.9, 0.999), eps=1e-8),
    }
    golden = {}
    for kind, make in makers.items():
        params, steps = optimizer_case()
        p = {name: torch.tensor(a, dtype=torch.float64, requires_grad=True) for name, a in params.items()}
        optimizer = make([{"params": [p["w"]], "weight_decay": 0.2 if kind == "adamw" else 0.0},
                          {"params": [p["b"]], "weight_decay": 0.0}])  # fmt: skip
        for t, grads in enumerate(steps, start=1):
            for name, grad in grads.items():
                p[name].grad = torch.tensor(grad, dtype=torch.float64)
            optimizer.step()
            golden |= {f"{kind}.{t}.{name}": a.detach().numpy().copy() for name, a in p.items()}
    return golden


if __name__ == "__main__":
    golden = network_golden() | optimizer_golden()
    np.savez_compressed(GOLDEN, **{name: np.asarray(a, np.float32) for name, a in golden.items()})
    print(f"{GOLDEN.name}: {len(golden)} arrays, {GOLDEN.stat().st_size:,} bytes")
