"""The closed-form edit Delta = R K^T (lambda C + K K^T)^-1, as a factor, a solution or by a factor that is kept."""
import torch

from contestant import Contest
from hashed import uniform


def prepare(params):
    inputs, outputs, edits, lam = params["in"], params["out"], params["edits"], params["lambda"]
    rows = uniform("cov", (4 * inputs, inputs))
    dtype = {"f32": torch.float32, "f64": torch.float64}[params.get("dtype", "f32")]
    c = (rows.T @ rows / len(rows)).to(dtype)
    k, r = uniform("keys", (inputs, edits)).to(dtype), uniform("resid", (outputs, edits), 0.1).to(dtype)

    def cholesky():
        factor = torch.linalg.cholesky(lam * c + k @ k.T)
        return [r @ torch.cholesky_solve(k, factor).T]

    def lu():
        return [r @ torch.linalg.solve(lam * c + k @ k.T, k).T]

    prior = torch.linalg.cholesky(lam * c)
    unit = torch.eye(edits, dtype=dtype)

    def woodbury():
        s = torch.cholesky_solve(k, prior)
        return [r @ torch.linalg.solve(unit + k.T @ s, s.T)]

    return Contest({"cholesky": cholesky, "lu": lu, "woodbury": woodbury}[params["method"]])
