import { autoencoderFamily, unetFamily } from '../diffusion/families';
import { bert, roberta } from './bert';
import { clip, clipText, clipVision } from './clip';
import { distilbert } from './distilbert';
import type { Family } from './family';
import { gemma2 } from './gemma2';
import { gpt2 } from './gpt2';
import { gptJ } from './gptJ';
import { gptNeoX } from './gptNeoX';
import { llama } from './llama';
import { mistral } from './mistral';
import { mixtral } from './mixtral';
import { olmo, olmo2, olmoe } from './olmo';
import { phi3 } from './phi3';
import { qwen2, qwen3 } from './qwen';
import { resnet } from './resnet';
import { t5 } from './t5';
import { deit, vit } from './vit';

/** Every family of checkpoints that can be loaded, by its `model_type`, or by `_class_name` where it is one of `diffusers`. */
export const FAMILIES: ReadonlyMap<string, Family> = new Map(
  [
    ...[gpt2, gptNeoX, gptJ, llama, mistral, qwen2, qwen3],
    ...[olmo, olmo2, olmoe, gemma2, phi3, mixtral],
    ...[bert, roberta, distilbert],
    ...[vit, deit, resnet, clip, clipText, clipVision, t5],
    ...[unetFamily, autoencoderFamily],
  ].map((family) => [family.modelType, family]),
);
