"""Tensors that are functions of a name: the same bits here and in ../hashed.ts. The formula is in ../README.md."""
import math

import numpy as np
import torch

WORD = (1 << 64) - 1
GOLDEN = 0x9E3779B97F4A7C15
CHUNK = 1 << 22


def seed_of(name):
    """FNV-1a, 64 bits, of the name's UTF-8 bytes."""
    state = 0xCBF29CE484222325
    for byte in name.encode():
        state = ((state ^ byte) * 0x100000001B3) & WORD
    return state


def words(name, start, count):
    """splitmix64 at the places start + 1 ... start + count of the name's sequence."""
    with np.errstate(over="ignore"):
        places = np.arange(start + 1, start + count + 1, dtype=np.uint64)
        z = np.uint64(seed_of(name)) + places * np.uint64(GOLDEN)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return z ^ (z >> np.uint64(31))


def uniform(name, shape, scale=1.0):
    """float32 in [-scale, scale): the upper 24 bits of each word."""
    size = math.prod(shape)
    out = np.empty(size, np.float32)
    for start in range(0, size, CHUNK):
        count = min(CHUNK, size - start)
        upper = (words(name, start, count) >> np.uint64(40)).astype(np.float32)
        out[start : start + count] = (upper * np.float32(2.0**-23) - np.float32(1)) * np.float32(scale)
    return torch.from_numpy(out).reshape(shape)


def integers(name, shape, high):
    """int64 in [0, high)."""
    upper = words(name, 0, math.prod(shape)) >> np.uint64(33)
    return torch.from_numpy((upper % np.uint64(high)).astype(np.int64)).reshape(shape)
