"""What NumPy makes of indices: python3 test/golden/indexing.py > test/golden/indexing.json

A part of an index is a number, null (a new axis), "..." or an object: {"range": [start, stop, step]} with nulls
for what is left out, or {"tensor": nested integers}.
"""

import json

import numpy


def t(values):
    return {"tensor": values}


def r(start=None, stop=None, step=None):
    return {"range": [start, stop, step]}


CASES = [
    ([4, 3], [1]),
    ([4, 3], [-1, -3]),
    ([4, 3], [r(1, 3)]),
    ([5, 4], [r(None, None, -2), r(-3, None)]),
    ([4, 3], [r(3, None, -1), 0]),
    ([4, 3], ["...", 1]),
    ([2, 3, 4], [0, "...", r(None, None, 2)]),
    ([2, 3], [None, "...", None, 1]),
    ([3], ["..."]),
    ([4, 3], [t([2, 0, 2])]),
    ([4, 3], [t([[1, 3], [0, 1]]), r(1)]),
    ([4, 3], ["...", t([2, 0])]),
    ([4, 5], [t([1, 2, 3]), t([0, 4, 0])]),
    ([4, 5], [t([[1], [3]]), t([0, 4, 2])]),
    ([2, 3, 4], [t([1, 0]), r(), t([3, 1])]),
    ([2, 3, 4], [0, r(), t([3, 1, 0])]),
    ([2, 3, 4], [r(), t([2, 0]), t([3, 1])]),
    ([2, 3, 4], [r(), 1, t([3, 1])]),
    ([2, 3, 4], [t([1, 0]), 2]),
    ([2, 3, 4], [t([1, 0]), None, r(0, 2), t([3, 1])]),
    ([2, 3, 4], [r(None, None, -1), t([[2, 0]]), r(1, 4, 2)]),
    ([2, 3, 4, 2], [r(), t([0, 2]), r(1, 3), t([1, 0])]),
    ([2, 3, 4, 2], [1, "...", t([1, 0, 1])]),
    ([3, 4], [r(2, 1)]),
    ([3, 4], [t([]), r(0, 2)]),
]


def numpy_part(part):
    if part == "...":
        return Ellipsis
    if isinstance(part, dict):
        if "range" in part:
            return slice(*part["range"])
        return numpy.array(part["tensor"], dtype=numpy.int64)
    return part


def case(shape, index):
    x = numpy.arange(numpy.prod(shape), dtype=numpy.float64).reshape(shape)
    key = tuple(numpy_part(part) for part in index)
    picked = x[key]
    values = 100 + numpy.arange(picked.size, dtype=numpy.float64).reshape(picked.shape)
    put, added = x.copy(), x.copy()
    put[key] = values
    numpy.add.at(added, key, values)
    return {
        "shape": shape,
        "index": index,
        "picked": {"shape": list(picked.shape), "data": picked.ravel().tolist()},
        "set": put.ravel().tolist(),
        "added": added.ravel().tolist(),
    }


print(json.dumps([case(shape, index) for shape, index in CASES]))
