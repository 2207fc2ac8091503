import { DTypeError, FormatError, nearest } from '../../errors';
import { isFloat, type FloatDType } from '../../graph/dtype';
import { evaluate } from '../../graph/evaluate';
import { Parameters } from '../../graph/parameters';
import { formatShape, sameShape } from '../../graph/shape';
import type { Tensor } from '../../graph/tensor';
import { bytesOf } from '../../io/tensorBytes';
import { cast } from '../../ops/elementwise/arithmetic';
import type { Family } from '../families/family';
import type { JsonObject } from '../json';
import { CheckpointModel, type CheckpointParts, type Network } from './checkpointModel';
import { Fields } from './fields';
import type { WeightFiles } from './weights';

/** What a folder holds, read but not understood. */
export interface ModelFiles {
  /** Names the configuration in messages. */
  readonly where: string;
  readonly folder: string;
  readonly config: unknown;
  readonly files: WeightFiles;
  readonly generation: JsonObject;
  readonly texts: CheckpointParts['texts'];
  readonly dtype?: FloatDType;
  readonly ignoreFields?: readonly string[];
  readonly signal?: AbortSignal;
}

/** A model of a family from its files. @throws FormatError or DTypeError that names what is not as the family has it. */
export async function assembled(family: Family, given: ModelFiles): Promise<CheckpointModel> {
  const { where, files, folder, generation } = given;
  const fields = new Fields(given.config as Readonly<Record<string, unknown>>, where);
  fields.ignore(...(given.ignoreFields ?? []));
  const architecture = architectureOf(family, fields);
  const network = family.network(fields, { architecture, has: (name) => files.has(name) });
  fields.finish(`'${family.modelType}'`);
  const untied = await untiedNames(network, files, given.signal);
  if (untied.length > 0) {
    throw new FormatError(
      `${where}: '${untied[0]}' should be '${network.tied.get(untied[0] ?? '')}' under a second name ` +
        '(tie_word_embeddings), but holds other numbers',
    );
  }
  const parameters = checkedParameters(family, network, files);
  const converted =
    given.dtype === undefined ? parameters : await converting(parameters, given.dtype, given.signal);
  checkDTypes(where, converted);
  const isBuffer = (name: string): boolean => !parameters.has(name) && !network.tied.has(name);
  return new CheckpointModel({
    // `diffusers` writes no model_type: the class stands for it.
    config: { model_type: family.modelType, ...(given.config as object) },
    architecture,
    parameters: converted,
    buffers: new Parameters(files.names.filter(isBuffer).map((name) => [name, files.tensor(name)] as const)),
    generation,
    texts: given.texts,
    stored: files.names,
    folder,
    network,
  });
}

function architectureOf(family: Family, fields: Fields): string {
  const [given] = fields.texts('architectures') ?? [];
  const [first = family.modelType] = family.classes;
  if (given === undefined || family.classes.includes(given)) return given ?? first;
  const near = nearest(given, family.classes);
  const hint = near === undefined ? '' : `; did you mean '${near}'?`;
  throw fields.refuse(
    'architectures',
    `'${given}' is not supported${hint} Of '${family.modelType}' there are ${family.classes.join(', ')}`,
  );
}

/** Second names of tied parameters that hold other numbers than the first. */
async function untiedNames(
  { tied }: Network,
  files: WeightFiles,
  signal: AbortSignal | undefined,
): Promise<string[]> {
  const names: string[] = [];
  for (const [name, own] of tied) {
    if (files.has(name) && !(await haveSameBytes(files.tensor(name), files.tensor(own), signal)))
      names.push(name);
  }
  return names;
}

async function haveSameBytes(a: Tensor, b: Tensor, signal: AbortSignal | undefined): Promise<boolean> {
  if (a.dtype !== b.dtype || !sameShape(a.shape, b.shape)) return false;
  const pieces = bytesOf(b, signal);
  for await (const piece of bytesOf(a, signal)) {
    const other = await pieces.next();
    if (other.done === true || Buffer.compare(piece, other.value) !== 0) return false;
  }
  return true;
}

function checkedParameters(family: Family, network: Network, files: WeightFiles): Parameters {
  const { parameters, buffers = [] } = network;
  const expected = new Map([...parameters, ...buffers].map(({ name, shape }) => [name, shape]));
  const isBuffer = new Set(buffers.map(({ name }) => name));
  const known = (name: string): boolean =>
    expected.has(name) || network.tied.has(name) || family.buffers.test(name);
  const unknown = files.names.filter((name) => !known(name));
  for (const [name, shape] of expected) {
    if (files.has(name)) {
      const found = files.tensor(name);
      if (sameShape(found.shape, shape)) continue;
      throw new FormatError(
        `'${files.pathOf(name)}': parameter '${name}' of shape ${formatShape(shape)} expected, as config.json has it, ` +
          `got ${formatShape(found.shape)}`,
      );
    }
    const near = nearest(name, unknown);
    const hint = near === undefined ? '' : `; there is a '${near}'`;
    throw new FormatError(
      `'${family.modelType}': parameter '${name}' ${formatShape(shape)} is missing${hint}`,
    );
  }
  const [extra] = unknown;
  if (extra !== undefined) {
    throw new FormatError(
      `'${files.pathOf(extra)}': there is no parameter '${extra}' in a '${family.modelType}' as config.json has it` +
        (unknown.length > 1 ? `, nor ${unknown.length - 1} others` : ''),
    );
  }
  const own = files.names.filter((name) => expected.has(name) && !isBuffer.has(name));
  return new Parameters(own.map((name) => [name, files.tensor(name)] as const));
}

async function converting(
  parameters: Parameters,
  dtype: FloatDType,
  signal: AbortSignal | undefined,
): Promise<Parameters> {
  const converted = parameters.map((tensor) =>
    isFloat(tensor.dtype) && tensor.dtype !== dtype ? cast(tensor, dtype) : tensor,
  );
  await evaluate(converted, { signal });
  return converted;
}

function checkDTypes(where: string, parameters: Parameters): void {
  const dtypes = new Set([...parameters].map(([, { dtype }]) => dtype));
  const [first] = dtypes;
  if (dtypes.size === 1 && first !== undefined && isFloat(first)) return;
  throw new DTypeError(
    `${where}: parameters of one float dtype expected, got ${[...dtypes].join(' and ')}; load with { dtype: 'float32' }`,
  );
}
