"""The exact diagonal of the empirical Fisher: squared gradients of single samples' losses, summed."""
import torch
from torch.func import functional_call, grad, vmap

from contestant import Contest
from models import build


def prepare(params):
    model, x, y, losses = build(params["model"], params["samples"], params.get("kernel", "sdpa"))
    weights = {name: p.detach() for name, p in model.named_parameters()}
    compiled = torch.compile if params.get("compile") else lambda f: f
    if params["method"] == "loop":
        return Contest(lambda: loop(compiled(model), list(model.parameters()), x, y, losses))

    def squares(theta, xs, ys):
        loss = lambda q, xi, yi: losses(functional_call(model, q, (xi[None],)), yi[None]).sum()
        return {name: g.square().sum(0) for name, g in vmap(grad(loss), (None, 0, 0))(theta, xs, ys).items()}

    step = compiled(squares)
    return Contest(lambda: in_chunks(step, weights, x, y, params["chunk"]))


def loop(net, weights, x, y, losses):
    total = [torch.zeros_like(p) for p in weights]
    for i in range(len(x)):
        gradients = torch.autograd.grad(losses(net(x[i : i + 1]), y[i : i + 1]).sum(), weights)
        for sum_, g in zip(total, gradients):
            sum_.addcmul_(g, g)
    return total


def in_chunks(step, weights, x, y, chunk):
    total = {name: torch.zeros_like(p) for name, p in weights.items()}
    for i in range(0, len(x), chunk):
        for name, squares in step(weights, x[i : i + chunk], y[i : i + chunk]).items():
            total[name] += squares
    return list(total.values())
