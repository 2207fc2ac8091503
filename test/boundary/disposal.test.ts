import { compile } from '../../lib/graph/compile';
import { tensor } from '../../lib/graph/create';
import { evaluate } from '../../lib/graph/evaluate';
import type { Tensor } from '../../lib/graph/tensor';
import { memory } from '../../lib/native';
import { mul } from '../../lib/ops/elementwise/arithmetic';
import { reshape } from '../../lib/ops/shape/reshape';
import { memoryAtRest } from '../support/garbage';

const input = (): Tensor => tensor(new Float32Array(1000).fill(2));

describe('what is disposed while a run needs it', () => {
  test('stays for the run, and for the result that is a view of it', async () => {
    const x = input();
    const [view, twice] = [reshape(x, [10, 100]), mul(x, 2)];
    const running = evaluate([view, twice]);
    x.dispose();
    await running;
    expect((await view.data())[999]).toBe(2);
    expect((await twice.data())[999]).toBe(4);
    for (const result of [view, twice]) result.dispose();
  });

  test('stays for a compiled function too', async () => {
    const fn = compile((x: Tensor) => [reshape(x, [10, 100]), mul(x, 2)]);
    const x = input();
    const running = fn(x);
    await Promise.resolve(); // the run has taken its inputs
    x.dispose();
    const [view, twice] = await running;
    expect((await view!.data())[999]).toBe(2);
    expect((await twice!.data())[999]).toBe(4);
    for (const result of [view!, twice!]) result.dispose();
  });

  test('leaves no bytes behind when it is the result', async () => {
    const x = input();
    const { liveBytes, handles } = await memoryAtRest();
    const result = mul(x, 2);
    const running = evaluate(result);
    result.dispose();
    await running;
    expect(memory()).toMatchObject({ liveBytes, handles });
    x.dispose();
  });
});
