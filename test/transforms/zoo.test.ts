import { compareWithLoop } from '../support/exampleLoop';
import { zoo } from './zoo/networks';
import { announceObserved } from '../support/numbers';

afterAll(announceObserved);

/** Relative to the largest gradient; sums are in another order than in a loop over single examples. */
const TOLERANCE = { float64: 1e-10, float32: 1e-5 } as const;

describe.each(['float64', 'float32'] as const)('in %s', (dtype) => {
  test.each(zoo.map((animal) => [animal.name, animal] as const))('%s', async (name, animal) => {
    await compareWithLoop(animal.of(dtype), name, TOLERANCE[dtype]);
  });
});
