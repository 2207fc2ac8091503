import { z } from 'zod';

import { FormatError, unexpected } from '../../errors';
import { readSafetensors } from '../../io/safetensors';
import { writeSafetensors } from '../../io/writeSafetensors';
import { SecondMoments, type MomentSource } from './secondMoments';

const FORMAT = 'palimpsest second moments 1';

const describedBy = z.strictObject({
  count: z.int().nonnegative(),
  sources: z.array(
    z.strictObject({
      data: z.string(),
      digest: z.string().optional(),
      layer: z.string().optional(),
      weights: z.string().optional(),
      count: z.int().nonnegative(),
    }),
  ),
});

/** Writes an accumulator with its provenance as a safetensors file, whole or not at all. @throws PalimpsestError ERR_IO. */
export async function saveMoments(
  path: string,
  moments: SecondMoments,
  { signal }: { readonly signal?: AbortSignal } = {},
): Promise<void> {
  const given: unknown = moments;
  if (!(given instanceof SecondMoments)) throw unexpected('saveMoments', 'SecondMoments', given);
  const { count, sources, sum, outer } = moments;
  const tensors = [['sum', sum] as const, ['outer', outer] as const];
  await writeSafetensors(path, tensors, {
    metadata: { format: FORMAT, moments: JSON.stringify({ count, sources }) },
    signal,
  });
}

/** Reads what `saveMoments` wrote. @throws FormatError when it is no such file; PalimpsestError ERR_IO. */
export async function loadMoments(path: string): Promise<SecondMoments> {
  const file = await readSafetensors(path);
  if (file.metadata.get('format') !== FORMAT) throw new FormatError(`loadMoments: '${path}' is no ${FORMAT}`);
  const [sum, outer] = [file.tensor('sum'), file.tensor('outer')];
  const [dimension = 0] = sum.shape;
  const fits =
    sum.shape.length === 1 && outer.shape.length === 2 && outer.shape.every((own) => own === dimension);
  if (!fits || sum.dtype !== 'float64' || outer.dtype !== 'float64')
    throw new FormatError(`loadMoments: '${path}': float64 sums [d] and [d, d] expected`);
  const { count, sources } = describedIn(path, file.metadata.get('moments') ?? '');
  return new SecondMoments(dimension, count, sources, { sum, outer });
}

function describedIn(path: string, text: string): { count: number; sources: readonly MomentSource[] } {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new FormatError(`loadMoments: '${path}': the description is no JSON`, { cause: error });
  }
  const result = describedBy.safeParse(value);
  if (!result.success) throw new FormatError(`loadMoments: '${path}': ${z.prettifyError(result.error)}`);
  const total = result.data.sources.reduce((rows, source) => rows + source.count, 0);
  if (total !== result.data.count)
    throw new FormatError(`loadMoments: '${path}': the sources have ${total} rows, not ${result.data.count}`);
  return result.data as { count: number; sources: readonly MomentSource[] };
}
