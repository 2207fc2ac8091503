import { PalimpsestError } from '../errors';
import { evaluate } from '../graph/evaluate';
import { checkParameters, type Parameters } from '../graph/parameters';
import type { RunOptions, Tensor } from '../graph/tensor';
import { bytesOf } from '../io/tensorBytes';
import { identity } from '../ops/shape/identity';
import type { Part } from './part';
import { placed, touched } from './partMath';

/** What one parameter held where the change touched it, before and after. */
interface Touched {
  readonly part: Part;
  readonly before: Tensor;
  readonly after: Tensor;
}

/**
 * Changed parameters, with what takes the change back to the bit. Addition cannot be undone by subtraction in floating point,
 * so the old values of the touched entries are kept; whole parameters share their memory with those before.
 */
export class AppliedDelta implements Disposable {
  readonly #touched: ReadonlyMap<string, Touched>;

  private constructor(
    readonly parameters: Parameters,
    entries: ReadonlyMap<string, Touched>,
  ) {
    this.#touched = entries;
  }

  /** @internal */
  static async of(
    parts: ReadonlyMap<string, Part>,
    before: Parameters,
    after: Parameters,
  ): Promise<AppliedDelta> {
    const entries = new Map(
      [...parts].map(([name, part]) => [
        name,
        { part, before: touchedCopy(before.get(name), part), after: touchedCopy(after.get(name), part) },
      ]),
    );
    await evaluate([...entries.values()].flatMap((entry) => [entry.before, entry.after]));
    return new AppliedDelta(after, entries);
  }

  /**
   * The parameters as they were before this change, bit for bit where it touched them. Changes that came later are kept
   * where they lie elsewhere.
   * @param now Default: those that this change made.
   * @throws PalimpsestError ERR_VALUE when an entry that this change wrote has other bits now: revert what came later first.
   */
  async revert(now: Parameters = this.parameters, run: RunOptions = {}): Promise<Parameters> {
    checkParameters('revert', now);
    const restored: (readonly [string, Tensor])[] = [];
    for (const [name, { part, before, after }] of this.#touched) {
      const theta = now.get(name);
      const held = touched(theta, part);
      await evaluate(held, run);
      if (!(await sameBits(held, after, run.signal))) {
        throw new PalimpsestError(
          'ERR_VALUE',
          `revert: '${name}' was changed again where this change wrote; revert the later change first`,
        );
      }
      restored.push([name, putBack(theta, part, before)]);
    }
    const parameters = now.with(restored);
    await evaluate(parameters, run);
    return parameters;
  }

  /** Frees what was kept for `revert`; the parameters stay. */
  dispose(): void {
    for (const { before, after } of this.#touched.values()) {
      before.dispose();
      after.dispose();
    }
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}

/** A handle of its own on the touched entries: it outlives the parameters that it was taken from. */
const touchedCopy = (theta: Tensor, part: Part): Tensor => identity(touched(theta, part));

const putBack = (theta: Tensor, part: Part, old: Tensor): Tensor =>
  part.kind === 'masked' || part.kind === 'slices' ? placed(theta, part, old) : identity(old);

async function sameBits(a: Tensor, b: Tensor, signal: AbortSignal | undefined): Promise<boolean> {
  const others = bytesOf(b, signal);
  for await (const bytes of bytesOf(a, signal)) {
    const other = await others.next();
    if (other.done === true || Buffer.compare(bytes, other.value) !== 0) return false;
  }
  return true;
}
