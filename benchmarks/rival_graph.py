"""The digit network as the contestants of rivals.py take it: its weights in their order, and an ONNX graph of it.

The graph is what another framework would make; nn/export.py's keeps our order of axes at both ends.
"""

import numpy as np

from nn.network import digit_net


def weights():
    """The weights of our network, in order, as every contestant starts with them."""
    return list(digit_net(np.random.default_rng(0)).params.values())


def channels_first(arrays):
    """(convolutions' weights and biases, dense layers') in the order of axes of PyTorch and ONNX."""
    w4 = arrays[6].reshape(3, 3, 64, 64).transpose(2, 0, 1, 3).reshape(576, 64)  # its rows came channels last
    convolutions = [a if a.ndim == 1 else a.transpose(3, 2, 0, 1) for a in arrays[:6]]
    dense = [a if a.ndim == 1 else a.T for a in (w4, *arrays[7:])]
    return [[np.ascontiguousarray(a) for a in group] for group in (convolutions, dense)]


def onnx_model():
    """Our network as a serialised ONNX graph: uint8 images (N, 28, 28) in, probabilities (N, 10) out."""
    from onnx import TensorProto, helper, numpy_helper

    convolutions, dense = channels_first(weights())
    arrays = {"255": np.float32(255), "axis": np.array([1])}
    nodes = [helper.make_node("Cast", ["images"], ["cast"], to=TensorProto.FLOAT),
             helper.make_node("Div", ["cast", "255"], ["scaled"]),
             helper.make_node("Unsqueeze", ["scaled", "axis"], ["x0"])]  # fmt: skip
    last = "x0"

    def add(kind, *inputs, **attributes):
        nonlocal last
        nodes.append(helper.make_node(kind, [last, *inputs], [f"x{len(nodes)}"], **attributes))
        last = f"x{len(nodes) - 1}"

    for number, (w, b) in enumerate(zip(convolutions[::2], convolutions[1::2], strict=True)):
        arrays |= {f"w{number}": w, f"b{number}": b}
        add("Conv", f"w{number}", f"b{number}")
        add("Relu")
        if number < 2:
            add("MaxPool", kernel_shape=[2, 2], strides=[2, 2])
    add("Flatten")
    for number, (w, b) in enumerate(zip(dense[::2], dense[1::2], strict=True), 3):
        arrays |= {f"w{number}": w, f"b{number}": b}
        add("Gemm", f"w{number}", f"b{number}", transB=1)
        if number == 3:
            add("Relu")
    add("Softmax", axis=1)
    graph = helper.make_graph(
        nodes, "digits",
        [helper.make_tensor_value_info("images", TensorProto.UINT8, ["N", 28, 28])],
        [helper.make_tensor_value_info(last, TensorProto.FLOAT, ["N", 10])],
        [numpy_helper.from_array(np.asarray(a), name) for name, a in arrays.items()],
    )  # fmt: skip
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    return model.SerializeToString()
