"""Concept erasure: a LEACE-style fit and its application, one iteration of INLP, and the closed-form edit of UCE."""
import torch

from contestant import Contest
from hashed import integers, uniform


def prepare(params):
    return {"fit": fit, "apply": apply, "inlp": inlp, "uce": uce}[params["what"]](params)


def features(rows, width, classes):
    """Correlated, well-conditioned features, and one-hot concepts that shift their means."""
    z = integers("concept", (rows,), classes)
    x = uniform("features", (rows, width))
    mix = uniform("mix", (width, width), 0.25 * (3.0 / width) ** 0.5)
    x = x + x @ mix + uniform("class-means", (classes, width), 0.5)[z]
    return x, z, torch.nn.functional.one_hot(z, classes).float()


def eraser(x, z):
    """P of x' = x - P (x - mean): P = W^+ U U^T W with W = S_xx^(-1/2) and U the left singular basis of W S_xz."""
    rows, width = x.shape
    centred = x - x.mean(0)
    sxx, sxz = centred.T @ centred / rows, centred.T @ (z - z.mean(0)) / rows
    values, vectors = torch.linalg.eigh(sxx)
    kept = values > values[-1] * width * torch.finfo(x.dtype).eps
    inverse = torch.where(kept, values.clamp_min(1e-30).rsqrt(), 0)
    root = torch.where(kept, values.clamp_min(0).sqrt(), 0)
    whiten, colour = (vectors * inverse) @ vectors.T, (vectors * root) @ vectors.T
    u, s, _ = torch.linalg.svd(whiten @ sxz, full_matrices=False)
    u = u[:, s > 1e-4 * s[0]]  # one-hot columns are dependent: their rank is the classes less one
    return colour @ u @ (u.T @ whiten)


def eraser_parts(x, z):
    """The same P = left right without a root of S_xx: S_xz (S_xz^T S_xx^-1 S_xz)^-1 S_xz^T S_xx^-1."""
    centred, concept = x - x.mean(0), z[:, :-1]
    sxx, sxz = centred.T @ centred / len(x), centred.T @ (concept - concept.mean(0)) / len(x)
    whitened = torch.cholesky_solve(sxz, torch.linalg.cholesky(sxx))
    return sxz, torch.linalg.solve(sxz.T @ whitened, whitened.T)


def fit(params):
    x, _, z = features(params["rows"], params["width"], params["classes"])
    if params["method"] == "eigh":
        return Contest(lambda: [eraser(x, z)])
    return Contest(lambda: eraser_parts(x, z), result=lambda parts: [parts[0] @ parts[1]])


def apply(params):
    x, _, z = features(params["rows"], params["width"], params["classes"])
    mean = x.mean(0)
    if params["method"] == "dense":
        p = eraser(x, z)
        return Contest(lambda: [x - (x - mean) @ p.T])
    left, right = eraser_parts(x, z)
    return Contest(lambda: [torch.addmm(x, (x - mean) @ right.T, left.T, alpha=-1)])


def inlp(params):
    """A logistic classifier of the concept, and the projection that takes its direction away."""
    x, z, _ = features(params["rows"], params["width"], params["classes"])
    y = (z == 0).float()
    project = lambda w: [torch.eye(len(w)) - torch.outer(w / w.norm(), w / w.norm())]
    if params["method"] == "sklearn":
        from sklearn.linear_model import LogisticRegression

        rows, labels = x.numpy(), y.numpy()
        solve = lambda: LogisticRegression(C=1.0, max_iter=100, tol=1e-4).fit(rows, labels).coef_[0]
        return Contest(lambda: project(torch.from_numpy(solve()).float()))

    def by_torch():
        w, b = torch.zeros(x.shape[1], requires_grad=True), torch.zeros((), requires_grad=True)
        optimizer = torch.optim.LBFGS(
            [w, b], max_iter=100, tolerance_grad=1e-6, tolerance_change=1e-9, line_search_fn="strong_wolfe"
        )

        def closure():
            optimizer.zero_grad()
            loss = torch.nn.functional.binary_cross_entropy_with_logits(x @ w + b, y) + 0.5 / len(x) * w @ w
            loss.backward()
            return loss

        optimizer.step(closure)
        return project(w.detach())

    return Contest(by_torch)


def uce(params):
    """W' = (lambda W + sum v c^T + sum (W c) c^T) (lambda I + sum c c^T)^-1 over erased and kept concepts."""
    width, count, lam = params["width"], params["concepts"], params["lambda"]
    outs = [320] * 10 + [640] * 10 + [1280] * 12
    weights = [uniform(f"uce.{i}", (out, width), 0.05) for i, out in enumerate(outs)]
    erased, target, kept = (uniform(name, (count, width)) for name in ("erase", "destination", "keep"))
    unit = lam * torch.eye(width)

    def each():
        found = []
        for w in weights:
            left = lam * w + (target @ w.T).T @ erased + (kept @ w.T).T @ kept
            found.append(left @ torch.linalg.inv(unit + erased.T @ erased + kept.T @ kept))
        return found

    def shared():
        c = torch.cat([erased, kept])
        factor = torch.linalg.cholesky(unit + c.T @ c)
        all_ = torch.cat(weights)
        left = lam * all_ + (all_ @ torch.cat([target, kept]).T) @ c
        return list(torch.cholesky_solve(left.T, factor).T.split(outs))

    def low_rank():
        c = torch.cat([erased, kept])
        b = torch.cholesky_solve(erased.T, torch.linalg.cholesky(unit + c.T @ c)).T
        v = (target - erased).T
        return [torch.addmm(w, w @ v, b) for w in weights]

    return Contest({"inverse": each, "shared": shared, "low-rank": low_rank}[params["method"]])
