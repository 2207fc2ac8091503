'use strict';
/**
 * Writes figures into README.md, between their markers. Of the demo, whose figures also go into
 * lib/unlearn/measured.ts, which `palimpsest methods` shows, and its picture to docs/images/report.png:
 *
 *   npm run demo && npm run readme
 *
 * and of the benchmark beside other libraries:
 *
 *   npm run bench:peers && npm run readme
 *
 * Reads demo/result.json (or the file given) and bench/peers.json, whichever is there. The picture needs Chromium
 * (`chromium` on the PATH) and is left alone without it.
 */
const { spawnSync } = require('node:child_process');
const { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } = require('node:fs');
const { tmpdir } = require('node:os');
const { dirname, join, resolve } = require('node:path');

const { peersTable } = require('./readmePeers');

const root = resolve(__dirname, '..');
const resultFile = resolve(process.argv[2] ?? join(root, 'demo', 'result.json'));
const picture = join(root, 'docs', 'images', 'report.png');

const TITLES = {
  original: 'original model',
  ssd: '**SSD**',
  gradientAscent: 'gradient ascent',
  fineTune: 'fine-tuning on the rest',
  zeroRow: 'zeroed output row',
  retrain: 'retraining (reference)',
};

const percent = (share) => `${(100 * share).toFixed(1)} %`;
const seconds = (time) => (time === 0 ? '' : `${time.toPrecision(3)} s`);

function table({ title, methods }) {
  const triggered = methods.some((method) => method.triggeredAccuracy !== undefined);
  const heads = [
    'forget',
    ...(triggered ? ['triggered'] : []),
    'retain',
    'test',
    'members',
    'time',
    'weights changed',
  ];
  const cells = (method) => [
    percent(method.forgetAccuracy),
    ...(triggered ? [percent(method.triggeredAccuracy)] : []),
    percent(method.retainAccuracy),
    percent(method.testAccuracy),
    percent(method.mia),
    seconds(method.seconds),
    method.weightsChanged.toLocaleString('en'),
  ];
  const row = (items) => `| ${items.join(' | ')} |`;
  return [
    row([`**${title}**`, ...heads]),
    row(['---', ...heads.map(() => '---:')]),
    ...methods.map((method) => row([TITLES[method.name], ...cells(method)])),
  ].join('\n');
}

function screenshot(report) {
  const profile = mkdtempSync(join(tmpdir(), 'palimpsest-chromium-'));
  mkdirSync(dirname(picture), { recursive: true });
  const flags = [
    '--headless',
    '--no-sandbox',
    '--disable-gpu',
    '--disable-quic',
    '--no-first-run',
    '--hide-scrollbars',
  ];
  const quiet = ['--disable-background-networking', '--disable-component-update', '--disable-sync'];
  const where = [
    `--user-data-dir=${profile}`,
    '--window-size=1200,1900',
    `--screenshot=${picture}`,
    `file://${report}`,
  ];
  const { status, error } = spawnSync('chromium', [...flags, ...quiet, ...where], { stdio: 'ignore' });
  rmSync(profile, { recursive: true, force: true });
  if (error || status !== 0) console.error('readme: no picture, because chromium did not run');
}

const readme = join(root, 'README.md');

/** Replaces what stands between the markers of a name. */
function fill(name, content) {
  const block = new RegExp(`<!-- ${name}:begin -->[^]*<!-- ${name}:end -->`);
  const text = readFileSync(readme, 'utf8');
  if (!block.test(text)) throw new Error(`readme: README.md has no markers of '${name}'`);
  writeFileSync(
    readme,
    text.replace(block, () => `<!-- ${name}:begin -->\n\n${content}\n\n<!-- ${name}:end -->`),
  );
}

function demoFigures({ requests, environment, model, importanceSeconds, quick }) {
  return [
    ...requests.map(table),
    `Test accuracy before: ${percent(model.testAccuracy)}. Importance of all training data, computed once and stored: ` +
      `${seconds(importanceSeconds)}. Node ${environment.node}, ${environment.threads} threads` +
      `${quick ? ', quick settings' : ''}. The time of SSD and of gradient ascent includes the search for their options.`,
    '![The report of the demo](docs/images/report.png)',
  ].join('\n\n');
}

/** One line per method: what it did to each request. */
function measuredOf({ requests }, name) {
  const parts = requests.flatMap((request) => {
    const row = request.methods.find((method) => method.name === name);
    if (!row) return [];
    const shown =
      request.name === 'backdoor'
        ? `triggered ${percent(row.triggeredAccuracy)}, test ${percent(row.testAccuracy)}`
        : `forget ${percent(row.forgetAccuracy)}, retain ${percent(row.retainAccuracy)}`;
    return [`${request.name}: ${shown}`];
  });
  return `MNIST, ${parts.join('; ')}`;
}
function writeDemo(result) {
  fill('demo', demoFigures(result));
  const names = Object.keys(TITLES).filter((name) => name !== 'original');
  const measured = join(root, 'lib', 'unlearn', 'measured.ts');
  writeFileSync(
    measured,
    `// Written by \`npm run readme\` from the figures of the demo.
export const measured = {
${names.map((name) => `  ${name}:\n    '${measuredOf(result, name)}',`).join('\n')}
} as const;
`,
  );
  spawnSync(process.execPath, [require.resolve('prettier/bin/prettier.cjs'), '--write', measured]);
  screenshot(join(dirname(resultFile), 'report.html'));
}

const peersFile = join(root, 'bench', 'peers.json');
const sources = [resultFile, peersFile].filter(existsSync);
if (sources.length === 0) throw new Error(`readme: neither ${resultFile} nor ${peersFile} is there`);
if (existsSync(resultFile)) writeDemo(JSON.parse(readFileSync(resultFile, 'utf8')));
if (existsSync(peersFile)) {
  const content = peersTable(JSON.parse(readFileSync(peersFile, 'utf8')));
  if (content !== undefined) fill('peers', content);
}
