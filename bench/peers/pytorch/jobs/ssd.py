"""Selective Synaptic Dampening in place: where I_f > alpha I_d, theta *= min(lambda I_d / I_f, 1)."""
import math

import torch

from contestant import Contest
from hashed import uniform
from models import gpt2_shapes


def prepare(params):
    alpha, lam = params["alpha"], params["lambda"]
    shapes = list(gpt2_shapes().values())
    sizes = [math.prod(shape) for shape in shapes]
    start = uniform("theta", (sum(sizes),), 0.03)
    theta = start.clone()
    parts = lambda flat: [part.view(shape) for part, shape in zip(flat.split(sizes), shapes)]
    tensors = list(zip(parts(theta), *(parts(uniform(name, (sum(sizes),)).square_()) for name in ("importance.forget", "importance.retain"))))

    def where(t, forget, retain):
        t.mul_(torch.where(forget > alpha * retain, (lam * retain / forget).clamp(max=1), 1.0))

    def mask(t, forget, retain):
        # Boolean indexing, the style of the method's first public code.
        chosen = torch.where(forget > retain * alpha)
        factors = ((retain * lam) / forget)[chosen]
        factors[factors > 1] = 1
        t[chosen] = t[chosen].mul(factors)

    compiled = torch.compile(where, dynamic=True)
    dampen = {"where": where, "mask": mask, "compile": lambda *args: compiled(*(a.view(-1) for a in args))}[params["method"]]

    def run():
        for triple in tensors:
            dampen(*triple)
        return [theta]

    return Contest(run, setup=lambda: theta.copy_(start))
