import { nameOf, workOf } from '../../bench/ops/row';
import { exempt, table } from '../../bench/ops/table';
import { kernelNumbers } from '../../lib/native';

const rows = table.flatMap((family) => family.rows);
const measured = new Set(rows.map((row) => row.kernel));

test('every kernel has a row or a reason to have none', () => {
  expect([...kernelNumbers.keys()].filter((name) => !measured.has(name) && !exempt.has(name))).toEqual([]);
});

test('a kernel with a reason is there and has no row', () => {
  const names = [...exempt.keys()];
  expect(names.filter((name) => measured.has(name) || !kernelNumbers.has(name))).toEqual([]);
});

test('no two rows of a family have one name', () => {
  for (const family of table) {
    const names = family.rows.map(nameOf);
    expect(names.filter((name, i) => names.indexOf(name) !== i)).toEqual([]);
  }
});

test('a row is compared with one of its family', () => {
  for (const family of table) {
    const names = family.rows.map(nameOf);
    const others = family.rows.flatMap(({ against }) => against ?? []);
    expect(others.filter((name) => !names.includes(name))).toEqual([]);
  }
});

test.each(rows.map((row) => [nameOf(row), row] as const))('%s is one call of its kernel', (_name, row) => {
  const { kernels, bytes } = workOf(row);
  expect(kernels).toEqual([row.kernel]);
  expect(bytes).toBeGreaterThan(0);
});
