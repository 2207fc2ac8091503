import type { Row } from '../row';

const row = (name: string, what: string, target: Row['target'], reps = 7): Row => ({
  name,
  ours: { job: 'overhead', what },
  peers: [],
  reps,
  target,
});

/** What is paid before and beside the arithmetic. Targets are in seconds. */
export const overheads: readonly Row[] = [
  row('round trip of an empty evaluation', 'empty', { seconds: 30e-6 }),
  row('overhead of an instruction', 'instruction', { seconds: 1e-6 }),
  row("building and lowering GPT-2's training step", 'build', { seconds: 10e-3 }),
  row("calling GPT-2's compiled training step", 'call', { seconds: 0.3e-3 }),
  // A heap that grew by a hundred bytes a step would be a MB larger.
  row('JavaScript heap over 10,000 steps', 'heap', { counts: { heap_growth_mb: 1 } }, 2),
];
