import { FMA_PEAK, TRIAD } from './limits';
import type { Summary } from './statistics';
import type { Contender, Subject } from './subject';

/** One measurement, as its JSON line says it. */
export interface Result {
  readonly subject: string;
  readonly name: string;
  readonly medianMs: number;
  readonly fastestMs: number;
  readonly spread: number;
  readonly samples: number;
  /** Set for whatever the processor's arithmetic bounds, `gigabytesPerSecond` for whatever memory does. */
  readonly gigaflops?: number;
  readonly gigabytesPerSecond?: number;
  readonly limit?: typeof FMA_PEAK | typeof TRIAD;
  /** The time that the limit alone would take over the time it took. */
  readonly share?: number;
  readonly against?: string;
  /** The median over that of `against`. */
  readonly ratio?: number;
}

/** What a limit gives in a millisecond, FLOPs or bytes: its best run counts, as in STREAM. */
function paceOf(limit: Contender, summaries: ReadonlyMap<string, Summary>): number {
  const summary = summaries.get(limit.name);
  return summary ? (limit.flops ?? limit.bytes ?? NaN) / summary.fastest : NaN;
}

/** Puts times in proportion to what the machine can do, measured in the same rounds. */
export function resultsOf(
  subject: Subject,
  contenders: readonly Contender[],
  limits: readonly Contender[],
  summaries: ReadonlyMap<string, Summary>,
): Result[] {
  const [flopsPace = NaN, bytesPace = NaN] = [FMA_PEAK, TRIAD].map((name) => {
    const limit = limits.find((candidate) => candidate.name === name);
    return limit ? paceOf(limit, summaries) : NaN;
  });
  return [...limits, ...contenders].flatMap((contender): Result[] => {
    const { name, against } = contender;
    const summary = summaries.get(name);
    if (!summary) return [];
    const { median, fastest, spread, samples } = summary;
    const unit = against === undefined ? undefined : summaries.get(against);
    return [
      {
        subject: subject.name,
        name,
        medianMs: median,
        fastestMs: fastest,
        spread,
        samples,
        ...boundOf(contender, median, flopsPace, bytesPace),
        ...(against !== undefined && unit ? { against, ratio: median / unit.median } : {}),
      },
    ];
  });
}

/** Rate and share in terms of the limit that takes longer. */
function boundOf(
  { flops = 0, bytes = 0 }: Contender,
  median: number,
  flopsPace: number,
  bytesPace: number,
): Partial<Result> {
  if (flops === 0 && bytes === 0) return {};
  const [computing, moving] = [flops / flopsPace, bytes / bytesPace];
  return computing > moving
    ? { gigaflops: flops / median / 1e6, limit: FMA_PEAK, share: computing / median }
    : { gigabytesPerSecond: bytes / median / 1e6, limit: TRIAD, share: moving / median };
}
