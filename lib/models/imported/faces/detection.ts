import type { Box } from './image';

/** A face that was found. */
export interface DetectedFace {
  readonly box: Box;
  /** From 0 to 1. */
  readonly score: number;
}

/** Widths and heights of the five boxes that every cell begins with, in cells. */
const ANCHORS = [
  [1.603231, 2.094468],
  [6.041143, 7.080126],
  [2.882459, 3.518061],
  [4.266906, 5.178857],
  [9.041765, 10.66308],
] as const;

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));

/**
 * The faces that a grid of [cells, cells, 5 anchors, (x, y, w, h, score)] shows in an image with sides up to `side`: a box is centred at
 * `(cell + sigmoid(x)) / cells` and `exp(w)` times as wide as its anchor (YOLO v2, Redmon and Farhadi 2017). Boxes that overlap a
 * better one by more than `overlap`, as a share of both together, are left out.
 */
export function facesIn(
  grid: Float32Array,
  cells: number,
  side: number,
  { threshold, overlap }: { readonly threshold: number; readonly overlap: number },
): DetectedFace[] {
  const found: DetectedFace[] = [];
  for (let i = 0; i < cells * cells * ANCHORS.length; i++) {
    const [x = 0, y = 0, w = 0, h = 0, logit = 0] = grid.subarray(5 * i, 5 * i + 5);
    const score = sigmoid(logit);
    if (score <= threshold) continue;
    const cell = Math.floor(i / ANCHORS.length);
    const [anchorWidth, anchorHeight] = ANCHORS[i % ANCHORS.length] ?? [1, 1];
    const unit = side / cells;
    const [width, height] = [unit * Math.exp(w) * anchorWidth, unit * Math.exp(h) * anchorHeight];
    const left = unit * ((cell % cells) + sigmoid(x)) - width / 2;
    const top = unit * (Math.floor(cell / cells) + sigmoid(y)) - height / 2;
    found.push({ box: { left, top, width, height }, score });
  }
  found.sort((a, b) => b.score - a.score);
  const kept: DetectedFace[] = [];
  for (const face of found) {
    if (kept.every(({ box }) => sharedPart(box, face.box) <= overlap)) kept.push(face);
  }
  return kept;
}

/** The area of both at once over that of either. */
export function sharedPart(a: Box, b: Box): number {
  const along = (first: number, size: number, other: number, otherSize: number): number =>
    Math.max(0, Math.min(first + size, other + otherSize) - Math.max(first, other));
  const both = along(a.left, a.width, b.left, b.width) * along(a.top, a.height, b.top, b.height);
  return both / (a.width * a.height + b.width * b.height - both);
}
