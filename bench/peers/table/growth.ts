import type { Params } from '../contest';
import { own, type Point, type Row } from '../row';
import { decoderFlops, mlpFlops } from './flops';

/** As good as proportional: how much of the smallest size's pace a larger one must keep. */
const PROPORTIONAL = 0.9;

/** Sizes of one computation: the smallest is what the others are measured by, in proportion to x. */
function curve(
  name: string,
  unit: string,
  sizes: readonly { readonly x: number; readonly params: Params }[],
): readonly Row[] {
  const [base] = sizes;
  if (!base) return [];
  return sizes.map(({ x, params }): Row => {
    const point: Point = { curve: name, x, unit };
    const scale = x / base.x;
    return {
      name: `${name}, ${unit} ${x}`,
      ours: params,
      peers:
        x === base.x ? [] : [own(base.params, { scale, label: `${scale.toFixed(2)} x ${unit} ${base.x}` })],
      reps: 5,
      target: x === base.x ? {} : { ratio: PROPORTIONAL },
      point,
    };
  });
}

const mlpParameters = (hidden: number): number =>
  784 * hidden + hidden + hidden * hidden + hidden + hidden * 10 + 10;

const curves: readonly Row[] = [
  ...curve(
    'time of a gradient, gpt-small',
    'sequences',
    [4, 8, 16, 32].map((batch) => ({ x: batch, params: { job: 'gradient', model: 'gpt-small', batch } })),
  ),
  ...curve(
    'time of a diagonal Fisher, mlp',
    'examples',
    [1024, 2048, 4096, 8192].map((samples) => ({
      x: samples,
      params: { job: 'fisher', model: 'mlp', samples },
    })),
  ),
  ...curve(
    'time of a diagonal Fisher, mlp',
    'parameters',
    [768, 1152, 1536, 2304].map((hidden) => ({
      x: mlpParameters(hidden),
      params: { job: 'fisher', model: 'mlp', samples: 2048, hidden },
    })),
  ),
];

const threads = (name: string, params: Params, flops: number): Row => ({
  name: `two threads against one, ${name}`,
  ours: params,
  peers: [own({ ...params, threads: 1 }, { label: 'own, one thread' })],
  reps: 7,
  flops,
  target: { ratio: 1.85 },
});

/** How time grows with the work, and falls with threads where arithmetic bounds it. */
export const growth: readonly Row[] = [
  ...curves,
  threads(
    'matmul NN 4096x3072x768',
    { job: 'matmul', form: 'NN', m: 4096, n: 3072, k: 768 },
    2 * 4096 * 3072 * 768,
  ),
  threads('gradient mlp', { job: 'gradient', model: 'mlp', batch: 4096 }, mlpFlops(4096)),
  threads(
    'gradient gpt-small',
    { job: 'gradient', model: 'gpt-small', batch: 8 },
    decoderFlops('gpt-small', 8),
  ),
  threads('diagonal Fisher mlp', { job: 'fisher', model: 'mlp', samples: 4096 }, mlpFlops(4096)),
];
