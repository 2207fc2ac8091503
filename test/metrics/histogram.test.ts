import { histogram } from '../../lib/metrics/histogram';

describe('histogram', () => {
  it('counts values between edges, the last interval closed', () => {
    expect(histogram([0, 0.5, 1, 1.5, 2, 2], { min: 0, max: 2, bins: 2 })).toEqual({
      edges: [0, 1, 2],
      counts: [2, 4],
      below: 0,
      above: 0,
      notANumber: 0,
    });
  });

  it('reports what lies outside instead of dropping it', () => {
    const counted = histogram([-Infinity, -1, 3, Infinity, Number.NaN, 0.1], { min: 0, max: 1, bins: 1 });
    expect(counted).toEqual({ edges: [0, 1], counts: [1], below: 2, above: 2, notANumber: 1 });
  });

  it('ends exactly at its limits', () => {
    const { edges } = histogram([], { min: -3, max: 0.7, bins: 37 });
    expect([edges[0], edges.at(-1), edges.length]).toEqual([-3, 0.7, 38]);
  });

  it.each([
    { min: 1, max: 1, bins: 3 },
    { min: 2, max: 1, bins: 3 },
    { min: 0, max: Infinity, bins: 3 },
    { min: 0, max: 1, bins: 0 },
    { min: 0, max: 1, bins: 2.5 },
  ])('refuses %j', (options) => {
    expect(() => histogram([1], options)).toThrow('finite min < max and bins >= 1 expected');
  });
});
