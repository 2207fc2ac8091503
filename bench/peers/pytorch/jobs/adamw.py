"""One step of AdamW over GPT-2 small's parameters."""
import torch

from contestant import Contest
from hashed import uniform
from models import DECODERS, Decoder, filled


def prepare(params):
    model = filled(Decoder(**{**DECODERS["gpt2"], "context": 1024}))
    for name, p in model.named_parameters():
        p.grad = uniform("g." + name, tuple(p.shape), 1e-3)
    kind = {"fused": {"fused": True}, "foreach": {"foreach": True}, "loop": {"foreach": False}}[params["method"]]
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4, weight_decay=0.01, **kind)
    return Contest(optimizer.step, result=lambda _: [p.detach() for p in model.parameters()], warmup=2)
