import { codeOf, limits } from '../../bench/limits';
import { allocate } from '../../lib/graph/dtype';
import { native } from '../../lib/native';

const zeros = (length: number) => native.createBuffer(allocate('float32', length));

const refused: readonly (readonly [string, string, readonly number[], number, number])[] = [
  ['a peak of one coefficient', 'benchFmaPeak', [1], 4, 1],
  ['a peak of two inputs', 'benchFmaPeak', [2, 2], 4, 1],
  ['a peak of too many rounds', 'benchFmaPeak', [2], 4, 2 ** 40],
  ['a peak of half a round', 'benchFmaPeak', [2], 4, 0.5],
  ['a triad of one input', 'benchTriad', [8], 8, 3],
  ['a triad of unequal inputs', 'benchTriad', [8, 9], 8, 3],
  ['a triad with a longer output', 'benchTriad', [8, 8], 9, 3],
];

test.each(refused)('%s is refused', async (_what, kernel, inputs, output, attribute) => {
  const program = native.createProgram(codeOf({ kernel, inputs, output, attribute }));
  await expect(native.runProgram(program, inputs.map(zeros))).rejects.toThrow(kernel);
});

test('a triad writes every element, whatever the length', async () => {
  const length = 71;
  const inputs = [1, 2].map((value) => native.createBuffer(new Float32Array(length).fill(value)));
  const code = codeOf({ kernel: 'benchTriad', inputs: [length, length], output: length, attribute: 3 });
  const [sum] = await native.runProgram(native.createProgram(code), inputs);
  const elements = new Float32Array(length);
  native.readBuffer(sum!, 0, elements);
  expect([...elements]).toEqual(Array<number>(length).fill(7));
});

test('both limits compute what they should', async () => {
  const contenders = await limits();
  expect(contenders.map(({ name }) => name)).toEqual(['FMA peak', 'triad']);
});
