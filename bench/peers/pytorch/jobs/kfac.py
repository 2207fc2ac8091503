"""K-FAC and EK-FAC of the linear layers in a decoder's blocks.

A = sum a a^T over tokens; G = sum g g^T with g of the summed loss; both over the number of tokens. They are of the weights
alone: a column of ones for the biases would be a copy more. EK-FAC's eigenvalues are the squares of single samples'
gradients in the factors' eigenbases, averaged.
"""
import torch
import torch.nn as nn

from contestant import Contest
from hashed import uniform
from models import build


class Layers:
    """The linear layers of a model, and what enters and leaves them in a pass."""

    def __init__(self, params):
        self.model, self.x, self.y, self.losses = build(params["model"], params["samples"])
        self.batch = params["batch"]
        self.modules = {name: m for name, m in self.model.named_modules() if isinstance(m, nn.Linear)}
        self.inputs, self.slopes = {}, {}
        for name, module in self.modules.items():
            module.register_forward_hook(lambda _module, args, out, name=name: self.watch(name, args[0], out))

    def watch(self, name, entered, out):
        self.inputs[name] = entered.detach()
        out.register_hook(lambda g: self.slopes.__setitem__(name, g.detach()))

    def sweep(self, use):
        weights = [m.weight for m in self.modules.values()]
        for i in range(0, len(self.x), self.batch):
            part = slice(i, i + self.batch)
            torch.autograd.grad(self.losses(self.model(self.x[part]), self.y[part]).sum(), weights)
            for name, a in self.inputs.items():
                use(name, a, self.slopes[name])

    def factors(self):
        found = {name: (torch.zeros(m.in_features, m.in_features), torch.zeros(m.out_features, m.out_features))
                 for name, m in self.modules.items()}

        def use(name, a, g):
            a, g = a.flatten(0, 1), g.flatten(0, 1)
            found[name][0].addmm_(a.T, a)
            found[name][1].addmm_(g.T, g)

        self.sweep(use)
        return {name: (a / self.x.numel(), g / self.x.numel()) for name, (a, g) in found.items()}

    def eigenvalues(self, bases):
        squares = {name: torch.zeros(len(qg), len(qa)) for name, (qa, qg) in bases.items()}

        def use(name, a, g):
            qa, qg = bases[name]
            squares[name].add_(torch.einsum("nti,ntj->nij", g @ qg, a @ qa).square_().sum(0))

        self.sweep(use)
        return {name: s / len(self.x) for name, s in squares.items()}


def bases_of(factors):
    return {name: tuple(torch.linalg.eigh(f)[1] for f in pair) for name, pair in factors.items()}


def inverse_times(bases, eigenvalues, damping, vectors):
    return [qg @ ((qg.T @ vectors[name] @ qa) / (eigenvalues[name] + damping)) @ qa.T for name, (qa, qg) in bases.items()]


def prepare(params):
    if params["what"] in ("eigh", "cholesky"):
        return decomposition(params)
    if params["what"] == "inverse":
        return inverse(params)
    layers = Layers(params)
    if params["what"] == "factors":
        return Contest(layers.factors, result=lambda pairs: [f for pair in pairs.values() for f in pair])
    factors = layers.factors()
    if params["what"] == "all-eigh":
        # Eigenvectors of near-equal eigenvalues are arbitrary: the factors made of them are not.
        decompose = lambda: [torch.linalg.eigh(f) for pair in factors.values() for f in pair]
        return Contest(decompose, result=lambda found: [(q * e) @ q.T for e, q in found])
    bases = bases_of(factors)
    return Contest(lambda: layers.eigenvalues(bases), result=lambda found: [e.sum() for e in found.values()])


GPT_SMALL = (("qkv", 768, 256), ("proj", 256, 256), ("fc", 1024, 256), ("out", 256, 1024))
SHAPES = {
    "gpt-small": [(f"h.{i}.{name}", out, inputs) for i in range(4) for name, out, inputs in GPT_SMALL],
    "small": [(f"small.{i}", 128, 64) for i in range(8)],
    "one": [("one", 3072, 768)],
}


def inverse(params):
    """Any orthogonal bases do: those of the factors are defined up to the order of rounding."""
    basis = lambda name, n: torch.linalg.qr(uniform(name, (n, n)))[0]
    shapes = SHAPES[params["layers"]]
    bases = {name: (basis("qa." + name, inputs), basis("qg." + name, out)) for name, out, inputs in shapes}
    eigenvalues = {name: uniform("lam." + name, (out, inputs)).square() for name, out, inputs in shapes}
    vectors = {name: uniform("v." + name, (out, inputs)) for name, out, inputs in shapes}
    return Contest(lambda: inverse_times(bases, eigenvalues, params["damping"], vectors), warmup=2)


def decomposition(params):
    n = params["n"]
    rows = uniform("eigh", (2 * n, n))
    s = rows.T @ rows / (2 * n)
    if params["what"] == "cholesky":
        return Contest(lambda: [torch.linalg.cholesky(s + 0.01 * torch.eye(n))])
    s = s.double() if params.get("dtype") == "f64" else s
    return Contest(lambda: torch.linalg.eigh(s), result=lambda found: [found[0]])
