import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { decode } from 'jpeg-js';

import { tensor } from '../../../lib/graph/create';
import type { Tensor } from '../../../lib/graph/tensor';
import {
  ageAndGender,
  detectorGrid,
  expressionLogits,
  faceDescriptor,
} from '../../../lib/models/imported/faces/networks';
import { loadFaceNetworks, type FaceNetworks } from '../../../lib/models/imported/faces/faces';
import { facesIn, sharedPart } from '../../../lib/models/imported/faces/detection';
import { squared } from '../../../lib/models/imported/faces/image';
import { softmax } from '../../../lib/ops/networks/softmax';
import golden from './golden/faces.json';

const PHOTOGRAPHS = join(dirname(require.resolve('@vladmandic/face-api/package.json')), 'demo');
let faces: FaceNetworks;

beforeAll(async () => {
  faces = await loadFaceNetworks();
});

/** ||a - b|| / ||b|| */
async function error(a: Tensor, b: readonly number[]): Promise<number> {
  const ours = await a.data<'float32'>();
  expect(ours).toHaveLength(b.length);
  const norm = (values: readonly number[]): number => Math.hypot(...values);
  return norm(b.map((value, i) => (ours[i] ?? 0) - value)) / norm(b);
}

describe('on a made picture', () => {
  const [height, width] = [96, 128];
  const picture = tensor(
    Float32Array.from({ length: height * width * 3 }, (_, i) => {
      const [row, column, channel] = [Math.floor(i / (3 * width)), Math.floor(i / 3) % width, i % 3];
      return Math.floor(128 + 100 * Math.sin(row / 9 + channel) * Math.cos(column / 7));
    }),
    { shape: [height, width, 3] },
  );

  test('all networks say what they say in face-api', async () => {
    const face = squared(picture, 112, true);
    const { expressions, parameters } = faces;
    expect(
      await error(softmax(expressionLogits(expressions.parameters, face)), golden.expressions),
    ).toBeLessThan(1e-4);
    const { age, genderLogits } = ageAndGender(parameters.ageGender, face);
    expect(await error(age, golden.age)).toBeLessThan(1e-4);
    expect(await error(softmax(genderLogits), golden.gender)).toBeLessThan(1e-4);
    expect(
      await error(faceDescriptor(parameters.recognition, squared(picture, 150, true)), golden.descriptor),
    ).toBeLessThan(1e-4);
    expect(
      await error(detectorGrid(parameters.detector, squared(picture, 160, false)), golden.boxes),
    ).toBeLessThan(1e-4);
  });
});

describe('on photographs', () => {
  const photograph = (which: number): Tensor => {
    const { data, width, height } = decode(readFileSync(join(PHOTOGRAPHS, `sample${which}.jpg`)), {
      useTArray: true,
    });
    const pixels = new Uint8Array(width * height * 3);
    for (let i = 0; i < width * height; i++) pixels.set(data.subarray(4 * i, 4 * i + 3), 3 * i);
    return tensor(pixels, { shape: [height, width, 3] });
  };

  test.each([1, 2, 3, 4, 5, 6])('the faces of number %d are found and described', async (which) => {
    using image = photograph(which);
    const found = await faces.detect(image);
    const expected = golden.photographs[which - 1] ?? [];
    expect(found).toHaveLength(expected.length);
    found.forEach(({ box, score }, i) => {
      const [left = 0, top = 0, width = 0, height = 0, theirs = 0] = expected[i] ?? [];
      expect(Math.abs(box.left - left) + Math.abs(box.top - top)).toBeLessThan(1);
      expect(Math.abs(box.width - width) + Math.abs(box.height - height)).toBeLessThan(1);
      expect(score).toBeCloseTo(theirs, 3);
    });
    const said: string[] = [];
    for (const { box, score } of found.slice(0, 4)) {
      const { expressions, age, male, descriptor } = await faces.describe(image, box);
      const [likeliest] = Object.entries(expressions).sort(([, a], [, b]) => b - a);
      said.push(`${score.toFixed(2)} ${likeliest?.[0]} ${age.toFixed(0)} ${male.toFixed(2)}`);
      expect(age).toBeGreaterThan(5);
      expect(age).toBeLessThan(80);
      expect(Object.values(expressions).reduce((a, b) => a + b)).toBeCloseTo(1, 5);
      expect(Math.hypot(...descriptor)).toBeGreaterThan(1);
    }
    process.stderr.write(`photograph ${which}: ${found.length} faces: ${said.join('; ')}\n`);
  });
});

test('of boxes that overlap the best one stays', () => {
  const cells = 2;
  const grid = new Float32Array(cells * cells * 5 * 5).fill(-10);
  const put = (at: number, values: readonly number[]): void => grid.set(values, 5 * at);
  // The first anchor of the first cell, the same a little aside, and one of the last cell.
  put(0, [0, 0, 0, 0, 3]);
  put(1, [0, 0, Math.log(1.7 / 6.041143), Math.log(2.1 / 7.080126), 2]);
  put(15, [0, 0, 0, 0, 1]);
  const found = facesIn(grid, cells, 100, { threshold: 0.5, overlap: 0.4 });
  expect(found.map(({ score }) => score.toFixed(2))).toEqual(['0.95', '0.73']);
  expect(found[0]?.box.left).toBeCloseTo(25 - 1.603231 * 25, 4);
  expect(
    sharedPart({ left: 0, top: 0, width: 2, height: 2 }, { left: 1, top: 0, width: 2, height: 2 }),
  ).toBeCloseTo(1 / 3);
});

test('what is no image is refused', async () => {
  await expect(faces.detect(tensor([1, 2]))).rejects.toThrow('an image [H, W, 3] expected, got [2]');
  await expect(faces.detect(tensor(new Uint8Array(12), { shape: [2, 2, 3] }), { size: 100 })).rejects.toThrow(
    'a multiple of 32',
  );
});
