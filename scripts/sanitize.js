'use strict';
/**
 * Builds the engine with AddressSanitizer and UndefinedBehaviorSanitizer in a folder of its own (build-asan), then runs the
 * native unit tests and the boundary tests on it. Node itself is the ordinary one: the sanitizer's runtime is preloaded.
 *
 *   node scripts/sanitize.js [arguments for jest]       default: test/boundary
 *   node scripts/sanitize.js --threads                  ThreadSanitizer instead, in build-tsan: native unit tests alone, for
 *                                                       Node itself is not built for it
 *
 * The tests see PALIMPSEST_SANITIZED=1, because time and memory limits mean little in such a build.
 */
const { spawnSync } = require('node:child_process');
const { readdirSync } = require('node:fs');
const { join, resolve } = require('node:path');

const root = resolve(__dirname, '..');
const isForThreads = process.argv[2] === '--threads';
const buildFolder = join(root, isForThreads ? 'build-tsan' : 'build-asan');
const output = join(buildFolder, 'addon');
const compiler = process.env.CXX || 'g++';

function run(command, args, environment = {}) {
  console.log(`> ${[command, ...args].join(' ')}`);
  const env = { ...process.env, ...environment };
  const { status, signal, error } = spawnSync(command, args, { cwd: root, stdio: 'inherit', env });
  if (error) throw error;
  if (status !== 0) {
    console.error(`sanitize: ended with ${signal ?? `status ${status}`}`);
    process.exit(1);
  }
}

/** Where the compiler keeps a runtime library; it echoes the bare name of one that it does not have. */
function runtime(name) {
  const path = spawnSync(compiler, [`-print-file-name=${name}`], { encoding: 'utf8' }).stdout.trim();
  if (!path.includes('/')) throw new Error(`sanitize: ${compiler} has no ${name}`);
  return resolve(path);
}

const hasNativeTests = readdirSync(join(root, 'native', 'test')).some((name) => name.endsWith('.cpp'));
run(process.execPath, [join('native', 'build.js')], {
  PALIMPSEST_BUILD_DIR: buildFolder,
  PALIMPSEST_OUTPUT: output,
  PALIMPSEST_CMAKE_ARGS: [
    process.env.PALIMPSEST_CMAKE_ARGS ?? '',
    `-DPALIMPSEST_SANITIZE=${isForThreads ? 'thread' : 'address,undefined'}`,
    `-DPALIMPSEST_NATIVE_TESTS=${hasNativeTests ? 'ON' : 'OFF'}`,
  ].join(' '),
});

const options = {
  ASAN_OPTIONS: 'detect_leaks=1:abort_on_error=0:allocator_may_return_null=1:detect_stack_use_after_return=0',
  UBSAN_OPTIONS: 'print_stacktrace=1:halt_on_error=1',
  LSAN_OPTIONS: `suppressions='${join(root, 'scripts', 'sanitize.suppressions')}':print_suppressions=0`,
  PALIMPSEST_SANITIZED: '1',
};
if (isForThreads) {
  // Without randomised addresses: the sanitizer's shadow memory has fixed places.
  run('setarch', ['--addr-no-randomize', join(buildFolder, 'palimpsest_native_tests')], {
    TSAN_OPTIONS: 'halt_on_error=1',
    PALIMPSEST_SANITIZED: '1',
  });
  console.log('R10: no reports by the thread sanitizer over the native unit tests');
  process.exit(0);
}
if (hasNativeTests) run(join(buildFolder, 'palimpsest_native_tests'), [], options);

const jest = require.resolve('jest/bin/jest');
const tests = process.argv.slice(2);
if (tests.length === 0) tests.push('test/boundary');
run(process.execPath, [jest, '--runInBand', ...tests], {
  ...options,
  // libstdc++ is in the list so that C++ exceptions are intercepted properly.
  LD_PRELOAD: ['libasan.so', 'libubsan.so', 'libstdc++.so'].map(runtime).join(' '),
  PALIMPSEST_ADDON: join(output, 'palimpsest.node'),
});
console.log(
  `R10: no reports by the address, undefined-behaviour and leak sanitizers over ${tests.join(' ')}`,
);
