import type { Command } from 'commander';

import { FormatError, OptionError } from '../errors';
import type { Parameters } from '../graph/parameters';
import type { Tensor } from '../graph/tensor';
import type { SafetensorsFile } from '../io/safetensors';
import type { CheckpointModel } from '../models/checkpoint/checkpointModel';
import type { ModelInputs } from '../models/inputs';
import { writeJson, type Terminal } from './terminal';

interface RunFlags {
  readonly input: string;
  readonly out: string;
  readonly read: readonly string[];
  readonly grad: readonly string[];
  readonly json?: boolean;
}

const HELP = `
The input holds input_ids, and where needed attention_mask, position_ids, token_type_ids, decoder_input_ids; or pixel_values; or sample,
timestep and encoder_hidden_states; or latents; or inputs. With labels
(-100 where none count) the output has the loss: of every step's next label for models of what comes next, else of each label.
The output holds logits, hidden, pooled, text_embeds, image_embeds, loss, every hook point as read:NAME and every gradient of the loss as grad:NAME.

Example:
  palimpsest run ./gpt2 --input in.safetensors --out out.safetensors --read blocks.0.attn_out --grad transformer.wte.weight`;

const collected = (value: string, before: readonly string[]): readonly string[] => [...before, value];

/** `palimpsest run`: a forward pass of arrays in a file, for whoever compares us with another framework. */
export function addRun(program: Command, terminal: Terminal): void {
  program
    .command('run')
    .description('evaluate a model on arrays and write what comes out')
    .argument('<folder>', 'a checkpoint, or a folder that palimpsest saved')
    .requiredOption('--input <file>', 'safetensors with the inputs')
    .requiredOption('--out <file>', 'safetensors that is written')
    .option('--read <name>', 'a hook point to write; may be given several times', collected, [])
    .option(
      '--grad <name>',
      'a parameter whose gradient of the loss to write; may be given several times',
      collected,
      [],
    )
    .option('--json', 'print one line of JSON')
    .addHelpText('after', HELP)
    .action((folder: string, flags: RunFlags) => runModel(folder, flags, terminal));
}

async function runModel(folder: string, flags: RunFlags, { signal, stdout }: Terminal): Promise<void> {
  const { loadModel } = await import('../models/folder.js');
  const { run } = await import('../models/hooks/run.js');
  const { readSafetensors } = await import('../io/safetensors.js');
  const { writeSafetensors } = await import('../io/writeSafetensors.js');
  const { evaluate } = await import('../graph/evaluate.js');
  const model = await loadModel(folder, { signal });
  const file = await readSafetensors(flags.input);
  const held = new Set(file.entries.map(({ name }) => name));
  const inputs = inputsOf(flags.input, file, held);
  const { logits, hidden, cache, pooled, textEmbeddings, imageEmbeddings, read } = run(model, inputs, {
    read: flags.read,
  });
  const written: (readonly [string, Tensor])[] = [
    ...(logits ? [['logits', logits] as const] : []),
    ['hidden', hidden],
    ...(pooled ? [['pooled', pooled] as const] : []),
    ...(textEmbeddings ? [['text_embeds', textEmbeddings] as const] : []),
    ...(imageEmbeddings ? [['image_embeds', imageEmbeddings] as const] : []),
    ...Object.entries(read).map(([name, value]) => [`read:${name}`, value] as const),
  ];
  if (held.has('labels')) {
    const { softmaxCrossEntropy } = await import('../ops/losses/softmaxCrossEntropy.js');
    const { slice } = await import('../ops/shape/slice.js');
    const labels = file.tensor('labels');
    const lossOf = (given: Tensor | undefined): Tensor => {
      if (!given) throw new OptionError('run: labels need a model with logits');
      if (!cache) return softmaxCrossEntropy(given, labels, { reduction: 'mean' });
      const [rows = 0, steps = 0, classes = 0] = given.shape;
      const before = slice(given, { starts: [0, 0, 0], stops: [rows, steps - 1, classes] });
      return softmaxCrossEntropy(before, slice(labels, { starts: [0, 1], stops: [rows, steps] }), {
        reduction: 'mean',
      });
    };
    written.push(['loss', lossOf(logits)]);
    written.push(...(await gradients(model, inputs, flags.grad, lossOf)));
  } else if (flags.grad.length > 0) {
    throw new OptionError(`run: --grad needs labels in '${flags.input}'`);
  }
  await evaluate(
    written.map(([, value]) => value),
    { signal },
  );
  await writeSafetensors(flags.out, written, { signal });
  const outputs = Object.fromEntries(written.map(([name, { shape, dtype }]) => [name, { shape, dtype }]));
  if (flags.json === true) writeJson(stdout, { out: flags.out, outputs });
  else
    for (const [name, { shape, dtype }] of written) stdout.write(`${name} ${dtype} [${shape.join(', ')}]\n`);
}

async function gradients(
  model: CheckpointModel,
  inputs: ModelInputs,
  names: readonly string[],
  lossOf: (logits: Tensor | undefined) => Tensor,
): Promise<(readonly [string, Tensor])[]> {
  if (names.length === 0) return [];
  const { grad } = await import('../transforms/index.js');
  const { Parameters: Dictionary } = await import('../graph/parameters.js');
  const asked = new Dictionary(
    names.map((name) => {
      const own = model.tied.get(name) ?? name;
      return [own, model.parameters.get(own)] as const;
    }),
  );
  const slopes = grad((some: Parameters) =>
    lossOf(model.outputs(model.parameters.with(some), inputs).logits),
  )(asked);
  return names.map((name) => [`grad:${name}`, slopes.get(model.tied.get(name) ?? name)] as const);
}

function inputsOf(path: string, file: SafetensorsFile, held: ReadonlySet<string>): ModelInputs {
  const optional = {
    attentionMask: 'attention_mask',
    positionIds: 'position_ids',
    tokenTypeIds: 'token_type_ids',
    decoderInputIds: 'decoder_input_ids',
    decoderAttentionMask: 'decoder_attention_mask',
  };
  if (held.has('input_ids')) {
    const others = Object.entries(optional).filter(([, name]) => held.has(name));
    return {
      ...(held.has('pixel_values') ? { pixelValues: file.tensor('pixel_values') } : {}),
      inputIds: file.tensor('input_ids'),
      ...Object.fromEntries(others.map(([ours, name]) => [ours, file.tensor(name)])),
    };
  }
  if (held.has('pixel_values')) return { pixelValues: file.tensor('pixel_values') };
  if (held.has('sample')) {
    const [sample, timestep] = [file.tensor('sample'), file.tensor('timestep')];
    return { sample, timestep, encoderHiddenStates: file.tensor('encoder_hidden_states') };
  }
  if (held.has('latents')) return { latents: file.tensor('latents') };
  if (held.has('inputs')) return file.tensor('inputs');
  throw new FormatError(
    `'${path}': one of input_ids, pixel_values, sample, latents and inputs expected, got ${[...held].join(', ')}`,
  );
}
