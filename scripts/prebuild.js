'use strict';
/**
 * Fills prebuilds/<platform>-<arch>/palimpsest.node, which goes into the npm package and never into git.
 * npm also runs this before `npm run build`, by its rule for names that begin with `pre`; that is wanted: `build` builds
 * everything.
 */
const { spawnSync } = require('node:child_process');
const { existsSync } = require('node:fs');
const { dirname, join, resolve } = require('node:path');

const root = resolve(__dirname, '..');

function run(script, args, environment = {}) {
  const env = { ...process.env, ...environment };
  const { status } = spawnSync(process.execPath, [script, ...args], { cwd: root, stdio: 'inherit', env });
  if (status !== 0) process.exit(status ?? 1);
}

// prebuildify drives node-gyp, which wants Node's headers; where this Node carries them, nothing is downloaded.
const prefix = dirname(dirname(process.execPath));
const hasHeaders = existsSync(join(prefix, 'include', 'node', 'common.gypi'));
const environment = hasHeaders ? { npm_config_nodedir: prefix } : {};
run(require.resolve('prebuildify/bin'), ['--napi', '--strip'], environment);

// prebuildify moves the addon out of build/Release, where the loader looks first: put a fresh copy there.
run(join(root, 'native', 'build.js'), []);
