import { cpus, loadavg } from 'node:os';
import { parseArgs } from 'node:util';

import { threads, trimMemory } from '../lib/native';
import { limits } from './limits';
import { FULL, measure, QUICK } from './measure';
import { subject as hvp } from './methods/hvp.bench';
import { subject as perExample } from './methods/perExample.bench';
import { subject as roundTrip } from './methods/roundTrip.bench';
import { subject as trainingStep } from './methods/trainingStep.bench';
import { subjects as ops } from './ops/ops.bench';
import { printJson, printTable } from './print';
import { resultsOf } from './result';
import type { Subject } from './subject';

const USAGE = `npm run bench -- [--quick] [--json] [--only name]

Times every kernel against the machine's own limits, and the methods' building blocks.
  --quick      fewer and shorter rounds: under a minute
  --json       JSON lines only, one per measurement
  --only name  what has this in its name: a group (curvature), a kernel (squareSum), a row`;

const subjects: readonly Subject[] = [...ops, perExample, hvp, trainingStep, roundTrip];

const matching =
  (only: string) =>
  (name: string): boolean =>
    name.toLowerCase().includes(only.toLowerCase());

/** Which contenders of a subject are asked for: all when it is named itself. */
const wantedOf = ({ name }: Subject, only: string): ((member: string) => boolean) =>
  matching(only)(name) ? () => true : matching(only);

/** A busy machine measures its other work too. */
function environment(): object {
  return {
    cpu: cpus()[0]?.model ?? 'unknown',
    processors: cpus().length,
    threads: threads(),
    isa: process.env.PALIMPSEST_ISA ?? 'best',
    node: process.version,
    load: loadavg()[0],
  };
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      quick: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      only: { type: 'string', default: '' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    console.log(USAGE);
    return;
  }
  const chosen = subjects.filter(({ name, members }) => [name, ...members].some(matching(values.only)));
  if (chosen.length === 0) {
    const names = subjects.map(({ name }) => name).join(', ');
    throw new Error(`nothing has '${values.only}' in its name; the groups are ${names}`);
  }
  console.log(JSON.stringify({ environment: environment() }));
  const yardsticks = await limits();
  for (const subject of chosen) {
    const contenders = await subject.prepare(wantedOf(subject, values.only));
    // Nothing is said of shares where nobody counts FLOPs or bytes.
    const measures = contenders.some(({ flops, bytes }) => flops !== undefined || bytes !== undefined);
    const beside = measures ? yardsticks : [];
    const summaries = await measure([...beside, ...contenders], values.quick ? QUICK : FULL);
    const results = resultsOf(subject, contenders, beside, summaries);
    printJson(results);
    if (!values.json) printTable(subject, results);
    trimMemory();
  }
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
