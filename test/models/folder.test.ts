import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { tensor } from '../../lib/graph/create';
import type { Parameters } from '../../lib/graph/parameters';
import { readSafetensors } from '../../lib/io/safetensors';
import { writeSafetensors } from '../../lib/io/writeSafetensors';
import { cnn } from '../../lib/models/cnn';
import { loadModel, saveModel } from '../../lib/models/folder';
import { Ledger } from '../../lib/models/ledger';
import { mlp } from '../../lib/models/mlp';
import { withParameters } from '../../lib/models/model';
import { weightsHash } from '../../lib/models/weightsHash';
import { temporaryFolder } from '../io/temporaryFolder';

const root = temporaryFolder();
let folder: string;
beforeEach(() => {
  folder = join(root, expect.getState().currentTestName!.replace(/\W+/g, '-').slice(-60), 'model');
});

const model = mlp({ inputs: 3, hidden: [4], classes: 2 }, { seed: 1 });
const contentOf = (path: string): Record<string, string> =>
  Object.fromEntries(readdirSync(path).map((name) => [name, readFileSync(join(path, name), 'latin1')]));
const edited = (): Parameters => model.parameters.with([['fc2.bias', tensor(new Float32Array([1, 2]))]]);

describe('saveModel and loadModel', () => {
  it.each([
    ['an mlp', mlp({ inputs: 3, hidden: [], classes: 2 }, { seed: 2, dtype: 'float64' })],
    ['a cnn', cnn({ image: [1, 4, 4], channels: [2], hidden: 3, classes: 2 }, { seed: 2 })],
  ])('bring %s back to the bit, and save it again with the same bytes', async (_name, original) => {
    await saveModel(folder, original);
    expect(readdirSync(folder)).toEqual(['config.json', 'model.safetensors']);
    const first = contentOf(folder);
    const loaded = await loadModel(folder);
    expect(loaded.config).toEqual(original.config);
    expect(loaded.parameters.names).toEqual(original.parameters.names);
    expect(await weightsHash(loaded.parameters)).toBe(await weightsHash(original.parameters));
    await saveModel(folder, loaded);
    expect(contentOf(folder)).toEqual(first);
    await saveModel(`${folder} 2`, await loadModel(folder));
    expect(contentOf(`${folder} 2`)).toEqual(first);
  });

  it('load a model whose logits are those of the saved one', async () => {
    await saveModel(folder, model);
    const loaded = await loadModel(folder);
    const x = tensor([[0.5, -1, 2]]);
    expect(await loaded.forward(loaded.parameters, x).data()).toEqual(
      await model.forward(model.parameters, x).data(),
    );
  });

  it('take over what else was in the folder, and drop a ledger that no longer fits', async () => {
    const ledger = new Ledger();
    const parameters = edited();
    await ledger.record({ before: model.parameters, after: parameters, method: 'test', options: {} });
    await saveModel(folder, withParameters(model, parameters), { ledger });
    expect(readdirSync(folder)).toEqual([
      'config.json',
      'ledger.json',
      'ledger.safetensors',
      'model.safetensors',
    ]);
    writeFileSync(join(folder, 'notes.txt'), 'kept');
    writeFileSync(join(folder, '.palimpsest-0123456789abcdef.tmp'), 'left behind by a crash');
    mkdirSync(join(folder, 'tokenizer'));
    writeFileSync(join(folder, 'tokenizer', 'vocab.txt'), 'kept too');
    await saveModel(folder, model);
    expect(readdirSync(folder)).toEqual(['config.json', 'model.safetensors', 'notes.txt', 'tokenizer']);
    expect(readFileSync(join(folder, 'tokenizer', 'vocab.txt'), 'utf8')).toBe('kept too');
    expect(readdirSync(join(folder, '..'))).toEqual(['model']);
  });

  it('do not replace a folder that holds something else', async () => {
    mkdirSync(folder, { recursive: true });
    await saveModel(folder, model);
    const other = join(folder, '..', 'photos');
    mkdirSync(other);
    writeFileSync(join(other, 'cat.jpg'), 'meow');
    await expect(saveModel(other, model)).rejects.toMatchObject({
      code: 'ERR_IO',
      message: expect.stringContaining('not a model'),
    });
    expect(readdirSync(other)).toEqual(['cat.jpg']);
    const file = join(other, 'cat.jpg');
    await expect(saveModel(file, model)).rejects.toMatchObject({ code: 'ERR_IO' });
    expect(readFileSync(file, 'utf8')).toBe('meow');
  });

  it('leave the old model when saving fails or is aborted', async () => {
    await saveModel(folder, model);
    const first = contentOf(folder);
    const gone = mlp({ inputs: 3, hidden: [4], classes: 2 }, { seed: 9 });
    await weightsHash(gone.parameters);
    gone.parameters.get('fc2.bias').dispose();
    await expect(saveModel(folder, gone)).rejects.toMatchObject({ code: 'ERR_DISPOSED' });
    const options = { signal: AbortSignal.abort() };
    await expect(saveModel(folder, model, options)).rejects.toMatchObject({ code: 'ERR_ABORTED' });
    expect(contentOf(folder)).toEqual(first);
    expect(readdirSync(join(folder, '..'))).toEqual(['model']);
  });

  it('find the old model when the process died between two renames', async () => {
    await saveModel(folder, model);
    renameSync(folder, join(folder, '..', '.model.previous'));
    expect((await loadModel(folder)).config).toEqual(model.config);
    expect(existsSync(folder)).toBe(true);
  });

  it('refuse a ledger that ends at other weights', async () => {
    const ledger = new Ledger();
    await ledger.record({ before: model.parameters, after: edited(), method: 'test', options: {} });
    await expect(saveModel(folder, model, { ledger })).rejects.toMatchObject({
      code: 'ERR_FORMAT',
      message: expect.stringContaining('changed without being recorded'),
    });
    expect(existsSync(folder)).toBe(false);
  });

  it('refuse a configuration that JSON cannot hold', async () => {
    const odd = { ...withParameters(model, model.parameters), config: { model_type: 'mlp', scale: NaN } };
    await expect(saveModel(folder, odd)).rejects.toMatchObject({
      code: 'ERR_OPTION',
      message: expect.stringContaining('config.scale'),
    });
  });

  it.each<[string, string, RegExp]>([
    ['no JSON', '{', /config.json': .*JSON/],
    ['a list', '[]', /the text field 'model_type' is missing; known are 'mlp', 'cnn'/],
    ['no type', '{"inputs":3}', /'model_type' is missing/],
    ['an unknown type', '{"model_type":"gpt5"}', /unknown model_type 'gpt5'; .*known are 'mlp', 'cnn'/],
    ['a near type', '{"model_type":"cnm"}', /did you mean 'cnn'\?/],
    ['a missing field', '{"model_type":"mlp","inputs":3,"hidden":[4]}', /field 'classes': .*expected number/],
    [
      'a field of text',
      '{"model_type":"mlp","inputs":"3","hidden":[4],"classes":2}',
      /field 'inputs': .*received string/,
    ],
    ['a negative width', '{"model_type":"mlp","inputs":3,"hidden":[-4],"classes":2}', /field 'hidden\[0\]'/],
    [
      'a misspelled field',
      '{"model_type":"mlp","inputs":3,"hidden":[4],"classes":2,"hiden":1}',
      /unknown field 'hiden'; did you mean 'hidden'\?/,
    ],
    [
      'a field twice',
      '{"model_type":"mlp","inputs":3,"hidden":[4],"classes":2,"inputs":3}',
      /"inputs" appears twice/,
    ],
    [
      '__proto__',
      '{"model_type":"mlp","inputs":3,"hidden":[4],"classes":2,"__proto__":{}}',
      /unknown field '__proto__'/,
    ],
    [
      'other widths',
      '{"model_type":"mlp","inputs":3,"hidden":[5],"classes":2}',
      /parameter 'fc1.weight' of shape \[5, 3\] expected, got \[4, 3\]/,
    ],
    [
      'more layers',
      '{"model_type":"mlp","inputs":3,"hidden":[4,2],"classes":2}',
      /parameter 'fc2.weight'|'fc3.weight' .* is missing/,
    ],
    [
      'fewer layers',
      '{"model_type":"mlp","inputs":3,"hidden":[],"classes":4}',
      /no parameter 'fc2.weight' in this model/,
    ],
  ])('refuse a configuration with %s', async (_what, config, message) => {
    await saveModel(folder, model);
    writeFileSync(join(folder, 'config.json'), config);
    await expect(loadModel(folder)).rejects.toMatchObject({
      name: 'FormatError',
      message: expect.stringMatching(message),
    });
  });

  it('refuse weights that are not the model', async () => {
    await saveModel(folder, model);
    const path = join(folder, 'model.safetensors');
    const write = (parameters: Iterable<readonly [string, ReturnType<typeof tensor>]>): Promise<void> =>
      writeSafetensors(path, parameters);
    await write([...model.parameters].slice(1));
    await expect(loadModel(folder)).rejects.toMatchObject({
      code: 'ERR_FORMAT',
      message: expect.stringMatching(/parameter 'fc1.weight' \[4, 3\] is missing/),
    });
    await write(
      [...model.parameters].map(([name, one]) => [name.replace('fc1.weight', 'fc1.wieght'), one] as const),
    );
    await expect(loadModel(folder)).rejects.toMatchObject({
      message: expect.stringMatching(/'fc1.weight' \[4, 3\] is missing; there is a 'fc1.wieght'/),
    });
    const double = tensor(new Float64Array(2));
    await write(
      [...model.parameters].map(([name, one]) => [name, name === 'fc2.bias' ? double : one] as const),
    );
    await expect(loadModel(folder)).rejects.toMatchObject({ code: 'ERR_DTYPE' });
    writeFileSync(path, 'not safetensors');
    await expect(loadModel(folder)).rejects.toMatchObject({ code: 'ERR_FORMAT' });
  });

  it('name what is missing', async () => {
    await expect(loadModel(folder)).rejects.toMatchObject({
      code: 'ERR_IO',
      message: expect.stringContaining('config.json'),
    });
    await saveModel(folder, model);
    renameSync(join(folder, 'model.safetensors'), join(folder, 'weights'));
    await expect(loadModel(folder)).rejects.toMatchObject({
      code: 'ERR_IO',
      message: expect.stringContaining('model.safetensors'),
    });
  });
});

describe('parameters in a file of their own', () => {
  it('come back with what is said about them', async () => {
    mkdirSync(folder, { recursive: true });
    const path = join(folder, 'importance.safetensors');
    const weights = await weightsHash(model.parameters);
    await writeSafetensors(path, model.parameters, { metadata: { statistic: 'diagonal Fisher', weights } });
    const file = await readSafetensors(path);
    expect(Object.fromEntries(file.metadata)).toEqual({ statistic: 'diagonal Fisher', weights });
    expect(await weightsHash(file.parameters())).toBe(weights);
  });
});
