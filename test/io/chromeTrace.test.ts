import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { compile } from '../../lib/graph/compile';
import { tensor } from '../../lib/graph/create';
import { writeChromeTrace } from '../../lib/io/chromeTrace';
import { matmul } from '../../lib/ops/products/matmul';
import { temporaryFolder } from './temporaryFolder';

const folder = temporaryFolder();

test('a trace has one complete event per instruction, in microseconds', async () => {
  const a = tensor([
    [1, 2],
    [3, 4],
  ]);
  const { profile } = await compile(matmul).withOptions({ profile: true })(a, a);
  const path = join(folder, 'trace.json');
  await writeChromeTrace(path, profile);
  const trace = JSON.parse(await readFile(path, 'utf8')) as { traceEvents: Record<string, unknown>[] };
  const [instruction] = profile.instructions;
  expect(trace.traceEvents).toEqual([
    {
      name: 'matmul',
      cat: 'instruction',
      ph: 'X',
      ts: instruction!.startNs / 1000,
      dur: instruction!.durationNs / 1000,
      pid: 1,
      tid: 1,
      args: {
        inputs: ['float32 [1, 2, 2]', 'float32 [1, 2, 2]'],
        outputs: ['float32 [1, 2, 2]'],
        flops: 16,
        bytesRead: 32,
        bytesWritten: 16,
      },
    },
  ]);
});
