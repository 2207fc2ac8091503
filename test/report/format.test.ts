import { count, optionText, percent, powerOfTen, seconds, significant } from '../../lib/report/format';

const plain = (text: string): string => text.replaceAll('\u{202F}', ' ');

describe('percent', () => {
  it.each([
    [0.98714, '98.7 %'],
    [1, '100.0 %'],
    [0, '0.0 %'],
    [0.9999, '99.9 %'],
    [0.0001, '< 0.1 %'],
    [Number.NaN, '–'],
  ])('writes %p as %p: all and none are never the result of rounding', (share, text) => {
    expect(plain(percent(share))).toBe(text);
  });
});

describe('seconds', () => {
  it.each([
    [0.0042, '4.2 ms'],
    [0.61234, '0.61 s'],
    [38.72, '38.7 s'],
    [0, '–'],
  ])('writes %p as %p', (value, text) => {
    expect(plain(seconds(value))).toBe(text);
  });
});

describe('numbers', () => {
  it('are grouped by thousands', () => {
    expect(count(421_642)).toBe('421,642');
  });

  it.each([
    [10, '10'],
    [0.5, '0.5'],
    [1e6, '1 × 10⁶'],
    [1.25e-7, '1.25 × 10⁻⁷'],
    [0, '0'],
  ])('of few digits: %p is %p', (value, text) => {
    expect(significant(value)).toBe(text);
  });

  it('that are powers of ten are short', () => {
    expect([-12, -4, -2, 0, 3, 4, 10].map(powerOfTen)).toEqual([
      '10⁻¹²',
      '10⁻⁴',
      '0.01',
      '1',
      '1000',
      '10⁴',
      '10¹⁰',
    ]);
  });
});

describe('optionText', () => {
  it('writes nested options on one line', () => {
    const options = { alpha: 10, fisher: { mode: 'example', sizes: [1, 2] }, labelFree: false, seed: null };
    expect(optionText(options)).toBe(
      'alpha 10, fisher {mode example, sizes [1, 2]}, labelFree false, seed null',
    );
  });
});
