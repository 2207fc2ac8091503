"""The networks of ../README.md, with weights that are functions of their names."""
import math

import torch
import torch.nn as nn
import torch.nn.functional as F

from hashed import integers, uniform


class Attention(nn.Module):
    def __init__(self, width, heads, causal, kernel):
        super().__init__()
        self.qkv, self.proj = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.heads, self.causal, self.kernel = heads, causal, kernel

    def forward(self, x):
        n, t, width = x.shape
        q, k, v = (part.view(n, t, self.heads, -1).transpose(1, 2) for part in self.qkv(x).split(width, -1))
        if self.kernel == "sdpa":
            mixed = F.scaled_dot_product_attention(q, k, v, is_causal=self.causal)
        else:
            scores = q @ k.transpose(-1, -2) / math.sqrt(width // self.heads)
            if self.causal:
                scores = scores + torch.full((t, t), -math.inf).triu(1)
            mixed = scores.softmax(-1) @ v
        return self.proj(mixed.transpose(1, 2).reshape(n, t, width))


class Block(nn.Module):
    def __init__(self, width, heads, causal, kernel):
        super().__init__()
        self.ln1, self.ln2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.attn = Attention(width, heads, causal, kernel)
        self.fc, self.out = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)

    def forward(self, x):
        x = x + self.attn(self.ln1(x))
        return x + self.out(F.gelu(self.fc(self.ln2(x)), approximate="tanh"))


class Decoder(nn.Module):
    """GPT-2's layout with the output head tied to the token embedding."""

    def __init__(self, width, layers, heads, vocabulary, context, kernel="sdpa"):
        super().__init__()
        self.wte, self.wpe = nn.Embedding(vocabulary, width), nn.Embedding(context, width)
        self.h = nn.ModuleList(Block(width, heads, True, kernel) for _ in range(layers))
        self.lnf = nn.LayerNorm(width)

    def forward(self, ids):
        x = self.wte(ids) + self.wpe.weight[: ids.shape[1]]
        for block in self.h:
            x = block(x)
        return F.linear(self.lnf(x), self.wte.weight)


class ViT(nn.Module):
    def __init__(self, kernel="sdpa", width=192, layers=12, heads=3, patch=4, image=32, classes=10):
        super().__init__()
        self.patch = nn.Conv2d(3, width, patch, patch)
        self.cls = nn.Parameter(torch.zeros(1, 1, width))
        self.pos = nn.Parameter(torch.zeros(1, (image // patch) ** 2 + 1, width))
        self.h = nn.ModuleList(Block(width, heads, False, kernel) for _ in range(layers))
        self.lnf, self.head = nn.LayerNorm(width), nn.Linear(width, classes)

    def forward(self, x):
        x = self.patch(x).flatten(2).transpose(1, 2)
        x = torch.cat([self.cls.expand(len(x), -1, -1), x], 1) + self.pos
        for block in self.h:
            x = block(x)
        return self.head(self.lnf(x[:, 0]))


class Residual(nn.Module):
    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.c1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.c2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        self.n1, self.n2 = nn.GroupNorm(32, outputs), nn.GroupNorm(32, outputs)
        self.short = None
        if stride != 1 or inputs != outputs:
            self.short = nn.Conv2d(inputs, outputs, 1, stride, bias=False)
            self.ns = nn.GroupNorm(32, outputs)

    def forward(self, x):
        y = self.n2(self.c2(F.relu(self.n1(self.c1(x)))))
        return F.relu(y + (x if self.short is None else self.ns(self.short(x))))


class ResNet18(nn.Module):
    """For 32 x 32 images: a 3 x 3 stem without pooling, and group norms."""

    def __init__(self, classes=10):
        super().__init__()
        self.stem, self.norm = nn.Conv2d(3, 64, 3, 1, 1, bias=False), nn.GroupNorm(32, 64)
        blocks, inputs = [], 64
        for outputs, stride in ((64, 1), (128, 2), (256, 2), (512, 2)):
            blocks += [Residual(inputs, outputs, stride), Residual(outputs, outputs, 1)]
            inputs = outputs
        self.blocks, self.head = nn.ModuleList(blocks), nn.Linear(512, classes)

    def forward(self, x):
        x = F.relu(self.norm(self.stem(x)))
        for block in self.blocks:
            x = block(x)
        return self.head(x.mean((2, 3)))


def mlp(widths=(784, 1024, 1024, 10)):
    layers = [nn.Linear(a, b) for a, b in zip(widths, widths[1:])]
    return nn.Sequential(*[part for layer in layers for part in (layer, nn.ReLU())][:-1])


def filled(model):
    """Norms' weights 1, biases 0, embeddings within 0.03 of 0, every other weight within sqrt(3 / fan-in)."""
    norms = {id(p) for m in model.modules() if isinstance(m, (nn.LayerNorm, nn.GroupNorm)) for p in m.parameters()}
    with torch.no_grad():
        for name, p in model.named_parameters():
            if name.endswith("bias"):
                p.zero_()
            elif id(p) in norms:
                p.fill_(1.0)
            elif name.startswith(("wte", "wpe", "cls", "pos")):
                p.copy_(uniform(name, tuple(p.shape), 0.03))
            else:
                p.copy_(uniform(name, tuple(p.shape), math.sqrt(3.0 / p[0].numel())))
    return model


DECODERS = {
    "gpt-small": dict(width=256, layers=4, heads=4, vocabulary=8192, context=128),
    "gpt2": dict(width=768, layers=12, heads=12, vocabulary=50257, context=256),
}


def gpt2_shapes():
    """The shapes of GPT-2 small's parameters, with its whole context."""
    with torch.device("meta"):
        return {n: tuple(p.shape) for n, p in Decoder(**{**DECODERS["gpt2"], "context": 1024}).named_parameters()}


def build(kind, samples, kernel="sdpa"):
    """A model, its inputs and targets, and losses(outputs, targets) -> [samples]."""
    if kind in DECODERS:
        sizes = DECODERS[kind]
        tokens = integers("tokens", (samples, sizes["context"] + 1), sizes["vocabulary"])
        each = lambda out, y: F.cross_entropy(out.flatten(0, 1), y.flatten(), reduction="none").view(y.shape).mean(-1)
        return filled(Decoder(kernel=kernel, **sizes)), tokens[:, :-1].contiguous(), tokens[:, 1:].contiguous(), each
    model = filled({"mlp": mlp, "resnet18": ResNet18, "vit": lambda: ViT(kernel)}[kind]())
    x = uniform("images", (samples, 784) if kind == "mlp" else (samples, 3, 32, 32))
    return model, x, integers("labels", (samples,), 10), lambda out, y: F.cross_entropy(out, y, reduction="none")
