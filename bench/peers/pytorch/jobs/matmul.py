"""A product in one of the three orientations of a linear layer, with a new result every time."""
import torch

from contestant import Contest
from hashed import uniform


def prepare(params):
    m, n, k, form = params["m"], params["n"], params["k"], params["form"]
    dtype = {"f32": torch.float32, "bf16": torch.bfloat16}[params.get("dtype", "f32")]
    a = uniform("left", (k, m) if form == "TN" else (m, k)).to(dtype)
    b = uniform("right", (n, k) if form == "NT" else (k, n)).to(dtype)
    left, right = (a.T if form == "TN" else a), (b.T if form == "NT" else b)
    return Contest(lambda: [left @ right], result=lambda value: [value[0].float()], warmup=3)
