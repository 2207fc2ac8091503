import { add, mul } from '../../lib/ops/elementwise';
import { stopGradient } from '../../lib/ops/shape/identity';
import { roll } from '../../lib/ops/shape/roll';
import { compareWithLoop } from '../support/exampleLoop';
import { networkOf } from './networks';

/** As in graphs.test.ts, for functions of examples. */
const FIRST_SEED = Number(process.env.PALIMPSEST_FUZZ_SEED ?? 1);
const NETWORKS = Number(process.env.PALIMPSEST_FUZZ_NETWORKS ?? 300);

jest.setTimeout(120_000 + 1_500 * NETWORKS);

const faultOf = async (seed: number, layers?: number): Promise<string | undefined> => {
  const network = networkOf(seed, layers);
  return compareWithLoop(network, 'per example').then(
    () => undefined,
    (error: unknown) => `${(error as Error).message}\n${network.text}`,
  );
};

/** The fewest layers of the network that show a fault. */
async function shortest(seed: number, fault: string): Promise<string> {
  for (let layers = 1; layers < 6; layers++) {
    const found = await faultOf(seed, layers);
    if (found !== undefined) return found;
  }
  return fault;
}

test('gradients per example of random networks are those of a loop, in every statistic', async () => {
  for (let seed = FIRST_SEED; seed < FIRST_SEED + NETWORKS; seed++) {
    const fault = await faultOf(seed);
    if (fault !== undefined) throw new Error(await shortest(seed, fault));
  }
});

test.each<readonly [string, Parameters<typeof networkOf>[2]]>([
  ['that one example alone does not', (h) => (h.shape[0] === 1 ? h : mul(h, 1 + 1e-7))],
  ['that comes from the example beside it', (h) => add(h, mul(stopGradient(roll(h, 1, { axis: 0 })), 1e-7))],
])('a difference of 1e-7 %s is found or refused', async (_what, front) => {
  const compared = compareWithLoop(networkOf(1, undefined, front), 'per example');
  await expect(compared).rejects.toThrow(/relative error|example/);
});

test('a seed gives the same network again', () => {
  expect(networkOf(3).text).toBe(networkOf(3).text);
  expect(networkOf(3).text).not.toBe(networkOf(4).text);
});
