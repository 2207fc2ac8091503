import { merged } from '../../bench/peers/files';
import { relativeError, fingerprintOfNumbers } from '../../bench/peers/fingerprint';
import { judge, type Comparison } from '../../bench/peers/judge';
import { productModel } from '../../bench/peers/node/onnx';
import { growthPlotOf, ratioPlotOf } from '../../bench/peers/plot';
import { contests } from '../../bench/peers/ours';
import { own, peerName, pytorch, type Row } from '../../bench/peers/row';
import { table } from '../../bench/peers/table';
import { integerNumbers, uniformNumbers } from '../../bench/peers/words';
import { FMA_PEAK, TRIAD } from '../../bench/limits';

const { peersTable, ROWS } = require('../../scripts/readmePeers');

const PACES = new Map([
  [FMA_PEAK, [1e9, 2e9]],
  [TRIAD, [1e9, 4e9]],
]);

function judged(target: Row['target'], more: Partial<Row> = {}): Comparison {
  const row: Row = { name: 'row', ours: { job: 'matmul' }, peers: [], reps: 3, target, ...more };
  const peers = [
    { peer: pytorch({ job: 'matmul' }), times: [3, 2, 4], first: 9, peak: 200, error: 1e-6 },
    { peer: own({ job: 'gradient' }, { scale: 4 }), times: [0.5], first: 1, peak: 50, error: undefined },
  ];
  const ours = { times: [1, 2, 1], peak_mb: 150, fingerprint: [], counts: { grown: 3 } };
  return judge(row, ours, peers, [], PACES);
}

describe('a row', () => {
  test('is the fastest peer over ours, scales included, by medians', () => {
    const row = judged({});
    expect(row).toMatchObject({ ours_s: 1, ours_min_s: 1, peer_s: 2, ratio: 2, peer: 'own gradient' });
    expect(row.peers.map(({ seconds }) => seconds)).toEqual([3, 2]);
    expect(row).toMatchObject({ relative_error: 1e-6, peak_mb: 150, peer_peak_mb: 200 });
  });

  test('has the slower of arithmetic and traffic at the machine’s best as its limit', () => {
    expect(judged({}, { flops: 1e9, bytes: 1e9 })).toMatchObject({
      limit_s: 0.5,
      of_limit: 0.5,
      limit_is: 'arithmetic',
    });
    expect(judged({}, { flops: 1e9, bytes: 3e9 })).toMatchObject({ limit_s: 0.75, limit_is: 'traffic' });
    expect(judged({})).toMatchObject({ limit_s: null, of_limit: null });
  });

  test.each<[Row['target'], number]>([
    [{ ratio: 2 }, 0],
    [{ ratio: 2.1 }, 1],
    [{ against: { pytorch: 3 } }, 0],
    [{ against: { pytorch: 3.1 } }, 1],
    [{ against: { onednn: 9 } }, 0],
    [{ seconds: 1 }, 0],
    [{ seconds: 0.9 }, 1],
    [{ limit: 0.1 }, 1],
    [{ memory: 'peers' }, 0],
    [{ memory: 'allowance' }, 1],
    [{ counts: { grown: 3 } }, 0],
    [{ counts: { grown: 2 } }, 1],
    [{ counts: { other: 2 } }, 1],
    [{ ratio: 9, seconds: 0.1 }, 2],
  ])('with the target %j misses %d', (target, count) => {
    expect(judged(target).missed).toHaveLength(count);
  });
});

describe('the table', () => {
  test('has every name once', () => {
    const names = table.map(({ name }) => name);
    expect(names.filter((name, i) => names.indexOf(name) !== i)).toEqual([]);
  });

  test('asks for jobs that there are', () => {
    const asked = table.flatMap(({ ours, peers }) => [
      ours,
      ...peers.filter(({ side }) => side === 'palimpsest').map(({ params }) => params),
    ]);
    expect(asked.filter(({ job }) => !(job in contests))).toEqual([]);
  });

  test('names every peer that a target is against', () => {
    const missing = table.flatMap(({ target, peers }) =>
      Object.keys(target.against ?? {}).filter((name) => !peers.some((peer) => peerName(peer) === name)),
    );
    expect(missing).toEqual([]);
  });

  test('has the rows that the README shows', () => {
    const names = new Set(table.map(({ name }) => name));
    expect((ROWS as [string, string][]).filter(([name]) => !names.has(name))).toEqual([]);
  });
});

test('a run in pieces keeps the order of the table, and drops what the table has no more', () => {
  const named = (name: string, ours_s: number) => ({ name, ours_s }) as Comparison;
  const rows = merged([named('c', 1), named('gone', 1), named('a', 1)], [named('a', 2)], ['a', 'b', 'c']);
  expect(rows).toEqual([named('a', 2), named('c', 1)]);
});

test('pictures show ratios, and curves apart from them', () => {
  const row = judged({ ratio: 2 });
  const curve = (x: number): Comparison => ({ ...row, point: { curve: 'time', x, unit: 'examples' } });
  expect(ratioPlotOf([row, curve(1)]).match(/<rect/g)).toHaveLength(2);
  expect(growthPlotOf([row])).toBe('');
  expect(growthPlotOf([curve(1), curve(2)]).match(/<circle/g)).toHaveLength(2);
});

test('the README shows the rows that were measured', () => {
  const text = peersTable([{ ...judged({ ratio: 3 }), name: 'gradient vit' }]) as string;
  expect(text).toContain('| gradient, vision transformer | 1.00 s | 2.00 s | own gradient | 2.00 x |');
  expect(text).toContain('0 of the 1 rows');
  expect(peersTable([judged({})])).toBeUndefined();
});

test('inputs are the numbers of their description', () => {
  expect([...uniformNumbers('test', 4)]).toEqual([
    -0.44791150093078613, 0.7609717845916748, 0.8698133230209351, -0.3257485628128052,
  ]);
  expect([...integerNumbers('test', 4, 1000)]).toEqual([541, 77, 839, 69]);
});

test('results are apart by the share of what differs', () => {
  const numbers = Float32Array.from({ length: 1000 }, (_, i) => Math.sin(i));
  const print = [fingerprintOfNumbers(numbers)];
  expect(relativeError(print, print)).toBe(0);
  expect(relativeError([fingerprintOfNumbers(numbers.map((x) => 1.01 * x))], print)).toBeCloseTo(0.01, 3);
  expect(relativeError([fingerprintOfNumbers(numbers.map((x) => -x))], print)).toBeGreaterThan(1.5);
  expect(relativeError([fingerprintOfNumbers(numbers.slice(1))], print)).toBe(Infinity);
  expect(relativeError([fingerprintOfNumbers(numbers.map(() => NaN))], print)).toBe(Infinity);
});

test('a product as an ONNX model', () => {
  const bytes = Buffer.from(productModel(300, 2, 5));
  // ir_version 8, then the graph; the opset comes last.
  expect([...bytes.subarray(0, 3)]).toEqual([8, 8, 58]);
  expect([...bytes.subarray(-4)]).toEqual([66, 2, 16, 17]);
  // An extent of 300 is a varint of two bytes.
  expect(bytes.includes(Buffer.from([10, 3, 8, 0xac, 0x02]))).toBe(true);
});
