import { compile } from '../../lib/graph/compile';
import { tensor } from '../../lib/graph/create';
import { evaluate } from '../../lib/graph/evaluate';
import type { Tensor } from '../../lib/graph/tensor';
import { native } from '../../lib/native';
import { add } from '../../lib/ops/elementwise/arithmetic';
import { checkAgreement } from '../agreement';
import type { Subject } from '../subject';
import { calling } from './contender';

/** A program of version 1 without inputs, outputs, slots, values and instructions. */
const EMPTY = Float64Array.of(1, 0, 0, 0, 0, 0);

/** What a call costs before anything is computed. */
export const subject: Subject = {
  name: 'roundTrip',
  about:
    'to the executor and back: a program without instructions, the sum of two numbers by a compiled function, and the ' +
    'same with its graph built, lowered and encoded anew',
  members: ['empty program', 'compiled sum', 'lazy sum'],
  prepare: async () => {
    const [x, y] = await evaluate([tensor(1), tensor(2)] as const);
    const program = native.createProgram(EMPTY);
    const sumOf = (a: Tensor, b: Tensor): Tensor => add(a, b);
    const compiled = compile(sumOf);
    await checkAgreement('the sum', await compiled(x, y), sumOf(x, y), 0);
    return [
      {
        name: 'empty program',
        run: async () => {
          await native.runProgram(program, []);
        },
      },
      calling('compiled sum', compiled, [x, y], 'empty program'),
      calling('lazy sum', (a: Tensor, b: Tensor) => evaluate(sumOf(a, b)), [x, y], 'empty program'),
    ];
  },
};
