import { tensor } from '../../lib/graph/create';
import { Parameters } from '../../lib/graph/parameters';
import { isSignedLike, mapTree, signatureOf, tensorsOf, withTensors } from '../../lib/graph/tree';
import { code } from '../support/errors';

const [a, b, c] = [tensor([1]), tensor([2]), tensor([3])];
const tree = { first: a, list: [b, 'text', null], parameters: new Parameters([['w', c]]), n: 3 };

test('lists tensors depth first', () => {
  expect(tensorsOf(tree)).toEqual([a, b, c]);
});

test('replaces tensors and leaves the rest', () => {
  const paths: string[] = [];
  const copy = mapTree(tree, (x, path) => {
    paths.push(path);
    return x;
  });
  expect(paths).toEqual(['first', 'list.0', 'parameters.w']);
  expect(copy.list).toEqual([b, 'text', null]);
  expect(copy.parameters).toBeInstanceOf(Parameters);
  const swapped = withTensors(tree, [c, b, a]);
  expect([swapped.first, swapped.parameters.get('w'), swapped.n]).toEqual([c, a, 3]);
});

test('does not follow objects of other classes', () => {
  const date = new Date(0);
  expect(mapTree({ date }, () => a)).toEqual({ date });
});

test('has equal signatures for equal structure, shapes, dtypes and values only', () => {
  const same = signatureOf({ x: tensor([1, 2]), n: 1 });
  expect(signatureOf({ x: tensor([3, 4]), n: 1 })).toBe(same);
  const others = [
    { x: tensor([1, 2, 3]), n: 1 },
    { x: tensor([1, 2], { dtype: 'float64' }), n: 1 },
    { x: tensor([1, 2]), n: 2 },
    { x: tensor([1, 2]), n: '1' },
    { y: tensor([1, 2]), n: 1 },
    [tensor([1, 2]), 1],
    { x: [tensor([1, 2])], n: 1 },
  ];
  expect(new Set(others.map(signatureOf)).size).toBe(others.length);
  for (const other of others) expect(signatureOf(other)).not.toBe(same);
});

test('finds those alike whose signatures are equal, without writing them', () => {
  const named = (name: string): Parameters => new Parameters([[name, tensor([1, 2])]]);
  const trees: unknown[] = [
    { x: tensor([1, 2]), n: 1 },
    { x: tensor([3, 4]), n: 1 },
    { x: tensor([1, 2, 3]), n: 1 },
    { x: tensor([1, 2], { dtype: 'float64' }), n: 1 },
    { x: tensor([1, 2]), n: '1' },
    { y: tensor([1, 2]), n: 1 },
    { n: 1, x: tensor([1, 2]) },
    { x: tensor([1, 2]), n: 1, m: undefined },
    [tensor([1, 2]), 1],
    [[tensor([1, 2])], 1],
    named('w'),
    named('w'),
    named('v'),
    named('w').map((w) => w),
    new Parameters([...named('w'), ['v', tensor([1])]]),
    ...[0, -0, NaN, Infinity, null, undefined, true, 'true'],
  ];
  for (const one of trees) {
    for (const other of trees) {
      expect([one, other, isSignedLike(one, other)]).toEqual([
        one,
        other,
        signatureOf(one) === signatureOf(other),
      ]);
    }
  }
  expect(isSignedLike(new Date(0), new Date(0))).toBe(false);
});

test('refuses functions and class instances in signatures', () => {
  expect(() => signatureOf(() => 1)).toThrow(code('ERR_ARGUMENT'));
  expect(() => signatureOf(new Date())).toThrow(code('ERR_ARGUMENT'));
});
