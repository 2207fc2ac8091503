"""Single layers, forward and backward: norms, softmax, cross-entropy, attention, chains with GELU."""
import torch
import torch.nn.functional as F

from contestant import Contest
from hashed import integers, uniform


def prepare(params):
    inputs, forward = LAYERS[params["layer"]](params)
    step = torch.compile(forward) if params.get("compile") else forward
    if params["pass"] == "forward":
        return Contest(lambda: [step(*inputs)], warmup=3)
    for tensor in inputs:
        if tensor.is_floating_point():
            tensor.requires_grad_()
    floats = [tensor for tensor in inputs if tensor.requires_grad]
    slope = uniform("slope", tuple(step(*inputs).shape))
    return Contest(lambda: torch.autograd.grad(step(*inputs), floats, slope), result=list, warmup=3)


def layer_norm(params):
    rows, width = params["rows"], params["width"]
    inputs = [uniform("x", (rows, width)), uniform("gain", (width,)), uniform("bias", (width,))]
    return inputs, lambda x, gain, bias: F.layer_norm(x, (width,), gain, bias)


def softmax(params):
    return [uniform("x", (params["rows"], params["width"]), 4.0)], lambda x: x.softmax(-1)


def cross_entropy(params):
    rows, width = params["rows"], params["width"]
    inputs = [uniform("x", (rows, width), 4.0), integers("labels", (rows,), width)]
    return inputs, lambda x, y: F.cross_entropy(x, y, reduction="none")


def attention(params):
    shape = (params["batch"], params["heads"], params["length"], params["width"])
    causal = params.get("causal", True)
    inputs = [uniform(name, shape) for name in ("q", "k", "v")]
    return inputs, lambda q, k, v: F.scaled_dot_product_attention(q, k, v, is_causal=causal)


def gelu_chain(params):
    rows, width = params["rows"], params["width"]
    inputs = [uniform("x", (rows, width), 2.0), uniform("bias", (width,)), uniform("skip", (rows, width))]
    return inputs, lambda x, bias, skip: F.gelu(x + bias, approximate="tanh") * 0.5 + skip


LAYERS = {
    "layerNorm": layer_norm,
    "softmax": softmax,
    "crossEntropy": cross_entropy,
    "attention": attention,
    "geluChain": gelu_chain,
}
