import { join } from 'node:path';

import { checkOptions, OptionError } from '../../../errors';
import { evaluate } from '../../../graph/evaluate';
import { extent } from '../../../graph/shape';
import type { RunOptions, Tensor } from '../../../graph/tensor';
import { readTfjsModel } from '../../../io/tfjs/model';
import { softmax } from '../../../ops/networks/softmax';
import type { Parameters } from '../../../graph/parameters';
import type { Model } from '../../model';
import { packageFolder } from '../packageFolder';
import { facesIn, type DetectedFace } from './detection';
import { checkImage, cropped, squared, type Box } from './image';
import { ageAndGender, detectorGrid, expressionLogits, EXPRESSIONS, faceDescriptor } from './networks';

const PACKAGE = '@vladmandic/face-api';
const FACE_SIZE = 112;
const DESCRIPTOR_SIZE = 150;

export interface FaceNetworksOptions {
  /** Where the weights are. Default: the folder `model` of the npm package `@vladmandic/face-api`. */
  readonly folder?: string;
  readonly signal?: AbortSignal;
}

export interface DetectOptions {
  /** The image is made this large, a multiple of 32: the larger, the smaller the faces that are found. Default 416 (face-api.js). */
  readonly size?: number;
  /** Scores up to this are no faces. Default 0.5 (face-api.js). */
  readonly threshold?: number;
  /** Boxes that share more with a better one are left out. Default 0.4 (face-api.js). */
  readonly overlap?: number;
}

/** What the networks say of a face. */
export interface FaceDescription {
  /** The probability of each expression. */
  readonly expressions: Readonly<Record<(typeof EXPRESSIONS)[number], number>>;
  /** In years. */
  readonly age: number;
  /** The probability that it is a man's. */
  readonly male: number;
  /** A place in a space where faces of one person are less than about 0.6 apart, [128]. */
  readonly descriptor: Float32Array;
}

/** Pretrained networks for faces. */
export interface FaceNetworks {
  /** Tells expressions apart: a classifier of faces [N, 3, 112, 112] with pixels from 0 to 255, for every method that works on one. */
  readonly expressions: Model;
  /** The parameters of the other networks, under the names of their files. */
  readonly parameters: Readonly<Record<'ageGender' | 'detector' | 'recognition', Parameters>>;
  /** Faces of an image [H, W, 3] of uint8 or float32 from 0 to 255, the surest first. */
  detect(image: Tensor, options?: DetectOptions, run?: RunOptions): Promise<DetectedFace[]>;
  /** A face as `expressions` takes it, [1, 3, 112, 112]. */
  face(image: Tensor, box: Box): Tensor;
  describe(image: Tensor, box: Box, run?: RunOptions): Promise<FaceDescription>;
}

/**
 * Loads the networks of face-api.js (Mühler 2018; MIT licence) from the npm package `@vladmandic/face-api`: a detector in the manner of
 * YOLO v2, expressions by densely connected blocks, age and gender by a small Xception, and the recognition network of dlib (King 2017).
 *
 * @example
 * const faces = await loadFaceNetworks();
 * const [found] = await faces.detect(image);
 * const { expressions, age } = await faces.describe(image, found.box);
 * @throws PalimpsestError ERR_IO when the package or a file is missing; FormatError for files that are something else.
 */
export async function loadFaceNetworks(options: FaceNetworksOptions = {}): Promise<FaceNetworks> {
  checkOptions('loadFaceNetworks', options, ['folder', 'signal']);
  const { folder = packageFolder('loadFaceNetworks', PACKAGE, 'model'), signal } = options;
  const read = async (name: string): Promise<Parameters> => {
    const path = join(folder, `${name}_model-weights_manifest.json`);
    return (await readTfjsModel(path, signal ? { signal } : {})).parameters;
  };
  const [expression, ageGender, recognition, detector] = await Promise.all(
    ['face_expression', 'age_gender', 'face_recognition', 'tiny_face_detector'].map(read),
  );
  if (!expression || !ageGender || !recognition || !detector)
    throw new OptionError('loadFaceNetworks: four networks expected');
  return facesOf({ expression, ageGender, recognition, detector });
}

type Networks = Readonly<Record<'expression' | 'ageGender' | 'recognition' | 'detector', Parameters>>;

function facesOf({ expression, ageGender, recognition, detector }: Networks): FaceNetworks {
  const face = (image: Tensor, box: Box): Tensor => squared(cropped(image, box), FACE_SIZE, true);
  return {
    expressions: {
      config: { model_type: 'face-expression', classes: EXPRESSIONS.length },
      parameters: expression,
      forward: expressionLogits,
    },
    parameters: { ageGender, recognition, detector },
    face: (image, box) => {
      checkImage('face', image);
      return face(image, box);
    },
    async detect(image, options = {}, run = {}) {
      checkOptions('detect', options, ['size', 'threshold', 'overlap']);
      checkImage('detect', image);
      const { size = 416, threshold = 0.5, overlap = 0.4 } = options;
      if (!Number.isInteger(size) || size < 32 || size % 32 !== 0)
        throw new OptionError(`detect: size must be a multiple of 32, got ${size}`);
      const grid = await evaluate(detectorGrid(detector, squared(image, size, false)), run);
      const side = Math.max(extent(image.shape, 0), extent(image.shape, 1));
      const cells = extent(grid.shape, 1);
      return facesIn(await grid.data<'float32'>(), cells, side, {
        threshold,
        overlap,
      });
    },
    async describe(image, box, run = {}) {
      checkImage('describe', image);
      const pixels = face(image, box);
      const { age, genderLogits } = ageAndGender(ageGender, pixels);
      const descriptor = faceDescriptor(recognition, squared(cropped(image, box), DESCRIPTOR_SIZE, true));
      const shares = softmax(expressionLogits(expression, pixels));
      const values = await evaluate({ age, genders: softmax(genderLogits), descriptor, shares }, run);
      const probabilities = await values.shares.data<'float32'>();
      return {
        expressions: Object.fromEntries(
          EXPRESSIONS.map((name, i) => [name, probabilities[i] ?? 0]),
        ) as FaceDescription['expressions'],
        age: await values.age.item(),
        male: (await values.genders.data<'float32'>())[0] ?? 0,
        descriptor: Float32Array.from(await values.descriptor.data<'float32'>()),
      };
    },
  };
}
