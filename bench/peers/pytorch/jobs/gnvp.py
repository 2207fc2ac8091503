"""The product of the Gauss-Newton matrix of the mean loss with a vector: one tangent, the loss's Hessian, one pass back."""
import torch
from torch.func import functional_call, grad, jvp, vjp

from contestant import Contest
from hashed import uniform
from models import build


def prepare(params):
    model, x, y, losses = build(params["model"], params["batch"], params.get("kernel", "math"))
    weights = {name: p.detach() for name, p in model.named_parameters()}
    v = {name: uniform("v." + name, tuple(p.shape)) for name, p in weights.items()}
    outputs = lambda theta: functional_call(model, theta, (x,))
    slope = grad(lambda z: losses(z, y).mean())

    def product():
        value, tangent = jvp(outputs, (weights,), (v,))
        curved = jvp(slope, (value,), (tangent,))[1]
        return list(vjp(outputs, weights)[1](curved)[0].values())

    return Contest(product, warmup=2)
