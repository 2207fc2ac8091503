/** A function along a ray, at one distance: its value and its derivative there. */
export interface PointOnRay {
  readonly distance: number;
  readonly value: number;
  readonly slope: number;
}

/** What a step must do (strong Wolfe conditions; the constants are those of Nocedal and Wright 2006). */
const LEAST_DECREASE = 1e-4;
const MOST_SLOPE = 0.9;
const MOST_POINTS = 25;
/** How much further the next point may be than the last while the function still falls. */
const STRETCH = { least: 2, most: 10 } as const;
/** How near to an end of the interval a new point may be, as a part of it. */
const MARGIN = 0.1;

/**
 * A point where the function has fallen enough and is flat enough: `f(t) <= f(0) + 1e-4 t f'(0)` and
 * `|f'(t)| <= 0.9 |f'(0)|` (Nocedal and Wright 2006, algorithms 3.5 and 3.6, with cubic interpolation). What is not finite
 * counts as infinitely high. When the points run out, the lowest one that has fallen enough; null when there is none.
 */
export async function strongWolfe<P extends PointOnRay>(
  start: P,
  first: number,
  at: (distance: number) => Promise<P>,
): Promise<P | null> {
  let points = 0;
  const look = (distance: number): Promise<P> => {
    points += 1;
    return at(distance);
  };
  const isTooHigh = ({ distance, value }: P): boolean =>
    !(value <= start.value + LEAST_DECREASE * distance * start.slope);
  const isFlat = ({ slope }: P): boolean => Math.abs(slope) <= -MOST_SLOPE * start.slope;

  /** Between a low point that has fallen enough and another end that brackets a minimum with it. */
  const within = async (low: P, high: P): Promise<P | null> => {
    while (points < MOST_POINTS && low.distance !== high.distance) {
      const now = await look(between(low, high));
      if (isTooHigh(now) || now.value >= low.value) {
        high = now;
        continue;
      }
      if (isFlat(now)) return now;
      if (now.slope * (high.distance - low.distance) >= 0) high = low;
      low = now;
    }
    return low.distance > 0 ? low : null;
  };

  let before = start;
  let now = await look(first);
  for (;;) {
    if (isTooHigh(now) || (before !== start && now.value >= before.value)) return within(before, now);
    if (isFlat(now)) return now;
    if (now.slope >= 0) return within(now, before);
    if (points >= MOST_POINTS) return now;
    const [nearest, furthest] = [STRETCH.least * now.distance, STRETCH.most * now.distance];
    const guess = cubicMinimum(before, now);
    before = now;
    now = await look(Math.min(furthest, Math.max(nearest, Number.isFinite(guess) ? guess : furthest)));
  }
}

/** Where the cubic through both points has its minimum, kept away from the ends; the middle where that is unknown. */
function between(a: PointOnRay, b: PointOnRay): number {
  const [least, most] = [Math.min(a.distance, b.distance), Math.max(a.distance, b.distance)];
  const margin = MARGIN * (most - least);
  const guess = cubicMinimum(a, b);
  return guess >= least + margin && guess <= most - margin ? guess : (least + most) / 2;
}

/** NaN where the cubic has none. */
function cubicMinimum(a: PointOnRay, b: PointOnRay): number {
  const width = b.distance - a.distance;
  const first = a.slope + b.slope - (3 * (b.value - a.value)) / width;
  const second = Math.sign(width) * Math.sqrt(first * first - a.slope * b.slope);
  return b.distance - (width * (b.slope + second - first)) / (b.slope - a.slope + 2 * second);
}
