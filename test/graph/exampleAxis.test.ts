import { moved, reshapedAxis, sameExampleAxis, wholeAxis, isWhole } from '../../lib/graph/exampleAxis';

const on = (axis: number, outer: number, count: number, inner: number): unknown => ({
  axis,
  outer,
  count,
  inner,
});

test.each([
  ['tokens merged behind the examples', wholeAxis(0, 4), [4, 5, 3], [20, 3], on(0, 1, 4, 5)],
  ['heads merged before the examples', wholeAxis(1, 4), [2, 4, 3], [8, 3], on(0, 2, 4, 1)],
  ['both', wholeAxis(1, 4), [2, 4, 5, 3], [40, 3], on(0, 2, 4, 5)],
  ['apart again', { axis: 0, outer: 1, count: 4, inner: 5 }, [20, 3], [4, 5, 3], on(0, 1, 4, 1)],
  ['partly apart', { axis: 0, outer: 1, count: 4, inner: 6 }, [24, 3], [4, 2, 9], on(0, 1, 4, 1)],
  ['axes of extent 1 around', wholeAxis(0, 4), [4, 3], [1, 4, 1, 3], on(1, 1, 4, 1)],
  ['everything in one axis', wholeAxis(0, 4), [4, 3], [12], on(0, 1, 4, 3)],
])('follows %s', (_what, axis, from, to, expected) => {
  expect(reshapedAxis(axis, from, to)).toEqual(expected);
});

test('finds no axis where examples are cut across', () => {
  expect(reshapedAxis(wholeAxis(0, 4), [4, 3], [3, 4])).toBeNull();
  expect(reshapedAxis(wholeAxis(0, 6), [6, 2], [3, 2, 2])).toBeNull();
});

test('compares and moves', () => {
  expect(sameExampleAxis(wholeAxis(1, 4), moved(wholeAxis(0, 4), 1))).toBe(true);
  expect(sameExampleAxis(wholeAxis(1, 4), wholeAxis(1, 5))).toBe(false);
  expect([isWhole(wholeAxis(0, 4)), isWhole({ axis: 0, outer: 1, count: 4, inner: 2 })]).toEqual([
    true,
    false,
  ]);
});
