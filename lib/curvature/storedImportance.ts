import { OptionError } from '../errors';
import type { FisherOptions } from './diagFisher';
import type { Parameters } from '../graph/parameters';
import { sameShape } from '../graph/shape';
import { readSafetensors } from '../io/safetensors';
import { writeSafetensors } from '../io/writeSafetensors';

/** How an importance is measured, and of which weights: what a stored one is checked by. */
export interface ImportanceKind extends Required<Pick<FisherOptions, 'mode' | 'labels'>> {
  /** SHA-256 of the weights. */
  readonly weights: string;
}

/** Stores an importance with what it is. */
export async function storeImportance(
  path: string,
  importance: Parameters,
  { mode, labels, weights }: ImportanceKind,
  signal?: AbortSignal,
): Promise<void> {
  const metadata = { kind: 'diagonal Fisher information', mode, labels, weights };
  await writeSafetensors(path, importance, { metadata, signal });
}

/**
 * Reads a stored importance for a model's parameters.
 *
 * @returns the importance, and a warning when it is that of other weights.
 * @throws OptionError when it is of another model or was measured in another way; FormatError;
 * PalimpsestError
 *   ERR_IO.
 */
export async function readImportance(
  path: string,
  parameters: Parameters,
  kind: ImportanceKind,
): Promise<{ readonly importance: Parameters; readonly warnings: readonly string[] }> {
  const file = await readSafetensors(path);
  for (const name of ['mode', 'labels'] as const) {
    const stored = file.metadata.get(name);
    if (stored !== undefined && stored !== kind[name]) {
      throw new OptionError(
        `--importance: '${path}' was measured with ${name} '${stored}', not '${kind[name]}'`,
      );
    }
  }
  for (const [name, { shape, dtype }] of parameters) {
    const stored = file.has(name) ? file.tensor(name) : undefined;
    if (!stored || !sameShape(stored.shape, shape) || stored.dtype !== dtype) {
      throw new OptionError(`--importance: '${path}' is that of another model: '${name}' does not fit`);
    }
  }
  const weights = file.metadata.get('weights');
  const isOther = weights !== undefined && weights !== kind.weights;
  return {
    importance: file.parameters(parameters.names),
    warnings: isOther ? [`'${path}' is the importance of other weights of this model`] : [],
  };
}
