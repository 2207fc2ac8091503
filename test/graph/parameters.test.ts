import { tensor } from '../../lib/graph/create';
import { Parameters } from '../../lib/graph/parameters';
import { code } from '../support/errors';

const [w, bias] = [tensor([[1, 2]]), tensor([3])];
const parameters = new Parameters([
  ['fc.weight', w],
  ['fc.bias', bias],
]);

test('keeps names in their order', () => {
  expect(parameters.names).toEqual(['fc.weight', 'fc.bias']);
  expect([...parameters]).toEqual([
    ['fc.weight', w],
    ['fc.bias', bias],
  ]);
  expect([parameters.length, parameters.elementCount]).toEqual([2, 3]);
});

test('names the nearest for a name that is not there', () => {
  expect(() => parameters.get('fc.wieght')).toThrow("did you mean 'fc.weight'?");
  expect(() => parameters.get('fc.wieght')).toThrow(code('ERR_PARAMETER'));
  expect(parameters.has('fc.wieght')).toBe(false);
});

test('selects by pattern and by function', () => {
  expect(parameters.select(/bias$/).names).toEqual(['fc.bias']);
  expect(parameters.select((name) => name.startsWith('fc')).length).toBe(2);
  // A pattern with the flag g has a memory of its own, which must not matter.
  expect(parameters.select(/fc/g).length).toBe(2);
});

test('replaces tensors in a copy', () => {
  const other = tensor([9]);
  const changed = parameters.with([['fc.bias', other]]);
  expect([changed.get('fc.bias'), parameters.get('fc.bias')]).toEqual([other, bias]);
  expect(changed.names).toEqual(parameters.names);
});

test('knows dictionaries of the same names in the same order', () => {
  const again = parameters.map(() => tensor([0]));
  const turned = new Parameters([...parameters].reverse());
  expect(again.tensors.length).toBe(2);
  expect([again, turned, parameters.select(/bias/)].map((other) => parameters.isNamedLike(other))).toEqual([
    true,
    false,
    false,
  ]);
});

test('refuses another shape, an unknown name and a name twice', () => {
  expect(() => parameters.with([['fc.bias', w]])).toThrow(code('ERR_SHAPE'));
  expect(() => parameters.with([['none', bias]])).toThrow(code('ERR_PARAMETER'));
  expect(
    () =>
      new Parameters([
        ['a', w],
        ['a', w],
      ]),
  ).toThrow(code('ERR_PARAMETER'));
});

test('frees all tensors', () => {
  const own = new Parameters([['a', tensor([1])]]);
  own.dispose();
  expect(own.get('a').disposed).toBe(true);
});
