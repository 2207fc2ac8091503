"""The product of the mean loss's Hessian with a vector."""
import torch
from torch.func import functional_call, grad, jvp

from contestant import Contest
from hashed import uniform
from models import build


def prepare(params):
    model, x, y, losses = build(params["model"], params["batch"], params.get("kernel", "math"))
    weights = {name: p.detach() for name, p in model.named_parameters()}
    v = {name: uniform("v." + name, tuple(p.shape)) for name, p in weights.items()}
    mean = lambda theta: losses(functional_call(model, theta, (x,)), y).mean()

    def twice_backward():
        parameters = list(model.parameters())
        gradients = torch.autograd.grad(losses(model(x), y).mean(), parameters, create_graph=True)
        return torch.autograd.grad(sum((g * d).sum() for g, d in zip(gradients, v.values())), parameters)

    forward_over_reverse = lambda theta, d: list(jvp(grad(mean), (theta,), (d,))[1].values())
    if params["method"] == "double":
        return Contest(twice_backward, result=list, warmup=2)
    step = torch.compile(forward_over_reverse) if params.get("compile") else forward_over_reverse
    return Contest(lambda: step(weights, v), warmup=2)
