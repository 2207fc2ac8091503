import { tensor } from '../../lib/graph/create';
import { evaluate } from '../../lib/graph/evaluate';
import { Parameters } from '../../lib/graph/parameters';
import { tensorsOf } from '../../lib/graph/tree';
import { full } from '../../lib/ops/elementwise/arithmetic';
import { logicalNot } from '../../lib/ops/elementwise/math';
import { adagrad } from '../../lib/optim/adagrad';
import { adam, adamw } from '../../lib/optim/adam';
import { clipped } from '../../lib/optim/clipping';
import { lion } from '../../lib/optim/lion';
import { blockMask, masked, type Mask } from '../../lib/optim/mask';
import type { Optimizer, OptimizerState } from '../../lib/optim/optimizer';
import { rmsprop } from '../../lib/optim/rmsprop';
import { sgd } from '../../lib/optim/sgd';

const start = new Parameters([
  [
    'w',
    tensor([
      [1, 2, 3],
      [4, 5, 6],
    ]),
  ],
  ['b', tensor([7, 8, 9])],
]);
/** NaN where nothing may move: it must not get through. */
const slopes = start.map((_, name) =>
  name === 'w'
    ? tensor([
        [NaN, 0.5, NaN],
        [NaN, NaN, -0.25],
      ])
    : tensor([NaN, 1, Infinity]),
);
const onlyFinite: Mask = (name) =>
  name === 'w'
    ? tensor([
        [false, true, false],
        [false, false, true],
      ])
    : tensor([false, true, false]);

const OPTIMIZERS: Record<string, Optimizer> = {
  sgd: sgd({ learningRate: 0.1, momentum: 0.9, weightDecay: 0.1 }),
  adam: adam({ weightDecay: 0.1 }),
  adamw: adamw({ weightDecay: 0.5, amsgrad: true }),
  adagrad: adagrad({ weightDecay: 0.1 }),
  rmsprop: rmsprop({ centered: true }),
  lion: lion({ weightDecay: 0.5 }),
};

interface Visited {
  readonly params: readonly number[][];
  readonly moments: readonly number[][];
}

async function after(optimizer: Optimizer, steps: number): Promise<Visited> {
  let params = start;
  let state: OptimizerState<Parameters> = optimizer.init(start);
  // Moments that are not zero, so that keeping them is something.
  state = { ...state, moments: state.moments.map(() => start.map((x) => x)) };
  for (let i = 0; i < steps; i++) ({ params, state } = optimizer.step(params, slopes, state));
  await evaluate([params, state]);
  const values = (tree: unknown) => Promise.all(tensorsOf(tree).map(async (x) => [...(await x.data())]));
  return { params: await values(params), moments: await values(state.moments) };
}

describe('masked', () => {
  it.each(Object.entries(OPTIMIZERS))(
    '%s keeps weights and moments bit for bit',
    async (_name, optimizer) => {
      const { params, moments } = await after(masked(optimizer, onlyFinite), 3);
      const w = [1, 2, 3, 4, 5, 6];
      for (const values of [params[0]!, ...moments.filter((_, i) => i % 2 === 0)]) {
        values.forEach((value, i) => {
          if (i !== 1 && i !== 5) expect(value).toBe(w[i]);
        });
      }
      for (const values of [params[1]!, ...moments.filter((_, i) => i % 2 === 1)]) {
        expect([values[0], values[2]]).toEqual([7, 9]);
      }
      for (const [value, before] of [
        [params[0]![1], 2],
        [params[0]![5], 6],
        [params[1]![1], 8],
      ]) {
        expect(value).not.toBe(before);
      }
      expect([...params.flat(), ...moments.flat()].every(Number.isFinite)).toBe(true);
    },
  );

  it('without a mask the same gradients do reach the weights', async () => {
    const { params } = await after(OPTIMIZERS.adam!, 1);
    expect(params.flat().some(Number.isNaN)).toBe(true);
  });

  it('moves the open entries as the optimiser alone would', async () => {
    const open = await after(masked(OPTIMIZERS.adam!, onlyFinite), 3);
    const alone = await after(OPTIMIZERS.adam!, 3);
    expect([open.params[0]![1], open.params[0]![5]]).toEqual([alone.params[0]![1], alone.params[0]![5]]);
  });

  it.each<readonly [string, Mask, number[]]>([
    ['a parameter', (name) => name === 'b', [6, 7, 8]],
    ['a row', (name) => name === 'w' && { 0: [1] }, [3, 4, 5]],
    ['a column', (name) => name === 'w' && { 1: [0] }, [0, 3]],
    ['a block', (name) => name === 'w' && { 0: [0], 1: [1, 2] }, [1, 2]],
    ['a mask that broadcasts', (name) => name === 'w' && tensor([true, false, false]), [0, 3]],
  ])('takes %s', async (_name, mask, expected) => {
    const gradients = start.map((x) => full(x.shape, 1));
    const optimizer = masked(sgd({ learningRate: 1 }), mask);
    const { params } = optimizer.step(start, gradients, optimizer.init(start));
    const values = await Promise.all(tensorsOf(params).map(async (x) => [...(await x.data())]));
    expect(values.flat().flatMap((value, i) => (value === i + 1 ? [] : [i]))).toEqual(expected);
  });

  it('hides what may not move from the norm that clips', async () => {
    const optimizer = masked(clipped(sgd({ learningRate: 1 }), { globalNorm: 1 }), (name) => name === 'b');
    const gradients = start.map((x, name) => (name === 'b' ? tensor([0, 0.5, 0]) : x));
    const { params } = optimizer.step(start, gradients, optimizer.init(start));
    expect([...(await params.get('b').data())]).toEqual([7, 7.5, 9]);
    expect(params.get('w')).toBe(start.get('w'));
  });

  it('refuses what is no mask', () => {
    const step = (mask: unknown) => () => masked(sgd(), mask as Mask).step(start, slopes, sgd().init(start));
    expect(step(() => 1)).toThrow("masked: a boolean, a block or a tensor for 'w' expected, got number");
    expect(step(() => tensor([1, 2, 3]))).toThrow("masked: a bool mask for 'w' expected, got float32");
    expect(step(() => tensor([[true], [true], [true]]))).toThrow('masked: shapes [3, 1] and [2, 3]');
    expect(step(() => ({ 0: [2] }))).toThrow('blockMask: index 2 is outside axis 0 with 2');
  });
});

describe('blockMask', () => {
  it.each([
    ['a row', { 0: [1] }, [0, 0, 0, 1, 1, 1]],
    ['columns', { 1: [0, -1] }, [1, 0, 1, 1, 0, 1]],
    ['a block', { 0: [0], 1: [1, 2] }, [0, 1, 1, 0, 0, 0]],
    ['everything', {}, [1, 1, 1, 1, 1, 1]],
    ['nothing', { 0: [] }, [0, 0, 0, 0, 0, 0]],
  ])('is true in %s', async (_name, block, expected) => {
    expect([...(await blockMask([2, 3], block).data())]).toEqual(expected);
  });

  it('has an opposite', async () => {
    expect([...(await logicalNot(blockMask([3], { 0: [1] })).data())]).toEqual([1, 0, 1]);
  });
});
