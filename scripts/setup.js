'use strict';
/**
 * Puts everything in place that the demo and the tests need, and says what it does:
 * system packages (by apt, only the missing ones), npm packages, the native build, the TypeScript build.
 * Each step is skipped when what it reads has not changed, so a second call returns at once.
 *
 *   node scripts/setup.js [--with COMMAND]...     also make sure of these commands (python3, chromium)
 *
 * It runs before node_modules exists, so it uses nothing but Node. Everything it says goes to standard error:
 * standard output belongs to the command that follows.
 */
const { spawnSync } = require('node:child_process');
const { createHash } = require('node:crypto');
const {
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} = require('node:fs');
const { delimiter, join, resolve } = require('node:path');

const ROOT = resolve(__dirname, '..');
const STAMP = join(ROOT, 'node_modules', '.palimpsest-setup');
const MINIMUM_NODE = [20, 17];

const say = (text) => process.stderr.write(`setup: ${text}\n`);

class SetupError extends Error {}

function run(command, args, environment = {}) {
  say(`running ${[command, ...args].join(' ')}`);
  const { status, signal, error } = spawnSync(command, args, {
    cwd: ROOT,
    stdio: ['inherit', 2, 2],
    env: { ...process.env, ...environment },
  });
  if (error) throw new SetupError(`${command} could not be started: ${error.message}`);
  if (status !== 0) throw new SetupError(`${command} ended with ${signal ?? `status ${status}`}`);
}

function onPath(command) {
  if (command.includes('/')) return existsSync(command);
  return (process.env.PATH ?? '').split(delimiter).some((folder) => existsSync(join(folder, command)));
}

/** Digest of the contents of files and folders; a change of any byte or name changes it. */
function digestOf(paths) {
  const hash = createHash('sha256');
  const visit = (path) => {
    const full = join(ROOT, path);
    if (!existsSync(full)) return;
    let entries;
    try {
      entries = readdirSync(full).sort();
    } catch {
      const content = readFileSync(full);
      hash.update(`${path}\0${content.length}\0`).update(content);
      return;
    }
    for (const entry of entries) visit(join(path, entry));
  };
  for (const path of paths) visit(path);
  return hash.digest('hex');
}

function readStamp() {
  try {
    return JSON.parse(readFileSync(STAMP, 'utf8'));
  } catch {
    return {};
  }
}

function writeStamp(stamp) {
  mkdirSync(join(ROOT, 'node_modules'), { recursive: true });
  writeFileSync(`${STAMP}.${process.pid}`, JSON.stringify(stamp));
  renameSync(`${STAMP}.${process.pid}`, STAMP);
}

function checkNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  const [wantedMajor, wantedMinor] = MINIMUM_NODE;
  if (major > wantedMajor || (major === wantedMajor && minor >= wantedMinor)) return;
  throw new SetupError(`Node ${MINIMUM_NODE.join('.')} or newer is needed, this is ${process.versions.node}`);
}

/** What a source build needs, as [commands of which one suffices, Debian package]. */
const BUILD_TOOLS = [
  [[process.env.CXX || 'c++', 'g++', 'clang++'], 'g++'],
  [['cmake'], 'cmake'],
  [['ninja', 'make'], 'ninja-build'],
];

/** What the compiler says to a question, or nothing when there is no compiler. */
function askCompiler(question) {
  const compiler = [process.env.CXX || 'c++', 'g++', 'clang++'].find(onPath);
  if (!compiler) return '';
  return (spawnSync(compiler, [question], { encoding: 'utf8' }).stdout ?? '').trim();
}

/** Libraries that are headers alone, as [is it there, Debian package]. */
function headerLibraries() {
  const hasEigen = ['/usr/include', '/usr/local/include', '/opt/homebrew/include'].some((folder) =>
    existsSync(join(folder, 'eigen3', 'unsupported', 'Eigen', 'FFT')),
  );
  return [[hasEigen, 'libeigen3-dev']];
}

/** The static libraries that the addon is made of, as [is it there, Debian package]; asked once there is a compiler. */
function buildLibraries() {
  const folders = ['/usr/lib', '/usr/lib64', '/usr/local/lib', '/opt/OpenBLAS/lib'];
  const triplet = join('/usr/lib', askCompiler('-print-multiarch'));
  const hasOpenBlas = [...folders, triplet, join(triplet, 'openblas-pthread')].some((folder) =>
    existsSync(join(folder, 'libopenblas.a')),
  );
  // The compiler echoes the bare name of a file that it does not have.
  const hasFortran = askCompiler('-print-file-name=libgfortran.a').includes('/');
  return [
    [hasOpenBlas, 'libopenblas-pthread-dev'],
    [hasFortran, `libgfortran-${askCompiler('-dumpversion').split('.')[0]}-dev`],
  ];
}

const missingTools = (tools) => tools.filter(([commands]) => !commands.some(onPath)).map(([, name]) => name);
const missingLibraries = (libraries) => libraries.filter(([isThere]) => !isThere).map(([, name]) => name);

function installSystemPackages(missing) {
  if (missing.length === 0) return;
  const wanted = missing.join(' ');
  if (!onPath('apt-get'))
    throw new SetupError(`please install ${wanted}; this system has no apt-get to do it with`);
  const isRoot = process.getuid?.() === 0;
  if (!isRoot && !onPath('sudo'))
    throw new SetupError(
      `please run as root: apt-get update && apt-get install ${wanted} (there is no sudo here)`,
    );
  say(`installing system packages: ${wanted}`);
  const apt = (...args) => {
    const command = ['env', 'DEBIAN_FRONTEND=noninteractive', 'apt-get', ...args];
    if (!isRoot) command.unshift('sudo');
    run(command[0], command.slice(1));
  };
  apt('update', '-q');
  apt('install', '-q', '-y', '--no-install-recommends', ...missing);
}

function installNpmPackages(stamp) {
  const packages = digestOf(['package-lock.json']);
  if (stamp.packages === packages && existsSync(join(ROOT, 'node_modules', '.bin', 'tsc'))) return;
  say(`installing npm packages (${stamp.packages ? 'the lockfile changed' : 'none are recorded yet'})`);
  const npm = process.env.npm_execpath;
  const [command, ...first] = npm?.endsWith('.js') ? [process.execPath, npm] : ['npm'];
  // No install scripts: none is needed, and our own would build the addon a second time.
  run(command, [...first, 'ci', '--ignore-scripts', '--include=dev', '--no-audit', '--no-fund']);
  stamp.packages = packages;
  writeStamp(stamp);
}

function buildNative(stamp) {
  if (process.env.PALIMPSEST_ADDON) return;
  const options = process.env.PALIMPSEST_CMAKE_ARGS ?? '';
  const native = `${digestOf(['CMakeLists.txt', 'native'])} ${process.arch} ${options}`;
  if (stamp.native === native && existsSync(join(ROOT, 'build', 'Release', 'palimpsest.node'))) return;
  installSystemPackages(missingTools(BUILD_TOOLS));
  const linked = options.includes('PALIMPSEST_LAPACK') ? [] : buildLibraries();
  installSystemPackages(missingLibraries([...headerLibraries(), ...linked]));
  say('building the native addon');
  run(process.execPath, [join('native', 'build.js')], { PALIMPSEST_OUTPUT: '' });
  stamp.native = native;
  writeStamp(stamp);
}

function buildTypeScript(stamp) {
  const typescript = digestOf([
    'lib',
    'tsconfig.json',
    'tsconfig.build.json',
    'package.json',
    'package-lock.json',
  ]);
  if (stamp.typescript === typescript && existsSync(join(ROOT, 'dist', 'index.js'))) return;
  say('building the TypeScript sources');
  rmSync(join(ROOT, 'dist'), { recursive: true, force: true }); // a file that lost its source must not be packed
  run(process.execPath, [join('node_modules', 'typescript', 'bin', 'tsc'), '-p', 'tsconfig.build.json']);
  stamp.typescript = typescript;
  writeStamp(stamp);
}

/** The commands that `--with` asks for, each the name of a Debian package too; anything else is refused. */
function commandsAskedFor(args) {
  const commands = [];
  for (let i = 0; i < args.length; i += 2) {
    if (args[i] !== '--with')
      throw new SetupError(`unknown argument ${args[i]}; expected: [--with COMMAND]...`);
    const command = args[i + 1];
    if (command === undefined || command.startsWith('-'))
      throw new SetupError(`--with needs the name of a command, got ${command ?? 'nothing'}`);
    commands.push(command);
  }
  return commands;
}

function setup(args) {
  const extra = commandsAskedFor(args);
  checkNode();
  installSystemPackages(missingTools(extra.map((command) => [[command], command])));
  const stamp = readStamp();
  installNpmPackages(stamp);
  buildNative(stamp);
  buildTypeScript(stamp);
}

try {
  setup(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof SetupError)) throw error;
  say(error.message);
  process.exit(1);
}
