'use strict';
/**
 * Measures what docs/reliability.md promises, at full size, and writes that page.
 *
 *   npm run reliability -- [--only R8,R12] [--quick]
 *
 * --only measures some and renews their rows; --quick takes the sizes of the ordinary tests and writes nothing. What was
 * measured is kept in docs/reliability.json, of which the page is made. Ends with status 1 when a promise does not hold.
 */
const { spawnSync } = require('node:child_process');
const { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } = require('node:fs');
const { availableParallelism, tmpdir } = require('node:os');
const { join, resolve } = require('node:path');
const { parseArgs } = require('node:util');

const { page } = require('./page');
const promises = require('./promises');

const root = resolve(__dirname, '..', '..');

const { values } = parseArgs({
  options: { only: { type: 'string' }, quick: { type: 'boolean', default: false } },
});
const wanted = values.only?.split(',').map((id) => id.trim());
const unknown = wanted?.find((id) => !promises.some((promise) => promise.id === id));
if (unknown !== undefined) {
  console.error(`reliability: there is no promise '${unknown}'`);
  process.exit(1);
}
const chosen = promises.filter(({ id }) => wanted?.includes(id) ?? true);

const folder = mkdtempSync(join(tmpdir(), 'palimpsest-reliability-'));
const numbersFile = join(folder, 'numbers.jsonl');
const environment = {
  ...process.env,
  PALIMPSEST_NUMBERS: numbersFile,
  PALIMPSEST_FULL: values.quick ? '0' : '1',
};

/** Numbers in the lines of a run that begin with a promise's name. */
const numbersIn = (text) =>
  [...text.matchAll(/^(R\d+): (.+)$/gm)].map(([, promise, number]) => ({ promise, number, holds: true }));

/** Runs once and says how it ended, with the numbers it printed. */
function run(command, args) {
  console.log(`\n> ${[command, ...args].join(' ')}`);
  const start = Date.now();
  const { status, stdout } = spawnSync(command, args, {
    cwd: root,
    env: environment,
    stdio: ['ignore', 'pipe', 'inherit'],
    maxBuffer: 2 ** 28,
  });
  const text = stdout.toString();
  process.stdout.write(text);
  return {
    holds: status === 0,
    isMissing: status === 2,
    seconds: (Date.now() - start) / 1000,
    numbers: numbersIn(text),
  };
}

const jest = require.resolve('jest/bin/jest');
const testsOf = [...new Set(chosen.flatMap(({ tests = [] }) => tests))];
const outcomes = new Map();
// One file after the other: promises about time and memory are about one process.
for (const test of testsOf) outcomes.set(test, run(process.execPath, [jest, '--runInBand', test]));
const scripts = [...new Set(chosen.flatMap(({ commands = [] }) => commands))];
for (const command of scripts) outcomes.set(command, run('npm', ['run', '--silent', command]));

const announced = [...readLines(numbersFile), ...scripts.flatMap((command) => outcomes.get(command).numbers)];

function readLines(file) {
  try {
    return readFileSync(file, 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
  } catch {
    return [];
  }
}

const results = chosen.map((promise) => {
  const steps = [...(promise.tests ?? []), ...(promise.commands ?? [])].map((name) => outcomes.get(name));
  const numbers = announced.filter((line) => line.promise === promise.id);
  return {
    ...promise,
    numbers: numbers.map(({ number }) => number),
    seconds: steps.reduce((total, { seconds }) => total + seconds, 0),
    isMissing: steps.some(({ isMissing }) => isMissing),
    holds: steps.every(({ holds, isMissing }) => holds || isMissing) && numbers.every(({ holds }) => holds),
  };
});
for (const { id, holds, isMissing, numbers } of results) {
  console.log(`${id} ${isMissing ? 'in part' : holds ? 'holds' : 'FAILS'}  ${numbers.join('; ')}`);
}
if (!values.quick) {
  const record = join(root, 'docs', 'reliability.json');
  const known = existsSync(record) ? JSON.parse(readFileSync(record, 'utf8')) : {};
  for (const { id, numbers, holds, isMissing } of results) known[id] = { numbers, holds, isMissing };
  const measured = promises.map((promise) => ({ ...promise, ...known[promise.id] }));
  const sorted = Object.fromEntries(promises.filter(({ id }) => known[id]).map(({ id }) => [id, known[id]]));
  writeFileSync(record, `${JSON.stringify(sorted, null, 2)}\n`);
  writeFileSync(join(root, 'docs', 'reliability.md'), page(measured, availableParallelism()));
}
rmSync(folder, { recursive: true });
process.exitCode = results.every(({ holds }) => holds) ? 0 : 1;
