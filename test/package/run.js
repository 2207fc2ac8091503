'use strict';
/**
 * The packaging test: packs the package, installs it where there is no compiler, no network and no system BLAS, and uses it
 * from CommonJS and from an ES module; then installs it without the prebuilt addon, which must build it from source.
 *
 *   npm run test:package
 */
const { execFileSync, spawnSync } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const { dirname, join, resolve } = require('node:path');

const ROOT = resolve(__dirname, '..', '..');
const PLATFORM = `${process.platform}-${process.arch}`;
const PREBUILD = join('prebuilds', PLATFORM, 'palimpsest.node');
const NPM = findNpm();
/** All that the addon may ask of the system. */
const ALLOWED_LIBRARIES = /^(libc|libm|libdl|libpthread|librt|libgcc_s|ld-linux[\w-]*)\.so\.\d+$/;
/** Libraries of other engines and of Fortran; none may be needed, at load time or later. */
const FORBIDDEN_LIBRARIES = [
  'libopenblas.so.0',
  'libblas.so.3',
  'liblapack.so.3',
  'libgomp.so.1',
  'libgfortran.so.5',
];
/** The promise is 10 s on an idle machine; a busy one gets some allowance. */
const MAX_INSTALL_SECONDS = 30;
/** What npm needs besides Node to run a package's scripts. */
const SHELL = ['sh'];

const work = fs.mkdtempSync(join(os.tmpdir(), 'palimpsest package '));
const results = [];

function findNpm() {
  const near = [
    process.env.npm_execpath,
    join(dirname(process.execPath), '..', 'lib/node_modules/npm/bin/npm-cli.js'),
  ];
  const found = near.find((path) => path?.endsWith('npm-cli.js') && fs.existsSync(path));
  return found ?? fs.realpathSync(execFileSync('sh', ['-c', 'command -v npm'], { encoding: 'utf8' }).trim());
}

function run(command, args, options = {}) {
  const result = spawnSync(command, args, { cwd: ROOT, encoding: 'utf8', maxBuffer: 1 << 26, ...options });
  if (result.error) throw result.error;
  if (result.status !== 0)
    throw new Error(
      `${command} ${args.join(' ')} ended with ${result.signal ?? result.status}\n${result.stdout}${result.stderr}`,
    );
  return result.stdout;
}

/** One named check; the next ones run all the same, unless they stand on what this one makes. */
function check(name, body) {
  const start = performance.now();
  let fault;
  try {
    body();
  } catch (error) {
    fault = error;
  }
  results.push(!fault);
  console.log(
    `${fault ? 'FAILED' : 'ok    '} ${name} (${((performance.now() - start) / 1000).toFixed(1)} s)`,
  );
  if (fault) console.log(fault.message.replace(/^/gm, '       '));
}

function expect(condition, message) {
  if (!condition) throw new Error(message);
}

/** A folder of links to these commands, to be the whole PATH. */
function pathOf(name, commands) {
  const folder = join(work, name);
  fs.mkdirSync(folder);
  fs.symlinkSync(process.execPath, join(folder, 'node'));
  for (const command of commands) {
    const target = execFileSync('sh', ['-c', `command -v ${command}`], { encoding: 'utf8' }).trim();
    fs.symlinkSync(fs.realpathSync(target), join(folder, command));
  }
  return folder;
}

/** An environment that knows nothing of the caller's and reaches no registry. */
function bareEnvironment(path, more = {}) {
  const home = join(work, 'home');
  fs.mkdirSync(home, { recursive: true });
  return {
    PATH: path,
    HOME: home,
    npm_config_offline: 'true',
    npm_config_registry: 'http://127.0.0.1:9/',
    npm_config_audit: 'false',
    npm_config_fund: 'false',
    npm_config_update_notifier: 'false',
    ...more,
  };
}

/** Packs folders, in one call because npm starts slowly; returns the tarballs by the packages' names. */
function pack(folders, destination) {
  fs.mkdirSync(destination, { recursive: true });
  const args = [NPM, 'pack', ...folders, '--ignore-scripts', '--json', '--pack-destination', destination];
  const reports = Object.values(JSON.parse(run(process.execPath, args)));
  return new Map(reports.map(({ name, filename }) => [name, join(destination, filename)]));
}

/** The folders of all packages that come along at run time, from the lockfile. */
function runtimePackages() {
  const lock = JSON.parse(fs.readFileSync(join(ROOT, 'package-lock.json'), 'utf8'));
  return Object.entries(lock.packages).flatMap(([path, { dev, optional }]) =>
    path && !dev && !optional ? [path] : [],
  );
}

/** A new project with the package and, so that no registry is asked, its dependencies as files. */
function install(name, tarball, dependencies, environment) {
  const project = join(work, name);
  fs.mkdirSync(project);
  const manifest = {
    name: 'consumer',
    version: '1.0.0',
    private: true,
    dependencies: { palimpsest: `file:${tarball}` },
  };
  for (const [dependency, file] of dependencies) manifest.dependencies[dependency] = `file:${file}`;
  fs.writeFileSync(join(project, 'package.json'), JSON.stringify(manifest, null, 2));
  run(process.execPath, [NPM, 'install', '--foreground-scripts'], { cwd: project, env: environment });
  return project;
}

/** Uses the installed package in both module systems, from a file each. */
function useFrom(project, environment) {
  for (const file of ['consumer.cjs', 'consumer.mjs']) {
    fs.copyFileSync(join(__dirname, file), join(project, file));
    const output = run(process.execPath, [file], { cwd: project, env: environment });
    expect(output.includes('consumer: ok'), `${file} said: ${output}`);
  }
  const cli = join(project, 'node_modules', '.bin', 'palimpsest');
  const version = run(process.execPath, [fs.realpathSync(cli), '--version'], {
    cwd: project,
    env: environment,
  }).trim();
  expect(version === require(join(ROOT, 'package.json')).version, `palimpsest --version said ${version}`);
}

/** A folder of broken files under the names of the forbidden libraries: whoever loads one of them fails. */
function poisonedLibraries() {
  const folder = join(work, 'poison');
  fs.mkdirSync(folder);
  for (const name of FORBIDDEN_LIBRARIES) fs.writeFileSync(join(folder, name), 'not a library');
  return folder;
}

function main() {
  let dependencies;
  let tarball;
  const bin = (name) => join(ROOT, 'node_modules', '.bin', name);

  check('npm run prebuild fills prebuilds/', () => {
    run(process.execPath, [join(ROOT, 'scripts', 'prebuild.js')]);
    expect(fs.existsSync(join(ROOT, PREBUILD)), `${PREBUILD} is missing`);
  });

  check('npm pack takes in what is needed and nothing else', () => {
    tarball = pack([ROOT], join(work, 'tarballs')).get('palimpsest');
    const folders = runtimePackages().map((path) => join(ROOT, path));
    dependencies = pack(folders, join(work, 'tarballs'));
    const listed = run('tar', ['-tzf', tarball]).trim().split('\n');
    for (const file of [
      'dist/index.js',
      'dist/index.d.ts',
      'dist/cli/main.js',
      PREBUILD,
      'native/build.js',
      'LICENSE',
      'THIRD_PARTY.md',
    ])
      expect(listed.includes(`package/${file}`), `${file} is not in the package`);
    const stray = listed.filter((file) =>
      /^package\/(test|bench|build|node_modules|scripts|native\/test)\b/.test(file),
    );
    expect(stray.length === 0, `stray files: ${stray.join(', ')}`);
    console.log(`       ${(fs.statSync(tarball).size / 1e6).toFixed(2)} MB, ${listed.length} files`);
  });
  if (!tarball || !dependencies) return;

  if (process.platform === 'linux')
    check('the addon needs the C library and nothing else, and exports its entry points only', () => {
      const needed = [...run('readelf', ['-d', join(ROOT, PREBUILD)]).matchAll(/\(NEEDED\).*\[(.+)\]/g)].map(
        (m) => m[1],
      );
      const foreign = needed.filter((name) => !ALLOWED_LIBRARIES.test(name));
      expect(needed.length > 0 && foreign.length === 0, `it needs ${needed.join(', ')}`);
      const exported = run('nm', [
        '-D',
        '--defined-only',
        '--format=just-symbols',
        join(ROOT, PREBUILD),
      ]).trim();
      const strange = exported.split('\n').filter((name) => !/^(napi_register|node_api)_module/.test(name));
      expect(strange.length === 0, `it exports ${strange.join(', ')}`);
    });

  check('it installs and runs with no compiler, no network and no system BLAS, within seconds', () => {
    const environment = bareEnvironment(pathOf('bare path', SHELL), { LD_LIBRARY_PATH: poisonedLibraries() });
    const start = performance.now();
    const project = install('bare', tarball, dependencies, environment);
    const seconds = (performance.now() - start) / 1000;
    console.log(`       installed in ${seconds.toFixed(1)} s`);
    expect(seconds < MAX_INSTALL_SECONDS, `the installation took ${seconds.toFixed(1)} s`);
    expect(!fs.existsSync(join(project, 'node_modules/palimpsest/build')), 'it was built from source');
    useFrom(project, environment);
  });

  check('without a prebuilt addon it is built from source', () => {
    const unpacked = join(work, 'source');
    fs.mkdirSync(unpacked);
    run('tar', ['-xzf', tarball, '-C', unpacked]);
    fs.rmSync(join(unpacked, 'package', 'prebuilds'), { recursive: true });
    const sources = pack([join(unpacked, 'package')], join(work, 'sources')).get('palimpsest');
    const environment = bareEnvironment(process.env.PATH);
    const project = install('from source', sources, dependencies, environment);
    expect(
      fs.existsSync(join(project, 'node_modules/palimpsest/build/Release/palimpsest.node')),
      'it was not built',
    );
    useFrom(project, environment);
  });

  check(
    'publint finds nothing',
    () => void run(process.execPath, [fs.realpathSync(bin('publint')), tarball, '--strict']),
  );

  check('types resolve for ES modules and CommonJS (attw)', () => {
    run(process.execPath, [
      fs.realpathSync(bin('attw')),
      tarball,
      '--profile',
      'node16',
      '--format',
      'ascii',
      '--no-emoji',
    ]);
  });

  check('a strict TypeScript consumer compiles in both module systems', () => {
    const project = join(work, 'bare');
    for (const name of ['consumer.cts', 'consumer.mts'])
      fs.copyFileSync(join(__dirname, name), join(project, name));
    const compilerOptions = { strict: true, noEmit: true, target: 'es2022', module: 'nodenext' };
    Object.assign(compilerOptions, { lib: ['es2023', 'esnext.disposable'], types: ['node'] });
    compilerOptions.typeRoots = [join(ROOT, 'node_modules', '@types')]; // of a consumer who writes for Node
    const files = ['consumer.cts', 'consumer.mts'];
    fs.writeFileSync(join(project, 'tsconfig.json'), JSON.stringify({ compilerOptions, files }));
    run(process.execPath, [fs.realpathSync(bin('tsc')), '-p', 'tsconfig.json'], { cwd: project });
  });
}

try {
  main();
} finally {
  fs.rmSync(work, { recursive: true, force: true });
}
const failed = results.filter((ok) => !ok).length;
console.log(`package: ${results.length - failed} passed, ${failed} failed`);
process.exit(failed === 0 && results.length > 1 ? 0 : 1);
