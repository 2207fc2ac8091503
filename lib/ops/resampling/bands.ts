import { PalimpsestError } from '../../errors';

// Resampling along an axis as a sparse matrix: every cell of the result is a weighted sum of neighbouring cells.

/** How the cells of one axis become those of another. */
export interface AxisMap {
  /** `average` takes the mean of the cells that an even division into `to` parts touches. */
  readonly kind: 'nearest' | 'linear' | 'cubic' | 'average';
  readonly from: number;
  readonly to: number;
  /** Whether the centres of the first and the last cell stay, rather than the outer edges. */
  readonly alignCorners: boolean;
  /** Cells of the source per cell of the result; `from / to`, unless a scale was given that does not divide evenly. */
  readonly ratio: number;
}

/** One cell of the result: the weights of the cells from `start` on. */
export interface Band {
  readonly start: number;
  readonly weights: readonly number[];
}

/** The bands of all cells of the result. */
export function bandsOf(map: AxisMap): Band[] {
  return Array.from({ length: map.to }, (_, o) => BANDS[map.kind](map, o));
}

/** The bands of the transposed map. */
export function transposedBands({ from }: AxisMap, bands: readonly Band[]): Band[] {
  const found = Array.from({ length: from }, () => new Map<number, number>());
  bands.forEach(({ start, weights }, o) => {
    weights.forEach((weight, i) => {
      if (weight !== 0) found[start + i]?.set(o, weight);
    });
  });
  return found.map((weights) => {
    const places = [...weights.keys()];
    const [start, end] = [Math.min(...places), Math.max(...places)];
    if (places.length === 0) return { start: 0, weights: [] };
    return { start, weights: Array.from({ length: end - start + 1 }, (_, i) => weights.get(start + i) ?? 0) };
  });
}

const BANDS: Record<AxisMap['kind'], (map: AxisMap, o: number) => Band> = {
  nearest: ({ from, ratio }, o) => ({ start: Math.min(Math.floor(o * ratio), from - 1), weights: [1] }),
  linear: (map, o) => {
    const centre = Math.max(0, centreOf(map, o));
    const first = Math.min(Math.floor(centre), map.from - 1);
    const part = centre - first;
    return clamped(map.from, first, [1 - part, part]);
  },
  cubic: (map, o) => {
    const centre = centreOf(map, o);
    const first = Math.floor(centre);
    const part = centre - first;
    return clamped(map.from, first - 1, [
      cubicTail(1 + part),
      cubicCore(part),
      cubicCore(1 - part),
      cubicTail(2 - part),
    ]);
  },
  average: ({ from, to }, o) => {
    const start = Math.floor((o * from) / to);
    const count = Math.ceil(((o + 1) * from) / to) - start;
    return { start, weights: Array<number>(count).fill(1 / count) };
  },
};

/** Where the centre of a cell of the result lies, in cells of the source. */
const centreOf = ({ from, to, alignCorners, ratio }: AxisMap, o: number): number =>
  alignCorners ? (to > 1 ? (o * (from - 1)) / (to - 1) : 0) : (o + 0.5) * ratio - 0.5;

/** Weights of cells from `first` on, where those beyond the ends count for the outermost cell. */
function clamped(from: number, first: number, weights: readonly number[]): Band {
  const place = (i: number): number => Math.min(Math.max(first + i, 0), from - 1);
  const start = place(0);
  const merged = Array<number>(place(weights.length - 1) - start + 1).fill(0);
  weights.forEach((weight, i) => {
    const at = place(i) - start;
    const known = merged[at];
    if (known === undefined) throw new PalimpsestError('ERR_INTERNAL', 'resample: a cell outside its band');
    merged[at] = known + weight;
  });
  return { start, weights: merged };
}

/** The parameter of the cubic convolution kernel (Keys 1981): that of PyTorch and OpenCV. */
const A = -0.75;
const cubicCore = (t: number): number => ((A + 2) * t - (A + 3)) * t * t + 1;
const cubicTail = (t: number): number => ((A * t - 5 * A) * t + 8 * A) * t - 4 * A;
