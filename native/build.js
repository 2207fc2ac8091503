'use strict';
/**
 * Builds the addon with CMake and copies it to where the loader looks.
 *
 *   node native/build.js [output folder]
 *
 * The output folder is, first found: the argument, PALIMPSEST_OUTPUT, build/Release.
 * PALIMPSEST_BUILD_DIR names the CMake folder (default build-cmake), so that several builds can run side by side.
 * PALIMPSEST_CMAKE_ARGS is a list of further -D options separated by spaces, for example -DPALIMPSEST_WERROR=ON.
 */
const { spawnSync } = require('node:child_process');
const { copyFileSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync } = require('node:fs');
const { availableParallelism } = require('node:os');
const { join, resolve } = require('node:path');

const root = resolve(__dirname, '..');
const ADDON = 'palimpsest.node';

function run(command, args) {
  const { status, signal, error } = spawnSync(command, args, { cwd: root, stdio: 'inherit' });
  if (error?.code === 'ENOENT')
    throw new Error(`${command} was not found; install cmake, a C++20 compiler and make or ninja`);
  if (error) throw error;
  if (status !== 0) throw new Error(`${command} ${args[0]} ended with ${signal ?? `status ${status}`}`);
}

function isInstalled(command) {
  return spawnSync(command, ['--version'], { stdio: 'ignore' }).status === 0;
}

/** A CMake cache made in another place or by another generator is useless, and CMake refuses it: start afresh. */
function dropForeignCache(buildFolder, generator) {
  const cache = join(buildFolder, 'CMakeCache.txt');
  if (!existsSync(cache)) return;
  const text = readFileSync(cache, 'utf8');
  const entry = (name) => new RegExp(`^${name}:[A-Z]+=(.*)$`, 'm').exec(text)?.[1];
  const same = entry('CMAKE_HOME_DIRECTORY') === root && entry('CMAKE_GENERATOR') === generator;
  if (!same) rmSync(buildFolder, { recursive: true, force: true });
}

function build({ buildFolder, output, options }) {
  const generator = isInstalled('ninja') ? 'Ninja' : 'Unix Makefiles';
  dropForeignCache(buildFolder, generator);
  const library = join(buildFolder, 'Release');
  run('cmake', [
    '-S',
    root,
    '-B',
    buildFolder,
    '-G',
    generator,
    '-DCMAKE_BUILD_TYPE=Release',
    `-DCMAKE_LIBRARY_OUTPUT_DIRECTORY=${library}`,
    ...options,
  ]);
  run('cmake', ['--build', buildFolder, '--config', 'Release', '--parallel', String(availableParallelism())]);
  mkdirSync(output, { recursive: true });
  // Copy beside it and rename: a process that has the old addon mapped keeps its old file.
  const temporary = join(output, `.${ADDON}.${process.pid}`);
  copyFileSync(join(library, ADDON), temporary);
  renameSync(temporary, join(output, ADDON));
}

try {
  build({
    buildFolder: resolve(root, process.env.PALIMPSEST_BUILD_DIR || 'build-cmake'),
    output: resolve(root, process.argv[2] || process.env.PALIMPSEST_OUTPUT || join('build', 'Release')),
    options: (process.env.PALIMPSEST_CMAKE_ARGS ?? '').split(' ').filter(Boolean),
  });
} catch (error) {
  console.error(`native/build.js: ${error.message}`);
  process.exit(1);
}
