import { nullSpace, projectToNullSpace } from '../../lib/edits/closedForm/nullSpace';
import { nullSpaceEdit } from '../../lib/edits/closedForm/nullSpaceEdit';
import type { LowRankPart } from '../../lib/edits/part';
import { rankOneEdit } from '../../lib/edits/closedForm/rankOneEdit';
import { ridgeEdit } from '../../lib/edits/closedForm/ridgeEdit';
import { evaluate } from '../../lib/graph/evaluate';
import type { Tensor } from '../../lib/graph/tensor';
import { factorSpd } from '../../lib/linalg';
import { add, cast, mul, sub } from '../../lib/ops/elementwise/arithmetic';
import { matmul } from '../../lib/ops/products/matmul';
import { concat } from '../../lib/ops/shape/concat';
import { eye } from '../../lib/ops/shape/triangle';
import { expandDims, reshape } from '../../lib/ops/shape/reshape';
import { transpose } from '../../lib/ops/shape/transpose';
import { key, normal, uniform } from '../../lib/random';
import { relativeError } from '../support/compare';

/** Two orders of the same float64 sums through systems of condition below 1e4. */
const EXACT = 1e-10;
const OUT = 7;
const IN = 12;
const float64 = { dtype: 'float64' } as const;

const weight = normal(key(1), [OUT, IN], float64);
const keysOf = (n: number, seed = 2): Tensor => normal(key(seed), [n, IN], float64);
const valuesOf = (n: number, seed = 3): Tensor => normal(key(seed), [n, OUT], float64);
const prior = ((): Tensor => {
  const rows = normal(key(4), [40, IN], float64);
  return mul(matmul(transpose(rows), rows), 1 / 40);
})();

const change = ({ left, right }: LowRankPart): Tensor => matmul(left, right);
async function errorBetween(actual: Tensor, expected: Tensor): Promise<number> {
  await evaluate([actual, expected]);
  return relativeError(await actual.data<'float64'>(), await expected.data<'float64'>());
}

describe('ridgeEdit', () => {
  /** The gradient of `sum w |(W + D) k - v|^2 + lambda tr(D C D^T)` in D: zero where the edit is right. */
  const gradient = (d: Tensor, keys: Tensor, values: Tensor, lambda: number, weights?: Tensor): Tensor => {
    const miss = sub(matmul(keys, transpose(add(weight, d))), values);
    const weighted = weights ? mul(miss, expandDims(weights, 1)) : miss;
    return add(matmul(transpose(weighted), keys), mul(matmul(d, prior), lambda));
  };

  test.each([
    ['direct', 3],
    ['woodbury', 3],
    ['direct', 30],
    ['woodbury', 30],
  ] as const)('%s: solves its normal equations for %d pairs', async (path, n) => {
    const [keys, values] = [keysOf(n), valuesOf(n)];
    const weights = uniform(key(5), [n], { low: 0.5, high: 2, ...float64 });
    const part = await ridgeEdit({ weight, keys, values }, { prior, lambda: 0.7, weights, path });
    const left = gradient(change(part), keys, values, 0.7, weights);
    const scale = gradient(mul(change(part), 0), keys, values, 0.7, weights);
    expect(await errorBetween(add(left, scale), scale)).toBeLessThan(EXACT);
    // Without the weights the same change is no solution.
    expect(await errorBetween(add(gradient(change(part), keys, values, 0.7), scale), scale)).toBeGreaterThan(
      0.01,
    );
  });

  test('takes a factor that was made once, and the identity by default', async () => {
    const pairs = { weight, keys: keysOf(4), values: valuesOf(4) };
    using factor = await factorSpd(prior);
    const kept = await ridgeEdit(pairs, { prior: factor });
    expect(await errorBetween(change(kept), change(await ridgeEdit(pairs, { prior })))).toBeLessThan(EXACT);
    const direct = await ridgeEdit(pairs, { lambda: 2, path: 'direct' });
    expect(await errorBetween(change(await ridgeEdit(pairs, { lambda: 2 })), change(direct))).toBeLessThan(
      EXACT,
    );
  });

  test('edits one after the other, with the earlier keys in the prior, are the edits at once', async () => {
    const [keys, values] = [keysOf(5), valuesOf(5)];
    const [later, laterValues] = [keysOf(4, 12), valuesOf(4, 13)];
    const first = await ridgeEdit({ weight, keys, values }, { prior });
    const between = add(weight, change(first));
    const pairs = { weight: between, keys: later, values: laterValues };
    const cached = await ridgeEdit(pairs, { prior: add(prior, matmul(transpose(keys), keys)) });
    const together = await atOnce([keys, later], [values, laterValues]);
    expect(await errorBetween(add(between, change(cached)), together)).toBeLessThan(EXACT);
    // Without the earlier keys it forgets them.
    const forgetful = await ridgeEdit(pairs, { prior });
    expect(await errorBetween(add(between, change(forgetful)), together)).toBeGreaterThan(0.01);
  });

  async function atOnce(keys: readonly Tensor[], values: readonly Tensor[]): Promise<Tensor> {
    const pairs = { weight, keys: concat(keys, { axis: 0 }), values: concat(values, { axis: 0 }) };
    return add(weight, change(await ridgeEdit(pairs, { prior })));
  }

  test.each([
    ['direct', 3],
    ['woodbury', 3],
    ['direct', 30],
  ] as const)(
    '%s: float32 operands are solved in float32 unless told otherwise, %d pairs',
    async (path, n) => {
      const single = (x: Tensor): Tensor => cast(x, 'float32');
      const pairs = { weight: single(weight), keys: single(keysOf(n)), values: single(valuesOf(n)) };
      const weights = single(uniform(key(5), [n], { low: 0.5, high: 2 }));
      const options = { prior: single(prior), weights, path };
      const double = { prior: cast(options.prior, 'float64'), weights: cast(weights, 'float64'), path };
      const wide = (x: Tensor): Tensor => cast(x, 'float64');
      const exact = change(
        await ridgeEdit(
          { weight: wide(pairs.weight), keys: wide(pairs.keys), values: wide(pairs.values) },
          double,
        ),
      );
      const error = async (more: object): Promise<number> =>
        errorBetween(wide(change(await ridgeEdit(pairs, { ...options, ...more }))), exact);
      const plain = await error({});
      expect(plain).toBeLessThan(1e-4);
      expect(await error({ precision: 'float64' })).toBeLessThan(1e-6);
      expect(await error({ precision: 'float32' })).toBe(plain);
      using factor = await factorSpd(options.prior);
      expect(await error({ prior: factor, path })).toBeLessThan(1e-4);
    },
  );

  test('what float32 cannot factor is solved in float64', async () => {
    const keys = cast(add(mul(keysOf(12), 1e-2), 100), 'float32');
    const pairs = { weight: cast(weight, 'float32'), keys, values: cast(valuesOf(12), 'float32') };
    const options = { lambda: 1e-6, path: 'direct' } as const;
    await expect(ridgeEdit(pairs, { ...options, precision: 'float32' })).rejects.toMatchObject({
      code: 'ERR_NOT_POSITIVE_DEFINITE',
    });
    const [found, exact] = [
      await ridgeEdit(pairs, options),
      await ridgeEdit(pairs, { ...options, precision: 'float64' }),
    ];
    expect(await errorBetween(cast(change(found), 'float64'), cast(change(exact), 'float64'))).toBe(0);
    await expect(ridgeEdit(pairs, { precision: 'double' as 'float64' })).rejects.toThrow(
      "'float32' or 'float64' expected",
    );
  });

  test('is solved in float64 for float32 weights and keys of float64', async () => {
    const pairs = { weight, keys: keysOf(4), values: valuesOf(4) };
    const half = { ...pairs, weight: cast(weight, 'float32') };
    const part = await ridgeEdit(half, { prior });
    expect(part.left.dtype).toBe('float32');
    const exact = change(await ridgeEdit(pairs, { prior }));
    expect(await errorBetween(cast(change(part), 'float64'), exact)).toBeLessThan(1e-6);
  });

  test('refuses what does not fit', async () => {
    const pairs = { weight, keys: keysOf(2), values: valuesOf(2) };
    const code = (expected: string): object => expect.objectContaining({ code: expected });
    await expect(ridgeEdit(pairs, { path: 'fast' as 'direct' })).rejects.toThrow(
      "'direct' or 'woodbury' expected",
    );
    await expect(ridgeEdit(pairs, { prior: {} as unknown as Tensor })).rejects.toThrow(
      'prior: matrix must be a tensor',
    );
    await expect(ridgeEdit({ ...pairs, keys: undefined as unknown as Tensor })).rejects.toThrow(
      'ridgeEdit: keys must be a tensor, got undefined',
    );
    await expect(ridgeEdit({ ...pairs, keys: valuesOf(2) })).rejects.toEqual(code('ERR_SHAPE'));
    await expect(ridgeEdit(pairs, { prior: weight })).rejects.toEqual(code('ERR_SHAPE'));
    await expect(ridgeEdit(pairs, { lambda: 0 })).rejects.toEqual(code('ERR_OPTION'));
    await expect(ridgeEdit(pairs, { prior: mul(prior, -1) })).rejects.toEqual(
      code('ERR_NOT_POSITIVE_DEFINITE'),
    );
    await expect(ridgeEdit(pairs, { lamda: 1 } as object)).rejects.toEqual(code('ERR_OPTION'));
  });
});

describe('rankOneEdit', () => {
  const one = { weight, key: reshape(keysOf(1), [IN]), value: reshape(valuesOf(1), [OUT]) };

  test('gives the value for the key, and is the limit of the ridge edit', async () => {
    const part = await rankOneEdit(one, { prior });
    const answer = matmul(add(weight, change(part)), expandDims(one.key, 1));
    expect(await errorBetween(answer, expandDims(one.value, 1))).toBeLessThan(EXACT);
    const pairs = { weight, keys: keysOf(1), values: valuesOf(1) };
    const ridge = await ridgeEdit(pairs, { prior, lambda: 1e-9 });
    expect(await errorBetween(change(part), change(ridge))).toBeLessThan(1e-7);
  });

  test('another prior makes another change', async () => {
    const plain = change(await rankOneEdit(one));
    expect(await errorBetween(change(await rankOneEdit(one, { prior })), plain)).toBeGreaterThan(0.1);
  });

  test('refuses a key of zeros', async () => {
    const zero = mul(one.key, 0);
    await expect(rankOneEdit({ ...one, key: zero })).rejects.toMatchObject({ code: 'ERR_VALUE' });
    await expect(rankOneEdit(one, { priors: prior } as object)).rejects.toThrow("did you mean 'prior'?");
    await expect(rankOneEdit(one, { prior: weight })).rejects.toThrow('prior: a prior [12, 12] expected');
  });
});

describe('null spaces', () => {
  /** Keys in use that span 8 of 12 directions. */
  const used = matmul(normal(key(6), [50, 8], float64), normal(key(7), [8, IN], float64));
  const moment = mul(matmul(transpose(used), used), 1 / 50);

  test('what is projected leaves the keys in use alone', async () => {
    const space = await nullSpace(moment, { threshold: 1e-8 });
    expect(space.basis.shape).toEqual([IN, 4]);
    const inside = projectToNullSpace(weight, space);
    const seen = matmul(used, transpose(inside));
    expect(await errorBetween(add(seen, 1), add(mul(seen, 0), 1))).toBeLessThan(1e-8);
    expect(await errorBetween(projectToNullSpace(inside, space), inside)).toBeLessThan(EXACT);
  });

  test('nullSpaceEdit is the formula of the paper, and answers the keys in use as before', async () => {
    const space = await nullSpace(moment, { threshold: 1e-8 });
    const pairs = { weight, keys: keysOf(3), values: valuesOf(3) };
    const earlierKeys = keysOf(5, 21);
    const earlier = matmul(transpose(earlierKeys), earlierKeys);
    const d = change(await nullSpaceEdit(pairs, space, { earlier, lambda: 0.5 }));
    // D (K_p^T K_p P + K^T K P + lambda I) = R^T K P.
    const P = matmul(space.basis, transpose(space.basis));
    const K = pairs.keys;
    const system = add(matmul(add(earlier, matmul(transpose(K), K)), P), mul(eye(IN, float64), 0.5));
    const R = sub(pairs.values, matmul(K, transpose(weight)));
    const wanted = matmul(matmul(transpose(R), K), P);
    expect(await errorBetween(matmul(d, system), wanted)).toBeLessThan(EXACT);
    const seen = matmul(used, transpose(d));
    expect(await errorBetween(add(seen, 1), add(mul(seen, 0), 1))).toBeLessThan(1e-7);
    // The plain ridge edit does disturb them.
    const plain = matmul(used, transpose(change(await ridgeEdit(pairs))));
    expect(await errorBetween(add(plain, 1), add(mul(plain, 0), 1))).toBeGreaterThan(0.05);
  });

  test('refuses when nothing is below the threshold', async () => {
    await expect(nullSpace(prior, { threshold: 1e-8 })).rejects.toMatchObject({ code: 'ERR_VALUE' });
    await expect(nullSpace(prior, { rank: 13 })).rejects.toMatchObject({ code: 'ERR_OPTION' });
    const { basis } = await nullSpace(prior, { rank: 2 });
    expect(basis.shape).toEqual([IN, 2]);
    const pairs = { weight, keys: keysOf(3), values: valuesOf(3) };
    const space = await nullSpace(prior, { rank: 2 });
    await expect(nullSpaceEdit(pairs, space, { lambda: -1 })).rejects.toMatchObject({ code: 'ERR_OPTION' });
    await expect(nullSpaceEdit(pairs, space, { earlier: weight })).rejects.toMatchObject({
      code: 'ERR_SHAPE',
    });
    expect(() => projectToNullSpace(weight, {} as typeof space)).toThrow(
      'projectToNullSpace: basis must be a tensor',
    );
  });

  test('may be everything', async () => {
    const space = await nullSpace(prior, { rank: IN });
    expect(await errorBetween(projectToNullSpace(weight, space), weight)).toBeLessThan(EXACT);
    expect(await errorBetween(matmul(space.basis, transpose(space.basis)), eye(IN, float64))).toBeLessThan(
      EXACT,
    );
  });
});
