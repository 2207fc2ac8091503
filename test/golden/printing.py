"""Makes printing.json, arrays as numpy prints them: python3 printing.py (numpy)"""

import json
from pathlib import Path

import numpy as np

rng = np.random.default_rng(7)
f4, f8, f2, i4, i8, u1 = np.float32, np.float64, np.float16, np.int32, np.int64, np.uint8
cases = [
    (np.array([1, 2.5, 3.25], f4), {}),
    (np.array([0.1, 0.2, 1 / 3], f4), {}),
    (np.array([0.1, 0.2, 1 / 3], f8), {}),
    (np.array([0.1, 0.2, 1 / 3], f2), {}),
    (np.array([[1, -2], [3, 40]], f4), {}),
    (np.array([-0.0, 0.0, 5], f8), {}),
    (np.array([1e-10, 1], f8), {}),
    (np.array([1e-10, 1.5, -2], f4), {}),
    (np.array([1e8, 1, 2.5e7], f8), {}),
    (np.array([99999999, 1e5], f8), {}),
    (np.array([1e-5, 2e-5], f4), {}),
    (np.array([0.001, 1.5], f8), {}),
    (np.array([0.001, 1.0], f8), {}),
    (np.array([1e100, 1e-300], f8), {}),
    (np.array([np.nan, 1, np.inf], f4), {}),
    (np.array([np.nan, 1.5, -np.inf], f8), {}),
    (np.array([np.inf, 1e-9], f4), {}),
    (np.array([np.nan, np.nan], f8), {}),
    (np.array([-np.inf, np.nan], f4), {}),
    (np.array([65504, 2.0**-24], f2), {}),
    (np.array([np.pi, np.e, 100], f8), {"precision": 3}),
    (np.array([np.pi, 1e-7], f8), {"precision": 2}),
    (np.array([np.pi, 2], f8), {"precision": 0}),
    (np.array([np.pi * 1000, 0.001], f4), {}),
    (np.array(3.0, f8), {}),
    (np.array(0.1, f4), {}),
    (np.array(1e-10, f8), {}),
    (np.array(np.nan, f4), {}),
    (np.array(7, i4), {}),
    (np.array(True), {}),
    (np.array([True, False]), {}),
    (np.array([[1, -20, 300]], i4), {}),
    (np.array([2**62, -1], i8), {}),
    (np.arange(12, dtype=u1).reshape(2, 3, 2), {}),
    (np.zeros((0, 3), f4), {}),
    (np.zeros((2, 0, 3), f4), {}),
    (np.arange(40, dtype=i4), {}),
    (np.arange(60, dtype=f4), {}),
    (np.arange(60, dtype=f4), {"lineWidth": 40}),
    (np.arange(1000, dtype=i4), {}),
    (np.arange(1001, dtype=i4), {}),
    (np.arange(2000, dtype=f8) / 8, {}),
    (np.arange(2000, dtype=f8).reshape(40, 50), {}),
    (np.arange(10000, dtype=f4).reshape(10, 10, 10, 10), {}),
    (np.arange(4000, dtype=i8).reshape(2, 2000), {"edgeItems": 2}),
    (np.arange(30, dtype=i4).reshape(5, 6), {"threshold": 10, "edgeItems": 1}),
    (np.arange(7, dtype=i4), {"threshold": 0, "edgeItems": 3}),
    (np.arange(6, dtype=i4), {"threshold": 0, "edgeItems": 3}),
    (rng.standard_normal((4, 5)).astype(f4), {}),
    (rng.standard_normal((4, 5)), {}),
    (rng.standard_normal((4, 5)), {"precision": 4}),
    (rng.standard_normal((3, 30)).astype(f2), {}),
    (np.exp(5 * rng.standard_normal((3, 4))).astype(f4), {}),
    (np.array([[[[1.5]]]], f4), {}),
]

NAMES = {"lineWidth": "linewidth", "edgeItems": "edgeitems", "threshold": "threshold", "precision": "precision"}


def listed(array):
    values = array.ravel()
    steps = np.diff(values) if values.dtype != bool and values.size > 20 else []
    if len(steps) > 0 and (steps == steps[0]).all():
        return {"start": values[0].item(), "step": steps[0].item()}
    return [spelled(value) for value in values.tolist()]


def spelled(value):
    return str(value) if not np.isfinite(value) or isinstance(value, int) or value == 0 else value


goldens = []
for array, options in cases:
    with np.printoptions(**{NAMES[name]: value for name, value in options.items()}):
        text = str(array)
    goldens.append(
        {"dtype": array.dtype.name, "shape": array.shape, "values": listed(array), "options": options, "text": text}
    )

path = Path(__file__).parent / "printing.json"
path.write_text(json.dumps(goldens, separators=(",", ":")).replace('},{"dtype"', '},\n{"dtype"') + "\n")
