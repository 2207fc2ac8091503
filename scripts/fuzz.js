'use strict';
/**
 * Fuzzes the native parser of safetensors with libFuzzer, AddressSanitizer and UndefinedBehaviorSanitizer.
 *
 *   node scripts/fuzz.js [executions]        default: 1,000,000
 *
 * Needs clang++ (Debian: clang); says so and ends with status 2 without it. Starts from the good files of the tests and the
 * wrong ones of test/io/corpus, and keeps nothing: what it finds is printed in base64. The other formats are read in TypeScript:
 * test/fuzz/parsers.test.ts mutates those.
 */
const { spawnSync } = require('node:child_process');
const { copyFileSync, mkdirSync, mkdtempSync, readdirSync, rmSync } = require('node:fs');
const { tmpdir } = require('node:os');
const { join, resolve } = require('node:path');

const root = resolve(__dirname, '..');
const executions = Number(process.argv[2] ?? 1_000_000);
const compiler = process.env.PALIMPSEST_CLANG ?? 'clang++';
if (!Number.isSafeInteger(executions) || executions < 1) {
  console.error(`fuzz: a number of executions expected, got '${process.argv[2]}'`);
  process.exit(1);
}
if (spawnSync(compiler, ['--version'], { stdio: 'ignore' }).status !== 0) {
  console.error(`fuzz: ${compiler} was not found; install clang to run libFuzzer`);
  process.exit(2);
}

const folder = mkdtempSync(join(tmpdir(), 'palimpsest-fuzz-'));

function run(command, args) {
  const { status, signal } = spawnSync(command, args, { cwd: root, stdio: 'inherit' });
  if (status !== 0) {
    rmSync(folder, { recursive: true });
    console.error(`fuzz: ${command} ended with ${signal ?? `status ${status}`}`);
    process.exit(1);
  }
}

const sources = ['native/io', 'native/core'].flatMap((place) =>
  readdirSync(join(root, place))
    .filter((name) => name.endsWith('.cpp'))
    .map((name) => join(place, name)),
);
const fuzzer = join(folder, 'fuzzer');
run(compiler, [
  ...['-std=c++20', '-O1', '-g', '-fsanitize=fuzzer,address,undefined', '-fno-sanitize=vptr', '-I', 'native'],
  ...['native/test/fuzz/safetensors_fuzz.cpp', ...sources, '-o', fuzzer, '-lpthread', '-ldl'],
]);
const corpus = join(folder, 'corpus');
mkdirSync(corpus);
for (const source of ['test/io/golden', 'test/io/corpus']) {
  for (const name of readdirSync(join(root, source)).filter((file) => file.endsWith('.safetensors'))) {
    copyFileSync(join(root, source, name), join(corpus, name));
  }
}
const start = Date.now();
// An input may take ten times its size in memory and a second; libFuzzer counts in megabytes and whole seconds, so that one
// allocation above a megabyte, for inputs of 64 kB at most, is a finding.
run(fuzzer, [
  ...[
    `-runs=${executions}`,
    '-timeout=1',
    '-rss_limit_mb=2048',
    '-malloc_limit_mb=1',
    '-max_len=65536',
    '-seed=20240607',
  ],
  ...['-print_final_stats=1', `-artifact_prefix=${folder}/`, corpus],
]);
rmSync(folder, { recursive: true });
const seconds = Math.round((Date.now() - start) / 1000);
console.log(
  `R8: ${executions} executions of the native parser under libFuzzer with sanitizers, 0 findings, ${seconds} s`,
);
