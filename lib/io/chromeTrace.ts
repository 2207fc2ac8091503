import { unexpected } from '../errors';
import { Profile, type TimedInstruction } from '../graph/cost/profile';
import { formatShape } from '../graph/shape';
import type { Spec } from '../graph/tensor';
import { atomicWrite, type WriteOptions } from './atomicWrite';

/**
 * Writes a profile as a file that chrome://tracing and ui.perfetto.dev show as a time line: one event per instruction with
 * its op, shapes, operations and bytes.
 *
 * @example
 * const { profile } = await step.withOptions({ profile: true })(params, x, y);
 * await writeChromeTrace('step.json', profile);
 * @throws PalimpsestError ERR_IO; AbortedError. The file is as it was then.
 */
export async function writeChromeTrace(
  path: string,
  profile: Profile,
  options: WriteOptions = {},
): Promise<void> {
  const given: unknown = profile;
  if (!(given instanceof Profile)) throw unexpected('writeChromeTrace', 'a Profile', given);
  const trace = { displayTimeUnit: 'ns', traceEvents: profile.instructions.map(eventOf) };
  await atomicWrite(path, `${JSON.stringify(trace)}\n`, options);
}

/** A complete event ("X") of the Trace Event Format; its times are in microseconds. */
function eventOf(instruction: TimedInstruction): object {
  const { op, startNs, durationNs, inputs, outputs, flops, bytesRead, bytesWritten } = instruction;
  return {
    name: op,
    cat: 'instruction',
    ph: 'X',
    ts: startNs / 1000,
    dur: durationNs / 1000,
    pid: 1,
    tid: 1,
    args: {
      inputs: inputs.map(specText),
      outputs: outputs.map(specText),
      flops,
      bytesRead,
      bytesWritten,
    },
  };
}

const specText = ({ dtype, shape }: Spec): string => `${dtype} ${formatShape(shape)}`;
