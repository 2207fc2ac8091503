'use strict';

const cell = (text) => text.replaceAll('|', '\\|').replaceAll('\n', ' ');

/** The page: what is promised, how it is shown, and what was measured. */
function page(results, processors) {
  const rows = results.map(
    ({ id, promise, target, numbers, tests = [], commands = [], holds, isMissing }) => {
      const shown = [
        ...tests.map((test) => `\`${test}\``),
        ...commands.map((command) => `\`npm run ${command}\``),
      ];
      const verdict =
        holds === undefined ? 'not measured yet' : isMissing ? 'in part' : holds ? 'holds' : '**fails**';
      return `| ${[id, promise, target, (numbers ?? []).map(cell).join('<br>') || (holds ? 'tests pass' : ''), verdict, shown.join(', ')].join(' | ')} |`;
    },
  );
  return `# Reliability

What this package promises, and what shows it. Written by \`npm run reliability\`, which measures everything at its full size; the
tests named last run in CI as well, where fuzzing, repetitions and coverage are smaller or left out.

| | promise | target | measured | | shown by |
| --- | --- | --- | --- | --- | --- |
${rows.join('\n')}

Measured with ${processors} processors on Linux x86-64. Times of cancellation, exit and responsiveness depend on what else the machine
does. Whether dependencies have known advisories is not asked here, for that needs a network: \`npm audit\` does.

What is not promised: a routine of LAPACK that has begun cannot be interrupted, so a call that factorises one large matrix is
cancelled when the routine is through. For one of 1024 rows in float32, on a busy machine, \`eigh\` took 0.4 s to obey and \`svd\` 1.9 s.
The native fuzzer is for safetensors alone, the format that is parsed in C++; npy, npz, CSV and IDX are parsed in TypeScript, where the
worst is an exception, and are mutated in Node.
`;
}

module.exports = { page };
