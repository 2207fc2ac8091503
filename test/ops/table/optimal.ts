import { assignment } from '../../../lib/linalg/optimal/assignment';
import { elasticNet } from '../../../lib/linalg/optimal/elasticNet';
import { projectCappedSimplex, projectSimplex } from '../../../lib/linalg/optimal/simplex';
import { build, total, at, type NdArray } from '../../support/array';
import { matricesOf } from '../../support/matrices';
import { ofShapes, type Row } from '../row';

/** The cheapest of all choices, tried one after the other: for each row in turn every free column, or none. */
function cheapest(cost: readonly (readonly number[])[]): {
  rows: number[];
  columns: number[];
  total: number;
} {
  const count = Math.min(cost.length, cost[0]!.length);
  let best = { rows: [] as number[], columns: [] as number[], total: Infinity };
  const choose = (row: number, rows: number[], columns: number[], sum: number): void => {
    if (rows.length === count) {
      if (sum < best.total) best = { rows, columns, total: sum };
      return;
    }
    if (row === cost.length) return;
    choose(row + 1, rows, columns, sum);
    cost[row]!.forEach((price, column) => {
      if (!columns.includes(column)) choose(row + 1, [...rows, row], [...columns, column], sum + price);
    });
  };
  choose(0, [], [], 0);
  return best;
}

/** Halving the interval of thresholds, a hundred times. */
function projected(x: NdArray, sum: number, cap: number): NdArray {
  const n = x.shape.at(-1)!;
  const lead = x.shape.slice(0, -1);
  const clamp = (value: number): number => Math.min(cap, Math.max(0, value));
  const thresholds = build(lead, (index) => {
    let [low, high] = [-1e3, 1e3];
    for (let i = 0; i < 100; i++) {
      const middle = (low + high) / 2;
      if (total(n, (j) => clamp(at(x, ...index, j) - middle)) > sum) low = middle;
      else high = middle;
    }
    return low;
  });
  return build(x.shape, (index) => clamp(at(x, ...index) - at(thresholds, ...index.slice(0, -1))));
}

/** Proximal gradient steps without acceleration, very many. */
function shrunk(x: NdArray, y: NdArray, { alpha, l1Ratio, positive = false }: any): NdArray {
  const [n, p] = x.shape as [number, number];
  const step = 1 / total(n, (i) => total(p, (j) => at(x, i, j) ** 2));
  let w = new Float64Array(p);
  for (let sweep = 0; sweep < 20000; sweep++) {
    const residual = y.data.map((value, i) => value - total(p, (j) => at(x, i, j) * w[j]!));
    w = w.map((value, j) => {
      const moved = value + step * total(n, (i) => at(x, i, j) * residual[i]!);
      const soft = Math.abs(moved) - step * n * alpha * l1Ratio;
      if (soft <= 0 || (positive && moved < 0)) return 0;
      return (Math.sign(moved) * soft) / (1 + step * n * alpha * (1 - l1Ratio));
    });
  }
  return { shape: [1, p], data: w };
}

const rows = [
  ofShapes('rows', { total: 1 }, [3, 5]),
  ofShapes('another total', { total: 2.5 }, [2, 2, 4]),
  ofShapes('one element', { total: 0.5 }, [1]),
  ofShapes('no rows', { total: 1 }, [0, 3]),
];

/** Assignments, projections and penalised regression. */
export const optimal: readonly Row[] = [
  {
    name: 'assignment',
    run: ([cost]) => Object.values(assignment(cost!)),
    reference: ([cost]) => {
      const found = matricesOf(cost!).map((matrix) => cheapest(matrix.to2DArray()));
      const lead = cost!.shape.slice(0, -2);
      const chosen = [...lead, Math.min(...cost!.shape.slice(-2))];
      return [
        { shape: chosen, data: Float64Array.from(found.flatMap((one) => one.rows)) },
        { shape: chosen, data: Float64Array.from(found.flatMap((one) => one.columns)) },
        { shape: lead, data: Float64Array.from(found.map((one) => one.total)) },
      ];
    },
    gives: ['int32', 'int32', 'float'],
    cases: [
      ofShapes('square', undefined, [3, 5, 5]),
      ofShapes('wide', undefined, [2, 3, 6]),
      ofShapes('tall', undefined, [2, 6, 3]),
      ofShapes('one element', undefined, [1, 1]),
      ofShapes('no matrices', undefined, [0, 2, 2]),
    ],
    large: ofShapes('large', undefined, [8, 40, 50]),
  },
  {
    name: 'projectSimplex',
    covers: ['simplexProjection'],
    run: ([x], options) => projectSimplex(x!, options),
    reference: ([x], { total: sum }) => projected(x!, sum, Infinity),
    cases: rows,
    large: ofShapes('large', { total: 3 }, [300, 200]),
    tolerance: { float32: 1e-6, float64: 1e-13 },
    examples: [{ axes: [0], output: 0 }],
    mixes: [{ axes: [1] }],
  },
  {
    name: 'projectCappedSimplex',
    covers: ['simplexProjection'],
    run: ([x], options) => projectCappedSimplex(x!, options),
    reference: ([x], { total: sum, cap = 1 }) => projected(x!, sum, cap),
    cases: [...rows, ofShapes('a low cap', { total: 1, cap: 0.3 }, [3, 5])],
    large: ofShapes('large', { total: 30 }, [300, 200]),
    tolerance: { float32: 1e-6, float64: 1e-13 },
    halves: { withoutGradient: 'rounding decides what lies on the caps, where it jumps' },
    examples: [{ axes: [0], output: 0 }],
  },
  {
    name: 'elasticNet',
    run: ([x, y], options) => elasticNet(x!, y!, { intercept: false, tolerance: 1e-15, ...options }).weights,
    reference: ([x, y], options) => shrunk(x!, y!, options),
    dtypes: ['float64'],
    cases: [
      ofShapes('both penalties', { alpha: 0.2, l1Ratio: 0.5 }, [8, 4], [8]),
      ofShapes('lasso', { alpha: 0.3, l1Ratio: 1 }, [8, 4], [8]),
      ofShapes('ridge', { alpha: 0.1, l1Ratio: 0 }, [8, 4], [8]),
      ofShapes('not negative', { alpha: 0.05, l1Ratio: 0.7, positive: true }, [8, 4], [8]),
      ofShapes('one element', { alpha: 0.1, l1Ratio: 0.5 }, [1, 1], [1]),
    ],
    without: { empty: 'a regression needs observations' },
    large: ofShapes('large', { alpha: 0.1, l1Ratio: 0.9 }, [60, 30], [60, 5]),
    orders: 0,
    tolerance: { float64: 1e-6 },
  },
];
