"""The gradient of the mean loss of a batch; `forward` is the losses alone."""
import torch

from contestant import Contest
from models import build


def prepare(params):
    model, x, y, losses = build(params["model"], params["batch"], params.get("kernel", "sdpa"))
    weights = list(model.parameters())
    net = torch.compile(model) if params.get("compile") else model
    return Contest(lambda: torch.autograd.grad(losses(net(x), y).mean(), weights), result=list, warmup=2)
