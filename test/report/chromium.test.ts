import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inflateSync } from 'node:zlib';

import { renderReport } from '../../lib/report/page';
import { sampleResult } from './sampleResult';

const CHROMIUM = '/usr/bin/chromium';
const ADVICE = 'please install chromium to run this test: apt-get install chromium';
const WIDTH = 1240;
const HEIGHT = 1600;
/** Starting a browser on a busy machine takes a while. */
const PATIENCE = 90_000;

const FLAGS = [
  ...['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--hide-scrollbars'],
  ...['--disable-background-networking', '--disable-component-update', '--disable-sync'],
  ...['--enable-logging=stderr', '--v=0', `--window-size=${WIDTH},${HEIGHT}`],
];

interface Shot {
  /** What the page wrote to its console, errors of its own included. */
  readonly console: readonly string[];
  readonly png: Buffer;
}

describe('the report in a browser', () => {
  let folder: string;
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'palimpsest report '))));
  afterEach(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));

  function shoot(html: string): Promise<Shot> {
    const [page, image] = [join(folder, 'report.html'), join(folder, 'report.png')];
    writeFileSync(page, html);
    const args = [...FLAGS, `--user-data-dir=${join(folder, 'profile')}`, `--screenshot=${image}`, page];
    return new Promise((resolve, reject) => {
      execFile(CHROMIUM, args, { timeout: PATIENCE }, (error, _stdout, stderr) => {
        if (error || !existsSync(image)) reject(new Error(`chromium failed: ${stderr}`));
        else resolve({ console: stderr.match(/.*CONSOLE.*/g) ?? [], png: readFileSync(image) });
      });
    });
  }

  // A browser is not part of the set-up; where everything is checked it has to be there.
  const check = existsSync(CHROMIUM) || process.env.CI !== undefined ? it : it.skip;

  check(
    existsSync(CHROMIUM) ? 'renders without a word on the console' : ADVICE,
    async () => {
      if (!existsSync(CHROMIUM)) throw new Error(ADVICE);
      const { console, png } = await shoot(renderReport(sampleResult));
      expect(console).toEqual([]);
      expect([png.readUInt32BE(16), png.readUInt32BE(20)]).toEqual([WIDTH, HEIGHT]);
      expect(shades(png)).toBeGreaterThan(100);
    },
    PATIENCE,
  );

  check(
    'would hear a script that its policy stops',
    async () => {
      const page = renderReport(sampleResult).replace('</main>', '<script>alert(1)</script></main>');
      const { console } = await shoot(page);
      expect(console.join()).toContain('Content Security Policy');
    },
    PATIENCE,
  );
});

/** How many different byte values the picture's data holds: a blank page has a handful. */
function shades(png: Buffer): number {
  const parts: Buffer[] = [];
  for (let at = 8; at < png.length; at += 12 + png.readUInt32BE(at)) {
    if (png.toString('latin1', at + 4, at + 8) === 'IDAT')
      parts.push(png.subarray(at + 8, at + 8 + png.readUInt32BE(at)));
  }
  return new Set(inflateSync(Buffer.concat(parts))).size;
}
