import { z } from 'zod';

import { FormatError, unexpected } from '../../errors';
import { checkParameters, type Parameters } from '../../graph/parameters';
import { formatShape, sameShape } from '../../graph/shape';
import type { RunOptions, Tensor } from '../../graph/tensor';
import { readSafetensors } from '../../io/safetensors';
import { writeSafetensors } from '../../io/writeSafetensors';
import { weightsHash } from '../../models/weightsHash';
import { matrixShape } from '../../transforms/perExample/rotate';
import { KroneckerOperator, type KroneckerBlock } from './operator';

const FORMAT = 'palimpsest Kronecker factors 1';

const describedBy = z.strictObject({
  kind: z.enum(['kfac', 'ekfac']),
  sharing: z.enum(['expand', 'reduce']),
  labels: z.enum(['true', 'sampled']),
  examples: z.int().positive(),
  weights: z.string(),
});

/** Writes factors with how they were made as a safetensors file, whole or not at all. @throws PalimpsestError ERR_IO. */
export async function saveKronecker(
  path: string,
  operator: KroneckerOperator,
  { signal }: RunOptions = {},
): Promise<void> {
  const given: unknown = operator;
  if (!(given instanceof KroneckerOperator)) throw unexpected('saveKronecker', 'factored blocks', given);
  const tensors = operator.parameters.names.flatMap((name): [string, Tensor][] => {
    const { left, right, eigenvalues, factors } = operator.block(name);
    const parts = { left, right, eigenvalues, leftValues: factors?.left, rightValues: factors?.right };
    return Object.entries(parts).flatMap(([part, tensor]) => (tensor ? [[`${name}:${part}`, tensor]] : []));
  });
  await writeSafetensors(path, tensors, {
    metadata: { format: FORMAT, about: JSON.stringify(operator.about) },
    signal,
  });
}

/**
 * Reads what `saveKronecker` wrote, for these parameters.
 *
 * @returns the operator, and a warning when it was made for other weights.
 * @throws FormatError when it is no such file or is that of another model; PalimpsestError ERR_IO.
 */
export async function loadKronecker(
  path: string,
  parameters: Parameters,
  { signal }: RunOptions = {},
): Promise<{ readonly operator: KroneckerOperator; readonly warnings: readonly string[] }> {
  checkParameters('loadKronecker', parameters);
  const file = await readSafetensors(path);
  if (file.metadata.get('format') !== FORMAT)
    throw new FormatError(`loadKronecker: '${path}' is no ${FORMAT}`);
  const about = aboutIn(path, file.metadata.get('about') ?? '');
  const part = (name: string, kind: string, shape: readonly number[]): Tensor | undefined => {
    const full = `${name}:${kind}`;
    if (!file.has(full)) return undefined;
    const tensor = file.tensor(full);
    if (sameShape(tensor.shape, shape)) return tensor;
    throw new FormatError(
      `loadKronecker: '${path}' is that of another model: '${full}' ${formatShape(tensor.shape)}, ${formatShape(shape)} expected`,
    );
  };
  const blocks = new Map<string, KroneckerBlock>();
  for (const [name, { shape }] of parameters) {
    const [rows, columns] = matrixShape(shape);
    const eigenvalues = part(name, 'eigenvalues', [rows, columns]);
    if (!eigenvalues) throw new FormatError(`loadKronecker: '${path}' has no block '${name}'`);
    const [left, right] = [part(name, 'left', [rows, rows]), part(name, 'right', [columns, columns])];
    const values = [part(name, 'leftValues', [rows]), part(name, 'rightValues', [columns])] as const;
    blocks.set(name, {
      ...(left && right ? { left, right } : {}),
      eigenvalues,
      ...(values[0] && values[1] ? { factors: { left: values[0], right: values[1] } } : {}),
    });
  }
  const isOther = about.weights !== (await weightsHash(parameters, signal));
  return {
    operator: new KroneckerOperator(parameters, blocks, about),
    warnings: isOther ? [`'${path}' was made for other weights of this model`] : [],
  };
}

function aboutIn(path: string, text: string): z.infer<typeof describedBy> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new FormatError(`loadKronecker: '${path}': the description is no JSON`, { cause: error });
  }
  const result = describedBy.safeParse(value);
  if (!result.success) throw new FormatError(`loadKronecker: '${path}': ${z.prettifyError(result.error)}`);
  return result.data;
}
