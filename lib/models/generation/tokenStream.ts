import { PalimpsestError } from '../../errors';
import { compile, type Compiled } from '../../graph/compile';
import { tensor } from '../../graph/create';
import type { Parameters } from '../../graph/parameters';
import { extent } from '../../graph/shape';
import type { RunOptions, Tensor } from '../../graph/tensor';
import { cast, zeros } from '../../ops/elementwise/arithmetic';
import { take } from '../../ops/indexing/take';
import { concat } from '../../ops/shape/concat';
import { reshape } from '../../ops/shape/reshape';
import { slice } from '../../ops/shape/slice';
import { cachedSteps, type KeyValueCache } from '../inputs';
import type { LanguageModel } from './languageModel';

type Blocks = KeyValueCache['blocks'];

interface Programs {
  readonly fill: Compiled<[Parameters, Tensor, Tensor], Blocks>;
  readonly step: Compiled<
    [Parameters, Tensor, Tensor, Blocks, Tensor | null],
    { readonly logits: Tensor; readonly blocks: Blocks }
  >;
  readonly whole: Compiled<[Parameters, Tensor, Tensor], Tensor>;
  readonly grow: Compiled<[Blocks, number], Blocks>;
}

/** Programs outlive a call: the next text of the same model finds them. */
const PROGRAMS = new WeakMap<LanguageModel, Programs>();

export interface StreamOptions {
  /** Keys and values are kept from step to step. */
  readonly cache: boolean;
  /** Shapes grow by so many steps. */
  readonly bucket: number;
  /** How many steps a row takes in the end. */
  readonly lastStep: number;
}

/**
 * The logits of what comes next, step by step, for rows of tokens in one batch. Rows end at the same place and are padded on the left;
 * so a new step drops a column of padding at the front of the cache, every shape stays as it is, and one compiled program serves many
 * steps. The columns are made `bucket` at a time.
 */
export class TokenStream {
  readonly #programs: Programs;
  #blocks: Blocks | undefined;

  constructor(
    model: LanguageModel,
    readonly parameters: Parameters,
    readonly options: StreamOptions,
  ) {
    const programs = PROGRAMS.get(model) ?? programsOf(model);
    PROGRAMS.set(model, programs);
    this.#programs = programs;
  }

  /**
   * Logits [rows, vocabulary] of what follows these rows, row by row. `order` says which row of the call before each of them goes on
   * from; undefined where it is the same row.
   */
  async next(
    rows: readonly (readonly number[])[],
    order: readonly number[] | undefined,
    run: RunOptions,
  ): Promise<Float32Array> {
    const { whole } = this.#programs;
    if (!this.options.cache) {
      const steps = this.#columns(Math.max(...rows.map((row) => row.length)), this.options.lastStep);
      using inputs = padded(rows, steps);
      using logits = await whole.withOptions(run)(this.parameters, inputs.ids, inputs.mask);
      return await logits.data<'float32'>();
    }
    const blocks = await this.#cacheFor(rows, run);
    const steps = cachedSteps({ blocks });
    using ids = tensor(
      Int32Array.from(rows, (row) => row.at(-1) ?? 0),
      { shape: [rows.length, 1] },
    );
    using mask = maskOf(rows, steps + 1);
    using from = order ? tensor(Int32Array.from(order)) : null;
    const made = await this.#programs.step.withOptions(run)(this.parameters, ids, mask, blocks, from);
    this.#replace(made.blocks);
    using logits = made.logits;
    return await logits.data<'float32'>();
  }

  dispose(): void {
    this.#replace(undefined);
  }

  [Symbol.dispose](): void {
    this.dispose();
  }

  /**
   * A cache with room for all but the last token of every row, and a column of padding that the step may drop; the last step needs none.
   */
  async #cacheFor(rows: readonly (readonly number[])[], run: RunOptions): Promise<Blocks> {
    const before = Math.max(1, ...rows.map((row) => row.length - 1));
    const most = Math.max(this.options.lastStep - 1, before);
    const needed = Math.min(before + 1, most);
    const columns = this.#columns(needed, most);
    if (!this.#blocks) {
      using inputs = padded(
        rows.map((row) => row.slice(0, -1)),
        columns,
      );
      const filled = await this.#programs.fill.withOptions(run)(this.parameters, inputs.ids, inputs.mask);
      this.#replace(filled);
      return filled;
    }
    const now = cachedSteps({ blocks: this.#blocks });
    if (now >= needed) return this.#blocks;
    const grown = await this.#programs.grow.withOptions(run)(this.#blocks, columns - now);
    this.#replace(grown);
    return grown;
  }

  #columns(needed: number, most: number): number {
    const { bucket } = this.options;
    return Math.max(needed, Math.min(Math.ceil(needed / bucket) * bucket, most));
  }

  #replace(blocks: Blocks | undefined): void {
    for (const { keys, values } of this.#blocks ?? []) {
      keys.dispose();
      values.dispose();
    }
    this.#blocks = blocks;
  }
}

function programsOf(model: LanguageModel): Programs {
  const cached = (cache: KeyValueCache | undefined): Blocks => {
    if (cache) return cache.blocks;
    throw new PalimpsestError('ERR_ARGUMENT', 'generate: the model gives no cache; set cache to false');
  };
  return {
    // Logits are lazy: nobody asks for them here, so the output layer is not computed.
    fill: compile((parameters: Parameters, inputIds: Tensor, attentionMask: Tensor) =>
      cached(model.outputs(parameters, { inputIds, attentionMask }).cache),
    ),
    step: compile(
      (
        parameters: Parameters,
        inputIds: Tensor,
        attentionMask: Tensor,
        blocks: Blocks,
        order: Tensor | null,
      ) => {
        const before = order ? mapped(blocks, (x) => take(x, order)) : blocks;
        const { logits, cache } = model.outputs(parameters, {
          inputIds,
          attentionMask,
          cache: { blocks: before },
        });
        return { logits: lastOf(logits), blocks: mapped(cached(cache), withoutFirst) };
      },
    ),
    whole: compile((parameters: Parameters, inputIds: Tensor, attentionMask: Tensor) =>
      lastOf(model.outputs(parameters, { inputIds, attentionMask }).logits),
    ),
    grow: compile((blocks: Blocks, columns: number) =>
      mapped(blocks, (x) => {
        const [rows = 0, heads = 0, , width = 0] = x.shape;
        return concat([zeros([rows, heads, columns, width], x.dtype), x], { axis: 2 });
      }),
    ),
  };
}

const mapped = (blocks: Blocks, change: (x: Tensor) => Tensor): Blocks =>
  blocks.map(({ keys, values }) => ({ keys: change(keys), values: change(values) }));

const withoutFirst = (x: Tensor): Tensor => slice(x, { starts: [0, 0, 1, 0], stops: [...x.shape] });

/** Of the last step, float32 [N, V]. */
function lastOf(logits: Tensor | undefined): Tensor {
  if (!logits) throw new PalimpsestError('ERR_ARGUMENT', 'generate: a model with logits expected');
  const [rows, steps, classes] = [extent(logits.shape, 0), extent(logits.shape, 1), extent(logits.shape, 2)];
  const last = slice(logits, { starts: [0, steps - 1, 0], stops: [rows, steps, classes] });
  return cast(reshape(last, [rows, classes]), 'float32');
}

interface PaddedRows extends Disposable {
  readonly ids: Tensor;
  readonly mask: Tensor;
}

function padded(rows: readonly (readonly number[])[], steps: number): PaddedRows {
  const ids = new Int32Array(rows.length * steps);
  rows.forEach((row, n) => {
    ids.set(row, (n + 1) * steps - row.length);
  });
  const made = { ids: tensor(ids, { shape: [rows.length, steps] }), mask: maskOf(rows, steps) };
  return {
    ...made,
    [Symbol.dispose]: () => {
      made.ids.dispose();
      made.mask.dispose();
    },
  };
}

function maskOf(rows: readonly (readonly number[])[], steps: number): Tensor {
  const mask = new Int32Array(rows.length * steps);
  rows.forEach((row, n) => mask.fill(1, (n + 1) * steps - row.length, (n + 1) * steps));
  return tensor(mask, { shape: [rows.length, steps] });
}
