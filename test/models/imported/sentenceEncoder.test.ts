import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import '../../../lib/graph/evaluate';
import {
  loadSentenceEncoder,
  NO_TOKEN,
  type SentenceEncoder,
} from '../../../lib/models/imported/sentenceEncoder';
import { SentencePieces } from '../../../lib/models/imported/sentencePieces';
import { matmul } from '../../../lib/ops/products/matmul';
import { transpose } from '../../../lib/ops/shape/transpose';
import { expectClose } from '../../support/compare';
import { SENTENCES } from './sentences';

const golden = JSON.parse(readFileSync(join(__dirname, 'golden', 'sentences.json'), 'utf8')) as {
  tokens: number[][];
  embeddings: number[][];
};
/** Rounding in float32 through two layers. */
const ROUNDING = 2e-5;

let encoder: SentenceEncoder;
beforeAll(async () => (encoder = await loadSentenceEncoder()));

test('has the weights of the package', () => {
  expect(encoder.parameters.elementCount).toBeGreaterThan(6.9e6);
  expect(encoder.parameters.get('module/Embeddings_en').shape).toEqual([8002, 256]);
});

test('gives the embeddings that TensorFlow.js gives', async () => {
  const tokens = await encoder.tokens(SENTENCES).data<'int32'>();
  expect(golden.tokens.flat()).toEqual([...tokens].filter((token) => token !== NO_TOKEN));
  const embeddings = await encoder.embed(SENTENCES).data();
  expectClose(embeddings, golden.embeddings.flat(), ROUNDING, 'embeddings');
});

test('a text has the same embedding by itself as beside longer ones', async () => {
  const [alone] = golden.embeddings;
  expectClose(await encoder.embed([SENTENCES[0]]).data(), alone!, ROUNDING, 'embedding');
});

test('sentences of like meaning are nearer than all others', async () => {
  const embeddings = encoder.embed(SENTENCES);
  const similar = await matmul(embeddings, transpose(embeddings)).data();
  const of = (a: number, b: number): number => similar[a * SENTENCES.length + b]!;
  for (let i = 0; i < SENTENCES.length; i++) {
    expect(of(i, i)).toBeCloseTo(1, 4);
    const others = SENTENCES.map((_, j) => j).filter((j) => j !== i && j !== (i ^ 1));
    expect(of(i, i ^ 1)).toBeGreaterThan(Math.max(...others.map((j) => of(i, j))) + 0.1);
  }
});

describe('pieces', () => {
  const head = Array.from({ length: 6 }, (_, i) => [`<${i}>`, 0]);
  const pieces = new SentencePieces([...head, ['▁a', -1], ['b', -1], ['▁ab', -1.5], ['▁', -3], ['a', -4]]);

  test('are those with the best sum of scores', () => {
    expect(pieces.encode('ab')).toEqual([8]);
    expect(pieces.encode('ab a')).toEqual([8, 6]);
    expect(pieces.encode('')).toEqual([]);
  });

  test('mark what is unknown once', () => {
    expect(pieces.encode('azzzb')).toEqual([6, 0, 7]);
  });

  test('are refused when they are something else', () => {
    expect(() => new SentencePieces({})).toThrow('a list of pieces');
    expect(() => new SentencePieces([['a', 'b']])).toThrow('entry 0');
  });
});
