import { strongWolfe, type PointOnRay } from '../../../lib/optim/lbfgs/lineSearch';

/** A function with its derivative, and how often it was asked. */
function rayOf(value: (t: number) => number, slope: (t: number) => number) {
  const at = (distance: number): PointOnRay => ({ distance, value: value(distance), slope: slope(distance) });
  const asked: number[] = [];
  const search = (first: number): Promise<PointOnRay | null> =>
    strongWolfe(at(0), first, (t) => {
      asked.push(t);
      return Promise.resolve(at(t));
    });
  return { search, asked, start: at(0) };
}

const parabola = rayOf(
  (t) => (t - 3) ** 2,
  (t) => 2 * (t - 3),
);
/** Many minima, on a slope. */
const waves = rayOf(
  (t) => Math.sin(5 * t) - 2 * t + t * t,
  (t) => 5 * Math.cos(5 * t) - 2 + 2 * t,
);
/** More and Thuente's first: a long flat valley. */
const valley = rayOf(
  (t) => -t / (t * t + 2),
  (t) => (t * t - 2) / (t * t + 2) ** 2,
);
/** Infinite from 1 on. */
const wall = rayOf(
  (t) => -Math.log(1 - t) - 4 * t,
  (t) => 1 / (1 - t) - 4,
);

describe.each([
  ['a parabola', parabola],
  ['a valley', valley],
  ['a wall', wall],
] as const)('the point found on %s', (_name, ray) => {
  test.each([1e-6, 1e-3, 0.1, 1, 10, 1e4])('from a first guess of %d is low and flat', async (first) => {
    const found = await ray.search(first);
    expect(found!.value).toBeLessThanOrEqual(ray.start.value + 1e-4 * found!.distance * ray.start.slope);
    expect(Math.abs(found!.slope)).toBeLessThanOrEqual(0.9 * Math.abs(ray.start.slope));
  });
});

test('nothing is found uphill, nor where nothing is lower', async () => {
  expect(await waves.search(1e-9)).toBeNull();
  const noise = rayOf(
    (t) => (t === 0 ? 0 : 1),
    () => -1,
  );
  expect(await noise.search(1)).toBeNull();
  expect(noise.asked.length).toBeLessThanOrEqual(25);
});

test('a function without a bottom ends when the points run out', async () => {
  const { search, asked } = rayOf(
    (t) => -t,
    () => -1,
  );
  expect((await search(1))!.distance).toBeGreaterThan(1e6);
  expect(asked).toHaveLength(25);
});
