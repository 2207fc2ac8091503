import type { Instruction } from './instruction';
import { bytesText, flopsText, nanosecondsText, shareText, textTable } from './text';

/** One kernel call that has run. */
export interface TimedInstruction extends Instruction {
  /** Nanoseconds from the start of the run. */
  readonly startNs: number;
  readonly durationNs: number;
}

/** All calls of one op, or of one kind of elementwise chain. */
export interface OpTime {
  readonly op: string;
  readonly count: number;
  readonly totalNs: number;
  /** Of the time that all instructions took. */
  readonly share: number;
  /** Operations per nanosecond. */
  readonly gigaflops: number;
  /** Bytes read and written per nanosecond. */
  readonly gigabytesPerSecond: number;
}

/** Where the time of one run went, as the executor measured it. `String(profile)` is a table. */
export class Profile {
  /** In the order in which they ran. */
  readonly instructions: readonly TimedInstruction[];
  /** From the start of the first instruction to the end of the last. */
  readonly totalNs: number;
  /** The longest first. */
  readonly byOp: readonly OpTime[];

  /**
   * Not for direct use: runs with `profile: true` make these. `times` are the begin and the end of every
   * instruction in nanoseconds.
   * @internal
   */
  constructor(instructions: readonly Instruction[], times: Float64Array) {
    this.instructions = instructions.map((instruction, i) => {
      const [begin = 0, end = 0] = times.subarray(2 * i, 2 * i + 2);
      return { ...instruction, startNs: begin, durationNs: end - begin };
    });
    this.totalNs = (times.at(-1) ?? 0) - (times[0] ?? 0);
    this.byOp = timesByOp(this.instructions);
  }

  toString(): string {
    const table = textTable(this.byOp, [
      { title: 'op', text: ({ op }) => op },
      { title: 'count', text: ({ count }) => String(count) },
      { title: 'total', text: ({ totalNs }) => nanosecondsText(totalNs) },
      { title: 'share', text: ({ share }) => shareText(share) },
      { title: 'GFLOP/s', text: ({ gigaflops }) => gigaflops.toFixed(1) },
      { title: 'GB/s', text: ({ gigabytesPerSecond }) => gigabytesPerSecond.toFixed(1) },
    ]);
    const flops = this.instructions.reduce((sum, instruction) => sum + instruction.flops, 0);
    const written = this.instructions.reduce((sum, { bytesWritten }) => sum + bytesWritten, 0);
    const parts = [
      `${this.instructions.length} steps`,
      nanosecondsText(this.totalNs),
      flopsText(flops),
      `${bytesText(written)} written`,
    ];
    return `${table}\n${parts.join(', ')}`;
  }
}

function timesByOp(instructions: readonly TimedInstruction[]): OpTime[] {
  const groups = new Map<string, TimedInstruction[]>();
  for (const instruction of instructions) {
    const known = groups.get(instruction.op);
    if (known) known.push(instruction);
    else groups.set(instruction.op, [instruction]);
  }
  const sum = (items: readonly TimedInstruction[], of: (item: TimedInstruction) => number): number =>
    items.reduce((total, item) => total + of(item), 0);
  const all = sum(instructions, ({ durationNs }) => durationNs);
  const per = (amount: number, time: number): number => (time === 0 ? 0 : amount / time);
  return [...groups]
    .map(([op, items]): OpTime => {
      const totalNs = sum(items, ({ durationNs }) => durationNs);
      return {
        op,
        count: items.length,
        totalNs,
        share: per(totalNs, all),
        gigaflops: per(
          sum(items, ({ flops }) => flops),
          totalNs,
        ),
        gigabytesPerSecond: per(
          sum(items, ({ bytesRead, bytesWritten }) => bytesRead + bytesWritten),
          totalNs,
        ),
      };
    })
    .sort((a, b) => b.totalNs - a.totalNs);
}
