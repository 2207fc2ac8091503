import { tensor } from '../../lib/graph/create';
import { evaluate } from '../../lib/graph/evaluate';
import type { Tensor } from '../../lib/graph/tensor';
import { clipByGlobalNorm, clipByNorm, clipByValue, clipped, globalNorm } from '../../lib/optim/clipping';
import { sgd } from '../../lib/optim/sgd';

const gradients = [tensor([3, 0]), tensor([[0], [4]])];
const values = async (tree: readonly Tensor[]): Promise<number[][]> => {
  await evaluate(tree);
  return Promise.all(tree.map(async (x) => [...(await x.data())]));
};
/** What PyTorch adds to the norm moves the result by 1e-6 / norm. */
const DIGITS = 5;

const expectClose = (actual: number[][], expected: number[][]): void =>
  actual.flat().forEach((value, i) => expect(value).toBeCloseTo(expected.flat()[i]!, DIGITS));

describe('clipping', () => {
  it('by the global norm scales all together', async () => {
    const { gradients: scaled, norm } = clipByGlobalNorm(gradients, 1);
    expectClose(await values(scaled), [
      [0.6, 0],
      [0, 0.8],
    ]);
    expect(await norm.item()).toBe(5);
    expect(await globalNorm(scaled).item()).toBeLessThanOrEqual(1);
  });

  it('by norm scales each by itself', async () => {
    expectClose(await values(clipByNorm(gradients, 3.5)), [
      [3, 0],
      [0, 3.5],
    ]);
  });

  it('by value cuts every entry, and NaN stays', async () => {
    expect(await values(clipByValue([tensor([3, -5, 0.5, NaN])], 1))).toEqual([[1, -1, 0.5, NaN]]);
  });

  it('leaves what is small enough as it is, bit for bit', async () => {
    expect(await values(clipByGlobalNorm(gradients, 6).gradients)).toEqual(await values(gradients));
    expect(await values(clipByNorm([tensor([0, 0])], 1))).toEqual([[0, 0]]);
  });

  it('stands in an optimiser', async () => {
    const optimizer = clipped(sgd({ learningRate: 1 }), { value: 3, globalNorm: 1 });
    const zero = [tensor([0, 0]), tensor([[0], [0]])];
    const { params } = optimizer.step(zero, gradients, optimizer.init(zero));
    const side = -3 / Math.sqrt(18);
    expectClose(await values(params), [
      [side, 0],
      [0, side],
    ]);
  });

  it('needs a positive limit', () => {
    expect(() => clipByNorm(gradients, 0)).toThrow('clipByNorm: limit must be a positive number, got 0');
    expect(() => clipped(sgd(), { globalNorm: NaN })).toThrow('clipped: globalNorm must be a positive');
    expect(() => clipped(sgd(), { norms: 1 } as object)).toThrow("did you mean 'norm'?");
  });
});
