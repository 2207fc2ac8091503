"""Writes elementary.json: elementary functions at chosen points, worked out with 60 digits and rounded to float64.

Run with a Python that has mpmath: python elementary.py > elementary.json
An argument tells how many random points there are per interval; the committed file has 12.
"""

import json
import random
import struct
import sys

from mpmath import erf, erfc, erfinv, log, mp, mpf, pi, sqrt
import mpmath

mp.dps = 60
COUNT = int(sys.argv[1]) if len(sys.argv) > 1 else 12
random.seed(1)


def exact_erfinv(x):
    """Newton's method on the complement, because mpmath's own is not made for the ends."""
    if abs(x) < mpf('0.9'):
        return erfinv(x)
    rest = 1 - abs(x)
    y = sqrt(-log(rest))
    for _ in range(100):
        step = (erfc(y) - rest) / (2 / sqrt(pi) * mpmath.exp(-y * y))
        y += step / max(1, abs(step))
        if abs(step) < mpf(10) ** -50:
            break
    return y if x > 0 else -y


TINY = {'single': 2.0**-149, 'double': 2.0**-1074}
BIG = {'single': 3.4e38, 'double': 1.7e308}
TOP = {'single': 88.7, 'double': 709.7}

# Per function: what computes it, intervals of interest, single points; tiny points of both signs come on top.
UNARY = {
    'exp': (mpmath.exp, lambda p: [(-1, 1), (-TOP[p] * 1.04, TOP[p])], [0.0]),
    'exp2': (lambda x: mpf(2) ** x, lambda p: [(-1, 1), (-TOP[p] * 1.5, TOP[p] * 1.44)], [0.5, 10.0]),
    'expm1': (mpmath.expm1, lambda p: [(-1e-3, 1e-3), (-1, 1), (-TOP[p], TOP[p])], []),
    'log': (log, lambda p: [(0.7, 1.42), (1e-30, 1e30), (0, TINY[p] * 1e6), (0, BIG[p])], [1.0]),
    'log2': (lambda x: log(x) / log(mpf(2)), lambda p: [(0.7, 1.42), (1e-30, 1e30), (0, BIG[p])], [8.0, 0.125]),
    'log1p': (mpmath.log1p, lambda p: [(-1e-3, 1e-3), (-0.99, 1), (1, 1e4), (0, BIG[p])], []),
    'tanh': (mpmath.tanh, lambda p: [(-1e-3, 1e-3), (-1, 1), (-20, 20)], []),
    'sigmoid': (lambda x: 1 / (1 + mpmath.exp(-x)), lambda p: [(-1, 1), (-TOP[p], 40)], [0.0]),
    'softplus': (lambda x: mpmath.log1p(mpmath.exp(x)), lambda p: [(-1, 1), (-80, 80)], [0.0]),
    'sinh': (mpmath.sinh, lambda p: [(-1e-2, 1e-2), (-3, 3), (-TOP[p], TOP[p] + 0.6)], []),
    'cosh': (mpmath.cosh, lambda p: [(-3, 3), (-TOP[p], TOP[p] + 0.6)], []),
    'sin': (mpmath.sin, lambda p: [(-4, 4), (-1e4, 1e4), (-2e6, 2e6), (0, BIG[p])], [3.1415927410125732]),
    'cos': (mpmath.cos, lambda p: [(-4, 4), (-1e4, 1e4), (-2e6, 2e6), (0, BIG[p])], [1.5707963705062866]),
    'tan': (mpmath.tan, lambda p: [(-4, 4), (-1e4, 1e4), (-2e6, 2e6), (0, BIG[p])], [1.5707963705062866]),
    'asin': (mpmath.asin, lambda p: [(-0.5, 0.5), (-1, 1), (0.99, 1)], [1.0, -1.0]),
    'acos': (mpmath.acos, lambda p: [(-0.5, 0.5), (-1, 1), (0.99, 1)], [1.0, -1.0]),
    'atan': (mpmath.atan, lambda p: [(-0.5, 0.5), (-3, 3), (-1e4, 1e4), (0, BIG[p])], []),
    'erf': (erf, lambda p: [(-1e-3, 1e-3), (-1, 1), (-6, 6)], []),
    'erfc': (erfc, lambda p: [(-1, 1), (-6, 6), (1, 9 if p == 'single' else 26)], []),
    'erfinv': (exact_erfinv, lambda p: [(-1e-3, 1e-3), (-0.7, 0.7), (-1, 1), (0.999, 1)], []),
}
POW = [((0.5, 2), (-3, 3)), ((0.01, 100), (-5, 5)), ((0.99, 1.01), (-5e3, 5e3)), ((0, 1e30), (-1, 1))]


def rounded(x, precision):
    return struct.unpack('f', struct.pack('f', x))[0] if precision == 'single' else float(x)


def points(intervals, extra, tiny, precision):
    drawn = [random.uniform(low, high) for low, high in intervals for _ in range(COUNT)]
    small = [TINY[precision], -TINY[precision] * 12345, 1e-20, -1e-10] if tiny else []
    return [rounded(x, precision) for x in drawn + extra + small]


def entry(precision, function, intervals, extra):
    tiny = function not in (UNARY['log'][0], UNARY['log2'][0])
    xs = points(intervals(precision), extra, tiny, precision)
    xs = [x for x in xs if abs(x) < 1 or function is not UNARY['erfinv'][0]]
    return {'x': xs, 'y': [float(function(mpf(x))) for x in xs]}


def power_entry(precision):
    pairs = [(random.uniform(*a), random.uniform(*b)) for a, b in POW for _ in range(COUNT)]
    pairs = [(rounded(a, precision), rounded(b, precision)) for a, b in pairs]
    return {'x': [a for a, _ in pairs], 'second': [b for _, b in pairs], 'y': [float(mpf(a) ** mpf(b)) for a, b in pairs]}


def angle_entry(precision):
    pairs = [(rounded(random.uniform(-s, s), precision), rounded(random.uniform(-1, 1), precision)) for s in (1, 1e-3, 1e3) for _ in range(COUNT)]
    return {'x': [a for a, _ in pairs], 'second': [b for _, b in pairs], 'y': [float(mpmath.atan2(mpf(a), mpf(b))) for a, b in pairs]}


result = {
    precision: {
        **{name: entry(precision, *what) for name, what in UNARY.items()},
        'pow': power_entry(precision),
        'atan2': angle_entry(precision),
    }
    for precision in ('single', 'double')
}
# Later functions come last, so that the points of earlier ones stay.
for precision, of in result.items():
    of['cbrt'] = entry(precision, lambda x: mpmath.sign(x) * mpmath.cbrt(abs(x)), lambda p: [(-8, 8), (0, BIG[p]), (0, TINY[p] * 1e6)], [-27.0, 0.0])
lines = ',\n'.join(
    f'  "{precision}": {{\n' + ',\n'.join(f'    "{name}": {json.dumps(values)}' for name, values in of.items()) + '\n  }'
    for precision, of in result.items()
)
print('{\n' + lines + '\n}')
