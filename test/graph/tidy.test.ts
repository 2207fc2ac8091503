import '../../lib/graph/evaluate';
import { tensor } from '../../lib/graph/create';
import { evaluate } from '../../lib/graph/evaluate';
import type { Tensor } from '../../lib/graph/tensor';
import { keep, tidy } from '../../lib/graph/tidy';
import { memory } from '../../lib/native';
import { add, mul } from '../../lib/ops/elementwise/arithmetic';
import { code } from '../support/errors';
import { memoryAtRest } from '../support/garbage';

test('frees what got its data inside, but not the result', async () => {
  const before = (await memoryAtRest()).handles;
  const y = await tidy(async () => {
    const x = tensor([1, 2]);
    const z = mul(x, 2);
    await evaluate(z);
    return evaluate(add(z, 1));
  });
  expect(memory().handles).toBe(before + 1);
  expect(await y.data()).toEqual(Float32Array.of(3, 5));
});

test('works without promises, and keeps trees', async () => {
  const before = (await memoryAtRest()).handles;
  const { x } = tidy(() => ({ x: tensor([1]), n: tensor([2]).size }));
  expect(memory().handles).toBe(before + 1);
  expect(x.disposed).toBe(false);
});

test('frees everything when the function throws', async () => {
  const before = (await memoryAtRest()).handles;
  expect(() =>
    tidy(() => {
      tensor([1]);
      throw new RangeError('on purpose');
    }),
  ).toThrow('on purpose');
  await expect(
    tidy(async () => {
      await mul(tensor([1]), 2).data();
      throw new RangeError('on purpose');
    }),
  ).rejects.toThrow('on purpose');
  expect(memory().handles).toBe(before);
});

test('leaves alone what was there before', async () => {
  const outside = tensor([1]);
  await tidy(() => add(outside, 1).data());
  expect(outside.disposed).toBe(false);
});

test('hands what is kept to the enclosing one', async () => {
  const before = (await memoryAtRest()).handles;
  let inner: Tensor | undefined;
  let kept: Tensor | undefined;
  await tidy(async () => {
    inner = await tidy(async () => {
      kept = keep(tensor([7]));
      tensor([8]);
      return evaluate(add(kept, 1));
    });
    expect([inner.disposed, kept!.disposed]).toEqual([false, false]);
    expect(memory().handles).toBe(before + 2);
  });
  expect([inner?.disposed, kept?.disposed]).toEqual([true, true]);
  expect(memory().handles).toBe(before);
});

test('does not mix scopes that run side by side', async () => {
  const results = await Promise.all(
    [1, 2, 3].map((i) =>
      tidy(async () => {
        const x = tensor([i]);
        await mul(x, 2).data();
        return evaluate(add(x, 10));
      }),
    ),
  );
  expect(await Promise.all(results.map((result) => result.item()))).toEqual([11, 12, 13]);
});

test('lets a lazy result read what it needs only if it is kept', async () => {
  const lazy = tidy(() => add(tensor([1]), 1));
  await expect(lazy.data()).rejects.toEqual(code('ERR_DISPOSED'));
});
