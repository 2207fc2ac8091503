'use strict';
/**
 * Which lines of native/binding and native/io the tests reach: builds the addon with counters in build-coverage, runs the
 * tests of the boundary and of files on it, and reads the counters with gcov.
 *
 *   node scripts/coverage.js [--missing]       --missing lists the lines that never ran
 */
const { spawnSync } = require('node:child_process');
const { readdirSync, rmSync } = require('node:fs');
const { join, relative, resolve } = require('node:path');

const LEAST = 95;

const root = resolve(__dirname, '..');
const buildFolder = join(root, 'build-coverage');
const output = join(buildFolder, 'addon');

function run(command, args, environment = {}) {
  const { status, error } = spawnSync(command, args, {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, ...environment },
  });
  if (error) throw error;
  if (status !== 0) process.exit(1);
}

const countersBelow = (folder) =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.name.endsWith('.gcda'))
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name));

run(process.execPath, [join('native', 'build.js')], {
  PALIMPSEST_BUILD_DIR: buildFolder,
  PALIMPSEST_OUTPUT: output,
  PALIMPSEST_CMAKE_ARGS: `${process.env.PALIMPSEST_CMAKE_ARGS ?? ''} -DPALIMPSEST_COVERAGE=ON`,
});
for (const file of countersBelow(buildFolder)) rmSync(file);
run(
  process.execPath,
  [
    require.resolve('jest/bin/jest'),
    ...['--runInBand', 'test/boundary', 'test/io', 'test/fuzz/parsers', 'test/graph', 'test/data'],
  ],
  // With counters everything is slow: what is promised of time is measured elsewhere, and must not keep this from counting.
  { PALIMPSEST_ADDON: join(output, 'palimpsest.node'), PALIMPSEST_SANITIZED: '1' },
);

/** Executed lines of every source, over all objects that it went into. */
const lines = new Map();
for (const counters of countersBelow(buildFolder)) {
  const { stdout } = spawnSync('gcov', ['--stdout', '--json-format', counters], {
    cwd: buildFolder,
    maxBuffer: 2 ** 28,
  });
  for (const { file, lines: counted } of JSON.parse(stdout).files) {
    const name = relative(root, resolve(buildFolder, file));
    if (!/^native\/(binding|io)\//.test(name)) continue;
    const known = lines.get(name) ?? new Map();
    lines.set(name, known);
    for (const { line_number: line, count } of counted) known.set(line, (known.get(line) ?? 0) + count);
  }
}

const totals = new Map();
for (const [name, counted] of [...lines].sort()) {
  const place = name.split('/').slice(0, 2).join('/');
  const missing = [...counted].filter(([, count]) => count === 0).map(([line]) => line);
  const total = totals.get(place) ?? { all: 0, reached: 0 };
  totals.set(place, {
    all: total.all + counted.size,
    reached: total.reached + counted.size - missing.length,
  });
  if (process.argv.includes('--missing') && missing.length > 0) console.log(`${name}: ${missing.join(' ')}`);
}
let holds = totals.size === 2;
for (const [place, { all, reached }] of totals) {
  const percent = (100 * reached) / all;
  holds &&= percent >= LEAST;
  console.log(`R22: ${percent.toFixed(1)} % of ${all} lines of ${place}`);
}
if (!holds) {
  console.error(`coverage: at least ${LEAST} % expected`);
  process.exitCode = 1;
}
