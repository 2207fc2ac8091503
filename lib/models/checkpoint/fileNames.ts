export const CONFIG = 'config.json';
export const GENERATION = 'generation_config.json';

/** How the names of files of weights begin: in `transformers`, and in `diffusers`. */
export const WEIGHT_STEMS = ['model', 'diffusion_pytorch_model'] as const;
export const weightsOf = (stem: string): string => `${stem}.safetensors`;
export const indexOf = (stem: string): string => `${stem}.safetensors.index.json`;

/** A configuration of `diffusers` names its class in a field of its own. */
export const stemFor = (config: object): string => WEIGHT_STEMS['_class_name' in config ? 1 : 0];

/** Weights as pickles, which are programs and not data. */
export const isPickle = (name: string): boolean =>
  /^(?:diffusion_)?pytorch_model.*\.bin$|\.(?:pt|pth|ckpt)$/.test(name);

/** Files of weights under the names that `transformers` and `diffusers` look for, in whatever format and precision. */
export const isWeights = (name: string): boolean =>
  /^(?:model|(?:diffusion_)?pytorch_model)(?:\.fp\d+|\.non_ema)?(?:-\d+-of-\d+)?\.(?:safetensors|bin)(?:\.index\.json)?$|^tf_model\.h5$|^(?:diffusion_)?flax_model\.msgpack$/.test(
    name,
  );

/** What belongs to a model's texts and images beside its weights. */
export const isTokenizerFile = (name: string): boolean =>
  /^(?:tokenizer|vocab|merges|special_tokens|added_tokens|preprocessor_config|processor_config|chat_template|spiece|sentencepiece)/.test(
    name,
  );
