import '../../../lib/graph/evaluate';
import { z } from 'zod';

import { settingsOf } from '../../../lib/unlearn/method/settings';
import { methodNamed, unlearningMethods } from '../../../lib/unlearn';

const schema = z.strictObject({
  rate: z.number().positive().default(0.5),
  steps: z.int().min(1).default(3),
  mode: z.enum(['one', 'all']).default('one'),
  fisher: z.strictObject({ batchSize: z.int().min(1).optional() }).prefault({}),
});

test('defaults are filled in', () => {
  expect(settingsOf('m', schema, {})).toEqual({ rate: 0.5, steps: 3, mode: 'one', fisher: {} });
});

test.each([
  [{ rat: 1 }, "m: unknown option 'rat'; did you mean 'rate'?"],
  [{ qqqqqqq: 1 }, "m: unknown option 'qqqqqqq'; known options: rate, steps, mode, fisher"],
  [{ fisher: { batchsize: 1 } }, "m: unknown option 'fisher.batchsize'; did you mean 'batchSize'?"],
  [{ rate: 0 }, 'm: rate must be greater than 0, got 0'],
  [{ rate: 'fast' }, "m: rate must be a number, got 'fast'"],
  [{ rate: NaN }, 'm: rate must be a number, got NaN'],
  [{ steps: 0 }, 'm: steps must be at least 1, got 0'],
  [{ steps: 1.5 }, 'm: steps must be an integer, got 1.5'],
  [{ mode: 'none' }, "m: mode must be 'one' or 'all', got 'none'"],
  [{ fisher: { batchSize: 0 } }, 'm: fisher.batchSize must be at least 1, got 0'],
])('%j is refused by name', (options, message) => {
  expect(() => settingsOf('m', schema, options as object)).toThrow(
    expect.objectContaining({ code: 'ERR_OPTION', message }) as Error,
  );
});

test('a method is found by name, and a near name is suggested', () => {
  expect(methodNamed('salun').title).toBe('Saliency Unlearning');
  expect(() => methodNamed('salum')).toThrow("did you mean 'salun'?");
});

test('every method says what there is to know, and where every default is from', () => {
  for (const { name } of unlearningMethods) {
    const method = methodNamed(name);
    for (const text of [method.title, method.paper, method.module]) expect(text).not.toBe('');
    for (const [option, given] of Object.entries(method.options.shape)) {
      const described = given as z.ZodType;
      expect([name, option, described.description]).toEqual([
        name,
        option,
        expect.stringMatching(/[\w)'|]\.$/),
      ]);
    }
  }
});
