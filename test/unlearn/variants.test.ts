import { dampenParameters } from '../../lib/curvature';
import { rankOneEdit, ridgeEdit, type KeyValues } from '../../lib/edits';
import { tensor } from '../../lib/graph/create';
import { evaluate } from '../../lib/graph/evaluate';
import { Parameters } from '../../lib/graph/parameters';
import type { Shape } from '../../lib/graph/shape';
import type { Tensor } from '../../lib/graph/tensor';
import { solve } from '../../lib/linalg';
import { add, div, eye, matmul, max, mul, neg, abs, reshape, sub, sum, transpose } from '../../lib/ops';
import { key, normal, uniform } from '../../lib/random';
import { announce } from '../support/numbers';
import { expectAllWrong, failingVariants } from '../support/wrongVariants';

const EXACT = 1e-9;
const float64 = { dtype: 'float64' } as const;
const draw = (seed: number, shape: Shape): Tensor => normal(key(seed), shape, float64);
const largest = async (x: Tensor): Promise<number> => max(abs(x)).item();

afterAll(() => {
  announce(
    'R23',
    `${failingVariants()} wrong variants of dampening and closed-form edits fail what the right ones pass`,
  );
});

describe('ridge edits', () => {
  const pairs: KeyValues = { weight: draw(1, [5, 6]), keys: draw(2, [4, 6]), values: draw(3, [4, 5]) };
  const rows = draw(4, [30, 6]);
  const prior = div(matmul(transpose(rows), rows), 30);
  const weights = add(uniform(key(5), [4], float64), 0.5);
  const lambda = 0.7;
  const R = sub(pairs.values, matmul(pairs.keys, transpose(pairs.weight)));

  /** The gradient of what the edit minimises, `2 (sum_n w_n ((W + D) k_n - v_n) k_n^T + lambda D C)`, is zero. */
  const isOptimal = async (d: Tensor): Promise<boolean> => {
    const missed = sub(matmul(pairs.keys, transpose(add(pairs.weight, d))), pairs.values);
    const slope = matmul(transpose(mul(missed, reshape(weights, [4, 1]))), pairs.keys);
    return (await largest(add(slope, mul(matmul(d, prior), lambda)))) < EXACT;
  };
  const solved = (from: Tensor, w: Tensor, system: Tensor): Tensor =>
    matmul(matmul(transpose(from), mul(pairs.keys, w)), solve(system, eye(6, float64)));
  const W = reshape(weights, [4, 1]);
  const seen = (w: Tensor): Tensor => matmul(transpose(pairs.keys), mul(pairs.keys, w));
  const C = mul(prior, lambda);

  test('have no gradient left, unlike every variant', async () => {
    const edit = async (options: object): Promise<Tensor> => {
      const { left, right } = await ridgeEdit(pairs, options);
      return matmul(left, right);
    };
    await expectAllWrong(isOptimal, () => edit({ prior, lambda, weights }), {
      'the other sign': () => neg(solved(R, W, add(C, seen(W)))),
      'half of it': () => div(solved(R, W, add(C, seen(W))), 2),
      'without lambda': () => solved(R, W, add(prior, seen(W))),
      'with lambda at the keys': () => solved(R, W, add(prior, mul(seen(W), lambda))),
      'without the prior': () => edit({ lambda, weights }),
      'without weights': () => edit({ prior, lambda }),
      'with weights on one side': () => solved(R, W, add(C, seen(add(mul(W, 0), 1)))),
      'values in place of residuals': () => solved(pairs.values, W, add(C, seen(W))),
    });
  });
});

describe('rank-one edits', () => {
  const [weight, k, v] = [draw(11, [5, 6]), draw(12, [6]), draw(13, [5])];
  const rows = draw(14, [30, 6]);
  const prior = div(matmul(transpose(rows), rows), 30);
  const [column, missed] = [reshape(k, [6, 1]), sub(reshape(v, [5, 1]), matmul(weight, reshape(k, [6, 1])))];
  const whitened = solve(prior, column);
  const outer = (a: Tensor, b: Tensor): Tensor => matmul(a, transpose(b));

  /** The key gets its value, and `D C` has rows along the key: nothing else is disturbed less. */
  const isLeast = async (d: Tensor): Promise<boolean> => {
    const answer = matmul(add(weight, d), column);
    const disturbance = matmul(d, prior);
    const along = div(matmul(matmul(disturbance, column), transpose(column)), sum(mul(k, k)));
    const [far, aside] = [
      await largest(sub(answer, reshape(v, [5, 1]))),
      await largest(sub(disturbance, along)),
    ];
    return far < EXACT && aside < EXACT;
  };

  test('answer with the value and disturb least, unlike every variant', async () => {
    const right = async (): Promise<Tensor> => {
      const part = await rankOneEdit({ weight, key: k, value: v }, { prior });
      return matmul(part.left, part.right);
    };
    const size = sum(mul(column, whitened));
    await expectAllWrong(isLeast, right, {
      'the other sign': () => neg(div(outer(missed, whitened), size)),
      'without the prior': () => div(outer(missed, column), sum(mul(k, k))),
      'the prior for its inverse': () =>
        div(outer(missed, matmul(prior, column)), sum(mul(column, matmul(prior, column)))),
      'not normalised': () => outer(missed, whitened),
      'normalised by the key': () => div(outer(missed, whitened), sum(mul(k, k))),
      'the value in place of what is missed': () => div(outer(reshape(v, [5, 1]), whitened), size),
    });
  });
});

describe('dampening', () => {
  const [alpha, lambda, size] = [2, 0.6, 400];
  const theta = draw(21, [size]);
  const importance = (seed: number): Tensor => mul(draw(seed, [size]), draw(seed, [size]));
  const [forget, full] = [importance(22), importance(23)];

  /**
   * Of what is `alpha` times as important to what is forgotten, the products of weight and importance come down to `lambda`
   * times that of all data; nothing grows, and everything else stays.
   */
  const isSelective = async (after: Tensor): Promise<boolean> => {
    const [now, old, f, d] = await Promise.all(
      [after, theta, forget, full].map(async (x) => [...(await x.data<'float64'>())]),
    );
    return old!.every((before, i) => {
      const isSelected = f![i]! > alpha * d![i]!;
      if (!isSelected) return now![i] === before;
      const goal = Math.min(lambda * d![i]!, f![i]!);
      return Math.abs(now![i]! * f![i]! - before * goal) < EXACT;
    });
  };

  test('scales what is selected and nothing else, unlike every variant', async () => {
    const named = (x: Tensor): Parameters => new Parameters([['w', x]]);
    const damped = async (f: Tensor, d: Tensor, options = { alpha, lambda }): Promise<Tensor> => {
      const sides = { forget: named(f), full: named(d) };
      return (await dampenParameters(named(theta), sides, options)).parameters.get('w');
    };
    const [t, f, d] = await Promise.all(
      (await evaluate([theta, forget, full])).map(async (x) => [...(await x.data<'float64'>())]),
    );
    const each = (rule: (theta: number, f: number, d: number) => number) => (): Tensor =>
      tensor(Float64Array.from(t!, (own, i) => rule(own, f![i]!, d![i]!)));
    await expectAllWrong(isSelective, () => damped(forget, full), {
      'the sets swapped': () => damped(full, forget),
      'alpha and lambda swapped': () => damped(forget, full, { alpha: lambda, lambda: alpha }),
      'without alpha': () => damped(forget, full, { alpha: 1, lambda }),
      'without lambda': () => damped(forget, full, { alpha, lambda: 1 }),
      'the others selected': each((own, a, b) =>
        a <= alpha * b ? own * Math.min((lambda * b) / a, 1) : own,
      ),
      'everything selected': each((own, a, b) => own * Math.min((lambda * b) / a, 1)),
      'set to zero': each((own, a, b) => (a > alpha * b ? 0 : own)),
      'the root of the factor': each((own, a, b) =>
        a > alpha * b ? own * Math.sqrt((lambda * b) / a) : own,
      ),
    });
  });
});
