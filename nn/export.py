"""Write a network as an ONNX file, which other tools run: onnxruntime, browsers, phones.

An ONNX file is one protobuf message, and a protobuf message is a row of fields: a key (number of the field and kind of
its value), then the value: a whole number as a varint, or bytes with their length before them. That is all that is
needed to write one, so nothing is imported for it. The numbers of the fields are those of onnx.proto3, at
https://github.com/onnx/onnx/blob/main/onnx/onnx.proto3; the operators those of opset 13.

The input `image` is float32 (N, H, W, 1) from 0 (paper) to 1 (ink), the output `logits` (N, classes), not divided by
the network's temperature. ONNX keeps channels first, and so do the nodes between.
"""

import numpy as np

from nn.files import write_whole
from nn.layers import AvgPool2D, Conv2D, Dense, Dropout, Flatten, MaxPool2D, ReLU, Softmax

FLOAT = 1  # TensorProto.DataType


def export(path, network, shape=(28, 28, 1)):
    """Write the network for images of this shape (H, W, C). ValueError names a layer that can't be written."""
    write_whole(path, model(network, shape))


def model(network, shape):
    """The bytes of the ModelProto."""
    nodes, weights, name = [node("Transpose", ["image"], "x", perm=[0, 3, 1, 2])], [], "x"
    x = np.zeros((1, *shape), np.float32)
    for i, layer in enumerate(network.replica().layers):
        y = layer.forward(x)
        inputs = [name]
        for key, a in layer.params.items():
            if isinstance(layer, Conv2D) and key == "w":
                a = a.transpose(3, 2, 0, 1)  # (F, C, KH, KW)
            weights.append(tensor(f"{i}.{key}", a))
            inputs.append(f"{i}.{key}")
        name = f"y{i}"
        match layer:
            case Conv2D():
                (top, bottom), (left, right) = layer.margins
                nodes.append(node("Conv", inputs, name, kernel_shape=list(layer.params["w"].shape[:2]),
                                  strides=[layer.stride] * 2, pads=[top, left, bottom, right]))  # fmt: skip
            case MaxPool2D() | AvgPool2D():
                kind = "MaxPool" if isinstance(layer, MaxPool2D) else "AveragePool"
                nodes.append(node(kind, inputs, name, kernel_shape=list(layer.window), strides=[layer.stride] * 2))
            case Dense():
                nodes.append(node("Gemm", inputs, name))
            case ReLU():
                nodes.append(node("Relu", inputs, name))
            case Softmax():
                nodes.append(node("Softmax", inputs, name, axis=1))
            case Dropout():
                nodes.append(node("Identity", inputs, name))
            case Flatten():  # ours flattens with the channels last
                if x.ndim == 4:
                    nodes.append(node("Transpose", inputs, f"{name}.last", perm=[0, 2, 3, 1]))
                    inputs = [f"{name}.last"]
                nodes.append(node("Flatten", inputs, name, axis=1))
            case _:
                raise ValueError(f"{type(layer).__name__} can't be written to ONNX; a trained network is folded first")
        x = y
    if x.ndim != 2:
        raise ValueError(f"to ONNX: the network should end in (N, classes), not in (N, *{x.shape[1:]})")
    nodes.append(node("Identity", [name], "logits"))
    graph = [field(1, n) for n in nodes] + [field(2, "digits")] + [field(5, w) for w in weights]
    graph += [field(11, value("image", shape)), field(12, value("logits", x.shape[1:]))]
    opset = field(2, 13)
    return b"".join([field(1, 8), field(2, "digits-from-scratch"), field(7, b"".join(graph)), field(8, opset)])


def node(kind, inputs, output, **attributes):
    """A NodeProto."""
    parts = [field(1, name) for name in inputs] + [field(2, output), field(3, output), field(4, kind)]
    for name, given in attributes.items():
        if isinstance(given, list):
            body = b"".join([field(1, name), *(field(8, number) for number in given), field(20, 7)])  # type INTS
        else:
            body = b"".join([field(1, name), field(3, given), field(20, 2)])  # type INT
        parts.append(field(5, body))
    return b"".join(parts)


def tensor(name, a):
    """A TensorProto of float32."""
    dims = [field(1, size) for size in a.shape]
    return b"".join([*dims, field(2, FLOAT), field(8, name), field(9, np.ascontiguousarray(a, "<f4").tobytes())])


def value(name, shape):
    """A ValueInfoProto: float32 (N, *shape)."""
    sizes = [field(2, "N")] + [field(1, int(size)) for size in shape]  # dim_param, dim_value
    dims = b"".join(field(1, size) for size in sizes)
    return field(1, name) + field(2, field(1, field(1, FLOAT) + field(2, dims)))


def field(number, content):
    """One field: a whole number from 0, text or bytes."""
    if isinstance(content, int):
        return varint(number << 3) + varint(content)
    content = content.encode() if isinstance(content, str) else content
    return varint(number << 3 | 2) + varint(len(content)) + content


def varint(n):
    """Seven bits a byte, the lowest first; the top bit says that more follow."""
    out = bytearray()
    while n > 127:
        out.append(n & 127 | 128)
        n >>= 7
    out.append(n)
    return bytes(out)
