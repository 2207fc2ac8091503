import { z } from 'zod';

import { checkOptions, FormatError, OptionError } from '../errors';
import { readSafetensors, type SafetensorsFile } from '../io/safetensors';
import { writeSafetensors } from '../io/writeSafetensors';
import { densePart, lowRankPart, maskedPart, slicesPart, tensorsOfPart, type Part } from './part';
import { checkDelta, WeightDelta } from './weightDelta';

const FORMAT = 'palimpsest weight delta 1';
/** Between a parameter's name and what the tensor is of its part. No checkpoint's names hold it. */
const SEPARATOR = '::';

const partSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('dense'), shape: z.array(z.int().nonnegative()) }),
  z.strictObject({ kind: z.literal('masked'), shape: z.array(z.int().nonnegative()) }),
  z.strictObject({
    kind: z.literal('slices'),
    shape: z.array(z.int().nonnegative()),
    axis: z.int().nonnegative(),
  }),
  z.strictObject({ kind: z.literal('lowRank'), shape: z.array(z.int().nonnegative()) }),
]);
const provenanceSchema = z.record(z.string(), z.string());
type PartDescription = z.infer<typeof partSchema>;

export interface SaveDeltaOptions {
  /** What the change is and where it comes from (method, options, data digests): texts kept in the file. */
  readonly provenance?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

/**
 * Writes a change as a safetensors file, whole or not at all: tensors `<parameter>::values`, `::indices`, `::left`, `::right`,
 * and a description of the parts in the metadata. Reading gives the same bits.
 * @throws OptionError for a misspelled option or a provenance that is no texts; PalimpsestError ERR_IO; AbortedError.
 */
export async function saveDelta(
  path: string,
  delta: WeightDelta,
  options: SaveDeltaOptions = {},
): Promise<void> {
  checkDelta('saveDelta', delta);
  checkOptions('saveDelta', options, ['provenance', 'signal']);
  const { provenance = {}, signal } = options;
  // What could not be read again is not written.
  if (!provenanceSchema.safeParse(provenance).success)
    throw new OptionError('saveDelta: provenance is an object of texts');
  const parts = [...delta];
  const tensors = parts.flatMap(([name, part]) =>
    Object.entries(tensorsOfPart(part)).map(
      ([which, held]) => [`${name}${SEPARATOR}${which}`, held] as const,
    ),
  );
  const descriptions = parts.map(([name, part]) => [name, descriptionOf(part)] as const);
  const metadata = {
    format: FORMAT,
    parts: JSON.stringify(descriptions),
    provenance: JSON.stringify(provenance),
  };
  await writeSafetensors(path, tensors, { metadata, signal });
}

export interface LoadedDelta {
  readonly delta: WeightDelta;
  readonly provenance: Readonly<Record<string, string>>;
}

/**
 * Reads a change that `saveDelta` wrote.
 * @throws FormatError when the file is no such thing, and where its parts do not fit together; PalimpsestError ERR_IO.
 */
export async function loadDelta(path: string): Promise<LoadedDelta> {
  const file = await readSafetensors(path);
  if (file.metadata.get('format') !== FORMAT) throw new FormatError(`loadDelta: '${path}' is no ${FORMAT}`);
  const descriptions = parsed(path, 'parts', file, z.array(z.tuple([z.string(), partSchema])));
  const provenance = parsed(path, 'provenance', file, provenanceSchema);
  const parts = descriptions.map(
    ([name, description]) => [name, partOf(path, file, name, description)] as const,
  );
  return { delta: new WeightDelta(parts), provenance };
}

function parsed<T>(path: string, key: string, file: SafetensorsFile, schema: z.ZodType<T>): T {
  let value: unknown;
  try {
    value = JSON.parse(file.metadata.get(key) ?? '');
  } catch (error) {
    throw new FormatError(`loadDelta: '${path}': ${key} is no JSON`, { cause: error });
  }
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw new FormatError(`loadDelta: '${path}': ${key}: ${z.prettifyError(result.error)}`);
}

function descriptionOf({ kind, shape, ...rest }: Part): PartDescription {
  return kind === 'slices'
    ? { kind, shape: [...shape], axis: (rest as { axis: number }).axis }
    : { kind, shape: [...shape] };
}

function partOf(path: string, file: SafetensorsFile, name: string, description: PartDescription): Part {
  const held = (which: string) => file.tensor(`${name}${SEPARATOR}${which}`);
  const { shape } = description;
  try {
    switch (description.kind) {
      case 'dense':
        return densePart(held('values'));
      case 'masked':
        return maskedPart(shape, held('indices'), held('values'));
      case 'slices':
        return slicesPart(shape, description.axis, held('indices'), held('values'));
      case 'lowRank':
        return lowRankPart(held('left'), held('right'), shape);
    }
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new FormatError(`loadDelta: '${path}': '${name}': ${why}`, { cause: error });
  }
}
