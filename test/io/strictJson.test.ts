import { parseStrictJson } from '../../lib/io/strictJson';

describe('parseStrictJson', () => {
  it.each<[string, unknown]>([
    ['{"a": [1, {"a": 2}, {"a": 3}], "b": {"a": ":{"}}', { a: [1, { a: 2 }, { a: 3 }], b: { a: ':{' } }],
    ['["a", "a"]', ['a', 'a']],
    ['"\\"{:"', '"{:'],
    ['-0.5e3', -500],
    ['{}', {}],
  ])('reads %s', (text, value) => expect(parseStrictJson(text, 'x')).toEqual(value));

  it.each([
    ['{"a":1,"a":1}', '"a" appears twice'],
    ['{"a":1,"b":{"c":[{"d":1,"d":2}]}}', '"d" appears twice'],
    ['{"a":1,"\\u0061":2}', '"\\u0061" appears twice'],
    ['{"__proto__":1,"__proto__":2}', '"__proto__" appears twice'],
    ['{"a":1,}', 'JSON'],
    ['', 'JSON'],
    ['NaN', 'JSON'],
  ])('refuses %s', (text, message) => {
    expect(() => parseStrictJson(text, 'config')).toThrow(
      expect.objectContaining({ name: 'FormatError', message: expect.stringContaining(message) }),
    );
    expect(() => parseStrictJson(text, 'config')).toThrow(/^config: /);
  });
});
