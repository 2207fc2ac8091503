import { compile } from '../../lib/graph/compile';
import { tensor } from '../../lib/graph/create';
import type { Parameters } from '../../lib/graph/parameters';
import type { Tensor } from '../../lib/graph/tensor';
import { loadModel } from '../../lib/models/folder';
import { run } from '../../lib/models/hooks/run';
import { add, mul } from '../../lib/ops/elementwise/arithmetic';
import { sum } from '../../lib/ops/reduce/sum';
import { grad } from '../../lib/transforms/grad';
import { slice } from '../../lib/ops/shape/slice';
import { concat } from '../../lib/ops/shape/concat';
import { join } from 'node:path';
import { CHECKPOINTS, goldenOf, relativeError } from './checkpoints';

const families = ['gpt2', 'pythia', 'llama', 'gemma2', 'olmoe'];
const loaded = (name: string): ReturnType<typeof loadModel> => loadModel(join(CHECKPOINTS, name));
/** Two ways to one number in float32. */
const TOLERANCE = 1e-5;

describe.each(families)('run on %s', (name) => {
  it('reads every value and leaves the logits as they are, to the bit', async () => {
    const [model, { inputs }] = [await loaded(name), await goldenOf(name)];
    const plain = await model.forward(model.parameters, inputs).data();
    const { logits, read } = run(model, inputs, { read: model.hookPoints });
    expect(Object.keys(read).sort()).toEqual([...model.hookPoints].sort());
    expect(await logits!.data()).toEqual(plain);
    const pattern = read['blocks.1.pattern']!;
    const rows = await sum(pattern, { axis: -1 }).data();
    // The first text has no padding: every query sees something, and the pattern is a distribution.
    expect(Math.max(...[...rows.slice(0, rows.length / 2)].map((row) => Math.abs(row - 1)))).toBeLessThan(
      TOLERANCE,
    );
  });

  it("goes on from what was patched: a run whose residual stream is replaced by another one's ends as that", async () => {
    const [model, { inputs }] = [await loaded(name), await goldenOf(name)];
    const other = { ...inputs, inputIds: tensor(new Int32Array(18).fill(5), { shape: [2, 9] }) };
    const source = run(model, inputs, { read: ['blocks.1.resid_pre'] });
    const patched = run(model, other, {
      patch: { 'blocks.1.resid_pre': () => source.read['blocks.1.resid_pre']! },
    });
    expect(await patched.logits!.data()).toEqual(await source.logits!.data());
    expect(await patched.logits!.data()).not.toEqual(await model.forward(model.parameters, other).data());
  });

  it('takes its own pattern as a patch', async () => {
    const [model, { inputs }] = [await loaded(name), await goldenOf(name)];
    const { logits } = run(model, inputs, { patch: { 'blocks.0.pattern': (pattern) => mul(pattern, 1) } });
    const plain = model.forward(model.parameters, inputs);
    expect(await relativeError(logits!, plain, inputs.attentionMask)).toBeLessThan(TOLERANCE);
  });

  it('scales single heads as a patch of z does, and by 1 not at all', async () => {
    const [model, { inputs }] = [await loaded(name), await goldenOf(name)];
    const heads = run(model, inputs, { read: ['blocks.0.z'] }).read['blocks.0.z']!.shape[1]!;
    const ones = new Float32Array(heads).fill(1);
    const plain = await model.forward(model.parameters, inputs).data();
    expect(await run(model, inputs, { headScales: { 0: tensor(ones) } }).logits!.data()).toEqual(plain);
    const off = tensor(ones.map((_, i) => Number(i !== 1)));
    const scaled = run(model, inputs, { headScales: { 0: off } }).logits!;
    const patch = (z: Tensor): Tensor => mul(z, tensor([...ones.keys()].map((i) => [[Number(i !== 1)]])));
    expect(await scaled.data()).toEqual(
      await run(model, inputs, { patch: { 'blocks.0.z': patch } }).logits!.data(),
    );
    expect(await scaled.data()).not.toEqual(plain);
  });

  it('hides steps by the mask of one block', async () => {
    const [model, { inputs }] = [await loaded(name), await goldenOf(name)];
    const steps = inputs.inputIds.shape[1]!;
    const visible = tensor(
      new Uint8Array(steps).map((_, i) => Number(i !== 4)),
      { dtype: 'bool' },
    );
    const { read } = run(model, inputs, {
      masks: { 1: visible },
      read: ['blocks.0.pattern', 'blocks.1.pattern'],
    });
    const seen = async (block: number): Promise<number> => {
      const pattern = read[`blocks.${block}.pattern`]!;
      return Math.max(
        ...(await slice(pattern, { starts: [0, 0, 5, 4], stops: [1, undefined, 9, 5] }).data()),
      );
    };
    expect(await seen(1)).toBe(0);
    expect(await seen(0)).toBeGreaterThan(0);
  });

  it('is differentiated and compiled', async () => {
    const [model, { inputs }] = [await loaded(name), await goldenOf(name)];
    const loss = (parameters: Parameters, shift: Tensor): Tensor =>
      sum(
        run(model, inputs, {
          parameters,
          patch: { 'blocks.0.mlp_out': (value) => add(value, shift) },
          read: ['blocks.1.attn_in'],
        }).read['blocks.1.attn_in']!,
      );
    const zero = tensor(0);
    const direct = grad((shift: Tensor) => loss(model.parameters, shift))(zero);
    const compiled = await compile((shift: Tensor) =>
      grad((own: Tensor) => loss(model.parameters, own))(shift),
    )(zero);
    expect(await compiled.data()).toEqual(await direct.data());
    const h = 1e-2;
    const [up, down] = [loss(model.parameters, tensor(h)), loss(model.parameters, tensor(-h))];
    const slope = ((await up.item()) - (await down.item())) / (2 * h);
    expect(Math.abs((await direct.item()) - slope)).toBeLessThan(0.02 * Math.max(1, Math.abs(slope)));
  });

  it('goes on from cached keys and values as if in one pass', async () => {
    const [model, { inputs }] = [await loaded(name), await goldenOf(name)];
    const { inputIds, attentionMask } = inputs;
    const whole = model.outputs(model.parameters, { inputIds, attentionMask: attentionMask! });
    const part = (x: Tensor, from: number, to: number): Tensor =>
      slice(x, { starts: [0, from], stops: [2, to] });
    const first = model.outputs(model.parameters, {
      inputIds: part(inputIds, 0, 5),
      attentionMask: part(attentionMask!, 0, 5),
    });
    const second = model.outputs(model.parameters, {
      inputIds: part(inputIds, 5, 9),
      attentionMask: attentionMask!,
      cache: first.cache!,
    });
    const joined = concat([first.logits!, second.logits!], { axis: 1 });
    expect(await relativeError(joined, whole.logits!, attentionMask)).toBeLessThan(TOLERANCE);
    expect(second.cache!.blocks[0]!.keys.shape[2]).toBe(9);
  });
});

it('names what it does not know', async () => {
  const [model, { inputs }] = [await loaded('gpt2'), await goldenOf('gpt2')];
  expect(() => run(model, inputs, { read: ['blocks.0.resid_per'] })).toThrow(
    "run: the model has no value 'blocks.0.resid_per'; did you mean 'blocks.0.resid_pre'?",
  );
  expect(() => run(model, inputs, { masks: { 7: tensor([true]) } })).toThrow('there is no block 7');
  expect(() => run(model, inputs, { patch: { embed: () => tensor([1]) } })).toThrow(
    "run: patch 'embed': float32 [2, 9, 16] expected, got float32 [1]",
  );
});
