"""Statistics of single samples' gradients as `vmap(grad)` gives them: norms, dot products, the Gram matrix."""
import torch
from torch.func import functional_call, grad, vmap

from contestant import Contest
from hashed import uniform
from models import build


def prepare(params):
    model, x, y, losses = build(params["model"], params["samples"], params.get("kernel", "math"))
    weights = {name: p.detach() for name, p in model.named_parameters()}
    loss = lambda q, xi, yi: losses(functional_call(model, q, (xi[None],)), yi[None]).sum()
    each = vmap(grad(loss), (None, 0, 0))
    chunk = params.get("chunk", len(x))

    def gradients():
        for i in range(0, len(x), chunk):
            yield each(weights, x[i : i + chunk], y[i : i + chunk])

    def norms():
        return [torch.cat([sum(g.flatten(1).square().sum(1) for g in part.values()) for part in gradients()])]

    if params["what"] == "norms":
        return Contest(norms)
    count = params.get("vectors", 1)
    v = {name: uniform("v." + name, (count, *p.shape)).flatten(1) for name, p in weights.items()}

    def dots():
        # [vectors, samples]
        return [torch.cat([sum(v[name] @ g.flatten(1).T for name, g in part.items()) for part in gradients()], 1)]

    def gram():
        part = each(weights, x, y)
        return [sum(g.flatten(1) @ g.flatten(1).T for g in part.values())]

    return Contest(dots if params["what"] == "dots" else gram)
