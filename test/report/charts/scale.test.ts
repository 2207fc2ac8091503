import { linearScale, logScale } from '../../../lib/report/charts/scale';

const labels = (scale: { ticks: readonly { label: string }[] }): string[] =>
  scale.ticks.map(({ label }) => label);

describe('linearScale', () => {
  it('maps ends to ends, also downwards', () => {
    const scale = linearScale([0, 1], [250, 30]);
    expect([scale.at(0), scale.at(0.5), scale.at(1)]).toEqual([250, 140, 30]);
  });

  it('has round ticks inside the domain', () => {
    expect(labels(linearScale([0, 1], [0, 1], { most: 5 }))).toEqual(['0', '0.2', '0.4', '0.6', '0.8', '1']);
    expect(labels(linearScale([-3.5, 2.2], [0, 1]))).toEqual(['-3', '-2', '-1', '0', '1', '2']);
  });

  it('has room for a single value', () => {
    expect(linearScale([2, 2], [0, 100]).at(2)).toBe(50);
  });
});

describe('logScale', () => {
  it('gives equal ratios equal lengths', () => {
    const scale = logScale([0.1, 1000], [0, 100]);
    expect([scale.at(0.1), scale.at(1), scale.at(10), scale.at(1000)]).toEqual([0, 25, 50, 100]);
    expect(labels(scale)).toEqual(['0.1', '1', '10', '100', '1000']);
  });

  it('has more ticks over short domains and fewer over long ones', () => {
    expect(labels(logScale([1.2, 9], [0, 1]))).toEqual(['1.5', '2', '3', '4', '5', '7']);
    expect(labels(logScale([1, 50], [0, 1]))).toEqual(['1', '2', '5', '10', '20', '50']);
    expect(labels(logScale([1e-10, 1e10], [0, 1]))).toEqual([
      '10⁻⁹',
      '10⁻⁶',
      '10⁻³',
      '1',
      '1000',
      '10⁶',
      '10⁹',
    ]);
  });

  it('has room for a single value', () => {
    expect(logScale([7, 7], [0, 100]).at(7)).toBe(50);
  });
});
