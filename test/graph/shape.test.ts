import { broadcastShapes, checkShape, normalizeAxes, normalizeAxis, sizeOf } from '../../lib/graph/shape';
import { code } from '../support/errors';

test('broadcasts as NumPy does', () => {
  expect(
    broadcastShapes('t', [
      [2, 1, 3],
      [4, 1],
    ]),
  ).toEqual([2, 4, 3]);
  expect(broadcastShapes('t', [[], [5]])).toEqual([5]);
  expect(
    broadcastShapes('t', [
      [0, 1],
      [1, 3],
    ]),
  ).toEqual([0, 3]);
  expect(broadcastShapes('t', [])).toEqual([]);
  expect(() => broadcastShapes('t', [[2], [3]])).toThrow('t: shapes [2] and [3] do not broadcast');
  expect(() => broadcastShapes('t', [[2], [0]])).toThrow(code('ERR_SHAPE'));
});

test('counts negative axes from the end', () => {
  expect(normalizeAxis('t', -1, 3)).toBe(2);
  expect(normalizeAxes('t', [2, -3], 3)).toEqual([0, 2]);
  expect(normalizeAxes('t', undefined, 2)).toEqual([0, 1]);
  for (const axis of [3, -4, 0.5, NaN]) expect(() => normalizeAxis('t', axis, 3)).toThrow(code('ERR_SHAPE'));
  expect(() => normalizeAxes('t', [1, -1], 2)).toThrow('repeat');
});

test('refuses shapes that are none', () => {
  for (const shape of [[-1], [1.5], [NaN], [2 ** 53], [2 ** 30, 2 ** 30], Array<number>(17).fill(1)]) {
    expect(() => checkShape('t', shape)).toThrow(code('ERR_SHAPE'));
  }
  expect(() => checkShape('t', [0, 2 ** 52])).not.toThrow();
  expect(sizeOf([])).toBe(1);
});
