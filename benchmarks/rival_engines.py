"""The contestants of rivals.py that only answer: engines that run what another framework trained."""


class OnnxRuntime:
    """ONNX Runtime, which runs what another framework trained; the graph is made here of our weights."""

    library = "onnxruntime"
    needs = "onnx"

    def __init__(self, images, labels, threads):
        import onnxruntime
        import rival_graph

        self.version = f"ONNX Runtime {onnxruntime.__version__}"
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
        self.session = onnxruntime.InferenceSession(
            rival_graph.onnx_model(), options, providers=["CPUExecutionProvider"]
        )

    def one(self, image):
        return self.many(image[None])

    def many(self, images):
        return self.session.run(None, {"images": images})[0]


class OpenVino:
    """OpenVINO, in float32 and tuned for latency; it reads the same graph."""

    library = "openvino"
    needs = "onnx"
    precision, hint = "f32", "LATENCY"

    def __init__(self, images, labels, threads):
        import io

        import openvino
        import rival_graph

        core = openvino.Core()
        self.version = f"OpenVINO {openvino.__version__.split('-')[0]}"
        options = {"INFERENCE_NUM_THREADS": threads, "PERFORMANCE_HINT": self.hint}
        if self.precision:
            options["INFERENCE_PRECISION_HINT"] = self.precision
        self.model = core.compile_model(core.read_model(io.BytesIO(rival_graph.onnx_model())), "CPU", options)
        self.request = self.model.create_infer_request()

    def one(self, image):
        return self.many(image[None])

    def many(self, images):
        return self.request.infer({0: images}, share_inputs=True)[0]


class OpenVinoThroughput(OpenVino):
    """Tuned for throughput: a batch is cut into requests that run side by side."""

    hint = "THROUGHPUT"

    def __init__(self, images, labels, threads):
        import openvino

        super().__init__(images, labels, threads)
        self.queue = openvino.AsyncInferQueue(self.model, threads)
        self.queue.set_callback(lambda request, at: self.found.__setitem__(at, request.get_output_tensor().data.copy()))

    def many(self, images):
        import numpy as np

        self.found, share = {}, -(-len(images) // len(self.queue))
        for at in range(0, len(images), share):
            self.queue.start_async({0: images[at : at + share]}, at)
        self.queue.wait_all()
        return np.concatenate([self.found[at] for at in sorted(self.found)])


class OpenVinoDefault(OpenVino):
    """In the precision that it chooses for this processor: bfloat16, where that is fast."""

    precision = None
    near = 0.05
