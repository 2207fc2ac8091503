import { toJsonLine } from '../../lib/report/json';
import { sampleResult } from './sampleResult';

const KEYS = ['name', 'forgetAccuracy', 'retainAccuracy', 'testAccuracy', 'mia', 'seconds', 'weightsChanged'];

describe('toJsonLine', () => {
  const line = toJsonLine(sampleResult);
  const parsed = JSON.parse(line) as {
    requests: { name: string; methods: Record<string, unknown>[] }[];
    importanceSeconds: number;
  };

  it('is one line with the requests and the time of the importance', () => {
    expect(line).not.toContain('\n');
    expect(Object.keys(parsed)).toEqual(['requests', 'importanceSeconds']);
    expect(parsed.importanceSeconds).toBe(7.84);
    expect(parsed.requests.map(({ name }) => name)).toEqual(['class', 'random', 'backdoor']);
  });

  it('has exactly the promised numbers of every method', () => {
    for (const { name, methods } of parsed.requests) {
      const keys = name === 'backdoor' ? [...KEYS, 'triggeredAccuracy'] : KEYS;
      for (const method of methods) expect(Object.keys(method)).toEqual(keys);
    }
    expect(parsed.requests[0]?.methods[1]).toEqual({
      name: 'ssd',
      forgetAccuracy: 0.013,
      retainAccuracy: 0.968,
      testAccuracy: 0.875,
      mia: 0.41,
      seconds: 0.612,
      weightsChanged: 41_207,
    });
  });
});
