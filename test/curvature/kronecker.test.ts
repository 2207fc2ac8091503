import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { tensor } from '../../lib/graph/create';
import { evaluate } from '../../lib/graph/evaluate';
import { Parameters } from '../../lib/graph/parameters';
import type { Tensor } from '../../lib/graph/tensor';
import {
  ekfac,
  fisherOperator,
  kfac,
  loadKronecker,
  saveKronecker,
  selectParameters,
  type KroneckerOperator,
  type Objective,
} from '../../lib/curvature';
import { writeSafetensors } from '../../lib/io';
import { inverse as matrixInverse } from '../../lib/linalg';
import {
  add,
  conv2d,
  embedding,
  eye,
  groupNorm,
  kron,
  matmul,
  mean,
  mul,
  relu,
  softmaxCrossEntropy,
  sum,
  transpose,
} from '../../lib/ops';
import { linear } from '../../lib/ops/products/matmul';
import { expectClose } from '../support/compare';
import { draw, inBatches, objective, parameters, SIZE, TOLERANCE, x, y, type LabeledBatch } from './problem';

const same = async (got: Tensor, expected: Tensor, what: string, tolerance = TOLERANCE): Promise<void> => {
  expectClose(await got.data(), await expected.data(), tolerance, what);
};

/** Losses that are linear in the outputs: every cotangent is this, so inputs and cotangents are independent. */
const SLOPE = draw(90, [3]);
const flat: Objective<LabeledBatch> = {
  parameters: new Parameters([['w', draw(91, [3, 4])]]),
  outputs: (p, images) => linear(images, p.get('w')),
  losses: (outputs) => sum(mul(outputs, SLOPE), { axis: 1 }),
  batches: () => inBatches([x, y], 5),
};

describe('where inputs and cotangents are independent', () => {
  test('K-FAC and EK-FAC are the Fisher information', async () => {
    const exact = await fisherOperator(flat).dense();
    for (const fit of [kfac, ekfac]) await same(await (await fit(flat)).dense(), exact, fit.name);
  });

  test('variants that are wrong are told apart', async () => {
    const exact = await fisherOperator(flat).dense();
    const right = await kfac(flat);
    const { left, right: v, factors } = right.block('w');
    const [a, b] = [left!, v!].map((q, i) =>
      matmul(mul(q, [factors!.left, factors!.right][i]!), transpose(q)),
    ) as [Tensor, Tensor];
    const wrong: [string, Tensor][] = [
      ['swapped factors', kron(b, a)],
      ['without the mean over examples', mul(kron(a, b), 12)],
      ['only one factor', kron(a, eye(4, { dtype: 'float64' }))],
    ];
    await same(kron(a, b), exact, 'the two factors');
    for (const [what, matrix] of wrong)
      await expect(same(matrix, exact, what, 0.05)).rejects.toThrow('relative error');
  });
});

describe('on a classifier', () => {
  test('the trace of EK-FAC is that of the Fisher information, the trace of K-FAC is not', async () => {
    const exact = (await fisherOperator(objective()).trace()).value;
    const corrected = await (await ekfac(objective())).trace();
    expect(corrected.standardError).toBe(0);
    expect(corrected.value).toBeCloseTo(exact, 10);
    expect(Math.abs((await (await kfac(objective())).trace()).value - exact)).toBeGreaterThan(1e-3 * exact);
  });

  test('EK-FAC is nearer to the Fisher information than K-FAC', async () => {
    const exact = await fisherOperator(selectParameters(objective(), /^w1$/)).dense();
    const distance = async (fit: typeof kfac): Promise<number> => {
      const matrix = await (await fit(selectParameters(objective(), /^w1$/))).dense();
      const error = add(matrix, mul(exact, -1));
      return sum(mul(error, error)).item();
    };
    expect(await distance(ekfac)).toBeLessThan(await distance(kfac));
  });

  test.each([kfac, ekfac])('$name does not depend on the size of batches', async (fit) => {
    const whole = await fit(objective(12), { labels: 'true' });
    for (const size of [1, 5])
      await same(await (await fit(objective(size))).dense(), await whole.dense(), `batches of ${size}`);
  });

  test.each([kfac, ekfac])(
    '$name has trace, diagonal and inverses that are those of its matrix',
    async (fit) => {
      const A = await fit(objective());
      const dense = await A.dense();
      const entries = await dense.data<'float64'>();
      const diagonal = Array.from({ length: SIZE }, (_, i) => entries[i * SIZE + i]!);
      const got = await A.diag();
      const parts = await Promise.all([...got].map(([, part]) => part.data()));
      expectClose(
        parts.flatMap((part) => [...part]),
        diagonal,
        TOLERANCE,
        'diagonal',
      );
      expect((await A.trace()).value).toBeCloseTo(
        diagonal.reduce((a, b) => a + b),
        10,
      );
      const identity = eye(SIZE, { dtype: 'float64' });
      const inverted = await A.inverse({ damping: 0.01 }).dense();
      await same(inverted, matrixInverse(add(dense, mul(identity, 0.01))), 'inverse', 1e-9);
      await same(await A.damped(2).scaled(3).dense(), mul(add(dense, mul(identity, 2)), 3), '3 (A + 2)');
    },
  );

  test('damping may be a share of the mean eigenvalue of every block', async () => {
    const A = await ekfac(objective());
    const inverted = A.inverse({ damping: { relative: 0.1 } });
    for (const name of parameters.names) {
      const { eigenvalues } = A.block(name);
      const lambda = 0.1 * (await mean(eigenvalues).item());
      const expected = [...(await eigenvalues.data<'float64'>())].map((value) => 1 / (value + lambda));
      expectClose(await inverted.block(name).eigenvalues.data(), expected, TOLERANCE, name);
    }
    await same(await A.inverse().dense(), await inverted.dense(), 'the default');
  });

  test('damping may be split over the factors', async () => {
    const A = await kfac(selectParameters(objective(), /^w1$/));
    const { left, right, factors } = A.block('w1');
    const matrix = (q: Tensor, values: Tensor): Tensor => matmul(mul(q, values), transpose(q));
    const [l, r] = [matrix(left!, factors!.left), matrix(right!, factors!.right)];
    const pi = Math.sqrt((await mean(factors!.left).item()) / (await mean(factors!.right).item()));
    const unit = (n: number, value: number): Tensor => mul(eye(n, { dtype: 'float64' }), value);
    const expected = matrixInverse(kron(add(l, unit(5, pi * 0.1)), add(r, unit(4, 0.1 / pi))));
    await same(await A.inverse({ damping: 0.01, split: 'factors' }).dense(), expected, 'pi correction', 1e-9);
    const corrected = await ekfac(objective());
    expect(() => corrected.inverse({ damping: 0.01, split: 'factors' })).toThrow('is for K-FAC');
    expect(() => A.inverse({ split: 'factors' })).toThrow("split 'factors' takes a number");
    expect(() => A.inverse({ damping: 0 })).toThrow(
      'damping must be a positive number or { relative: number }, got 0',
    );
    expect(() => A.inverse({ method: 'cg' } as object)).toThrow(
      "the method of factored blocks is 'closed', got 'cg'",
    );
  });

  test('drawn labels need a way to draw', async () => {
    const { drawn: _drawn, ...rest } = objective();
    const silent: Objective<LabeledBatch> = rest;
    await expect(kfac(silent, { labels: 'sampled' })).rejects.toThrow("the objective has no 'drawn'");
    await expect(kfac(objective(), { labels: 'drawn' as 'sampled' })).rejects.toThrow(
      "labels must be 'true' or 'sampled'",
    );
    await expect(kfac(objective(), { sharin: 'expand' } as object)).rejects.toThrow(
      "kfac: unknown option 'sharin'",
    );
    const empty: Objective<LabeledBatch> = { ...objective(), batches: () => [] };
    await expect(kfac(empty)).rejects.toThrow('the objective has no examples');
  });
});

describe('with shared weights, norms and tables', () => {
  const images = draw(100, [6, 2, 5, 5]);
  const convolutional: Objective<LabeledBatch> = {
    parameters: new Parameters([
      ['conv', draw(101, [4, 2, 3, 3])],
      ['gain', draw(102, [4])],
      ['bias', draw(103, [4])],
      ['out', draw(104, [3, 4])],
    ]),
    outputs: (p, a) => {
      const h = groupNorm(conv2d(a, p.get('conv'), { padding: 1 }), p.get('gain'), p.get('bias'), {
        groups: 2,
      });
      return linear(mean(relu(h), { axis: [2, 3] }), p.get('out'));
    },
    losses: (logits, _a, labels) => softmaxCrossEntropy(logits, labels),
    batches: () => inBatches([images, tensor(Int32Array.of(0, 1, 2, 2, 1, 0))], 4),
  };
  const tied: Objective<LabeledBatch> = {
    parameters: new Parameters([
      ['table', draw(105, [7, 4])],
      ['w', draw(106, [4, 4])],
    ]),
    outputs: (p, tokens) =>
      linear(relu(linear(embedding(p.get('table'), tokens), p.get('w'))), p.get('table')),
    losses: (logits, _tokens, labels) => sum(softmaxCrossEntropy(logits, labels), { axis: 1 }),
    batches: () =>
      inBatches(
        [
          tensor(
            Int32Array.from({ length: 24 }, (_, i) => (i * 5) % 7),
            { shape: [6, 4] },
          ),
          tensor(
            Int32Array.from({ length: 24 }, (_, i) => (i * i) % 7),
            { shape: [6, 4] },
          ),
        ],
        4,
      ),
  };

  test.each(['expand', 'reduce'] as const)('a convolution, %s', async (sharing) => {
    const exact = (await fisherOperator(convolutional).trace()).value;
    expect((await (await ekfac(convolutional, { sharing })).trace()).value).toBeCloseTo(exact, 9);
    const gains = await (await kfac(selectParameters(convolutional, /gain|bias/), { sharing })).dense();
    const blocks = await Promise.all(
      ['gain', 'bias'].map((name) =>
        fisherOperator(selectParameters(convolutional, (own) => own === name)).dense(),
      ),
    );
    const entries = [...(await gains.data())];
    const corner = (start: number): number[] =>
      Array.from({ length: 16 }, (_, i) =>
        Number(entries[(start + Math.floor(i / 4)) * 8 + start + (i % 4)]),
      );
    expectClose(corner(0), await blocks[0]!.data(), TOLERANCE, 'gain: exact');
    expectClose(corner(4), await blocks[1]!.data(), TOLERANCE, 'bias: exact');
  });

  test('a tied table has a diagonal block where it is asked for, and is refused by name else', async () => {
    await expect(kfac(tied)).rejects.toThrow('kroneckerFactors: the gradient of a parameter [7, 4]');
    const A = await ekfac(tied, { diagonal: /table/ });
    const diagonal = await fisherOperator(tied).diag();
    await same(A.block('table').eigenvalues, diagonal.get('table'), 'the diagonal Fisher');
    expect((await A.trace()).value).toBeCloseTo((await fisherOperator(tied).trace()).value, 9);
    await expect(kfac(tied, { diagonal: /tables/ })).rejects.toThrow(
      'no parameter has a name as the option diagonal',
    );
  });
});

describe('in a file', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'palimpsest-kronecker-'));
  });
  afterAll(() => {
    rmSync(folder, { recursive: true });
  });

  test.each([kfac, ekfac])('$name comes back bit by bit', async (fit) => {
    const path = join(folder, `${fit.name}.safetensors`);
    const A: KroneckerOperator = await fit(objective());
    await saveKronecker(path, A);
    const { operator, warnings } = await loadKronecker(path, parameters);
    expect(warnings).toEqual([]);
    expect(operator.about).toEqual(A.about);
    expect(await (await operator.dense()).data()).toEqual(await (await A.dense()).data());
  });

  test('other weights are warned of, other models and files refused', async () => {
    const path = join(folder, 'kfac.safetensors');
    const moved = parameters.map((part) => mul(part, 2));
    await evaluate(moved);
    const { warnings } = await loadKronecker(path, moved);
    expect(warnings).toEqual([`'${path}' was made for other weights of this model`]);
    const other = new Parameters([['w1', draw(1, [5, 3])]]);
    await expect(loadKronecker(path, other)).rejects.toThrow('is that of another model');
    await expect(loadKronecker(path, new Parameters([['w9', draw(1, [5, 3])]]))).rejects.toThrow(
      "has no block 'w9'",
    );
    const plain = join(folder, 'plain.safetensors');
    await writeSafetensors(plain, parameters);
    await expect(loadKronecker(plain, parameters)).rejects.toThrow('is no palimpsest Kronecker factors');
    const broken = join(folder, 'broken.safetensors');
    await writeSafetensors(broken, parameters, {
      metadata: { format: 'palimpsest Kronecker factors 1', about: '{' },
    });
    await expect(loadKronecker(broken, parameters)).rejects.toThrow('the description is no JSON');
  });
});
