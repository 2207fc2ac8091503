import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

import type { DemoResult, DemoRequest, MethodResult } from '../../lib/report/result';

// The main job itself, by its command, at the quick size: what it promises must hold there too.

const command = resolve(__dirname, '..', '..', 'dist', 'cli', 'main.js');

let folder: string;
let line: { requests: { name: string; methods: MethodResult[] }[]; importanceSeconds: number };
let result: DemoResult;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'palimpsest demo '));
  const output = await run([command, 'demo', '--quick', '--json', '--out', folder]);
  line = JSON.parse(output.trimEnd().split('\n').at(-1)!) as typeof line;
  result = JSON.parse(readFileSync(join(folder, 'result.json'), 'utf8')) as DemoResult;
}, 900_000);

afterAll(() => rmSync(folder, { recursive: true, force: true }));

function run(args: readonly string[]): Promise<string> {
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let [output, errors] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()));
  return new Promise((done, fail) => {
    child.on('close', (code) => (code === 0 ? done(output) : fail(new Error(`status ${code}: ${errors}`))));
  });
}

const request = (name: DemoRequest['name']): DemoRequest =>
  result.requests.find((item) => item.name === name)!;
const method = (of: DemoRequest['name'], name: MethodResult['name']): MethodResult =>
  request(of).methods.find((item) => item.name === name)!;

test('trains a model of 97 %', () => {
  expect(result.model.testAccuracy).toBeGreaterThanOrEqual(0.97);
});

test('forgets a class by SSD, and keeps the others', () => {
  const [original, ssd] = [method('class', 'original'), method('class', 'ssd')];
  expect(ssd.forgetAccuracy).toBeLessThanOrEqual(0.05);
  expect(ssd.retainAccuracy).toBeGreaterThanOrEqual(original.retainAccuracy - 0.04);
  expect(method('class', 'retrain').forgetAccuracy).toBeLessThanOrEqual(0.05);
  expect(ssd.weightsChanged).toBeGreaterThan(0);
  expect(ssd.weightsChanged).toBeLessThan(result.model.parameters / 4);
});

test('leaves a model that forgot random images as accurate as one that never saw them', () => {
  const [ssd, retrain] = [method('random', 'ssd'), method('random', 'retrain')];
  expect(Math.abs(ssd.testAccuracy - retrain.testAccuracy)).toBeLessThanOrEqual(0.02);
  expect(Math.abs(ssd.mia - retrain.mia)).toBeLessThanOrEqual(0.1);
});

test('removes a backdoor of which a tenth is known, where retraining does not', () => {
  expect(method('backdoor', 'original').triggeredAccuracy).toBeLessThanOrEqual(0.15);
  expect(method('backdoor', 'ssd').triggeredAccuracy).toBeGreaterThanOrEqual(0.5);
  expect(method('backdoor', 'ssd').testAccuracy).toBeGreaterThanOrEqual(
    method('backdoor', 'original').testAccuracy - 0.06,
  );
  expect(method('backdoor', 'retrain').triggeredAccuracy).toBeLessThanOrEqual(0.15);
});

test('ends with one line of JSON that says what the result file says', () => {
  expect(line.importanceSeconds).toBeGreaterThan(0);
  expect(line.requests.map(({ name }) => name)).toEqual(['class', 'random', 'backdoor']);
  for (const { name, methods } of line.requests) {
    const expected = ['original', 'ssd', 'gradientAscent', 'fineTune', 'zeroRow', 'retrain'];
    expect(methods.map((item) => item.name)).toEqual(
      name === 'class' ? expected : expected.filter((m) => m !== 'zeroRow'),
    );
    for (const item of methods) {
      for (const key of ['forgetAccuracy', 'retainAccuracy', 'testAccuracy', 'mia'] as const) {
        expect(item[key]).toBeGreaterThanOrEqual(0);
        expect(item[key]).toBeLessThanOrEqual(1);
      }
      expect(item.triggeredAccuracy !== undefined).toBe(name === 'backdoor');
    }
  }
});

test('leaves the report, the models and their ledgers', () => {
  expect(readFileSync(join(folder, 'report.html'), 'utf8')).toContain('Forget the digit 5');
  expect(existsSync(join(folder, 'model', 'importance.safetensors'))).toBe(true);
  for (const name of ['class', 'random', 'backdoor']) {
    expect(existsSync(join(folder, name, 'model.safetensors'))).toBe(true);
    expect(existsSync(join(folder, name, 'ledger.json'))).toBe(true);
  }
});

test('undoes a request to the bit', async () => {
  await run([command, 'ledger', 'undo', join(folder, 'class')]);
  const weights = (name: string): Buffer => readFileSync(join(folder, name, 'model.safetensors'));
  expect(weights('class').equals(weights('model'))).toBe(true);
});
