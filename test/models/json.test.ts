import { toJson, toJsonObject } from '../../lib/models/json';

describe('toJson', () => {
  it('copies plain data and leaves out what is undefined', () => {
    const value = { a: [1, 'x', null, { b: true, c: undefined }] };
    const json = toJson('options', value);
    expect(json).toEqual({ a: [1, 'x', null, { b: true }] });
    expect(Object.keys((json as { a: object[] }).a[3]!)).toEqual(['b']);
    expect(json).not.toBe(value);
  });

  const circle: Record<string, unknown> = {};
  circle.self = circle;
  it.each<[string, unknown, string]>([
    [
      'an infinity',
      { a: { b: [1, Infinity] } },
      'options.a.b[1] cannot be recorded: plain JSON data expected, got Infinity',
    ],
    ['a circle', circle, 'nested too deeply, or in a circle'],
    ['a date', { at: new Date(0) }, 'options.at cannot be recorded: plain JSON data expected, got a Date'],
    ['a big integer', { n: 1n }, 'got a bigint'],
    ['a symbol', [Symbol('s')], 'options[0]'],
  ])('refuses %s by its place', (_what, value, message) => {
    expect(() => toJson('options', value)).toThrow(expect.objectContaining({ code: 'ERR_OPTION' }));
    expect(() => toJson('options', value)).toThrow(message);
  });

  it('refuses a list where an object is due', () => {
    expect(() => toJsonObject('options', [])).toThrow('an object expected');
  });
});
