export const CONFIG = 'config.json';
export const GENERATION = 'generation_config.json';
export const WEIGHTS = 'model.safetensors';
export const WEIGHTS_INDEX = 'model.safetensors.index.json';

/** Weights as pickles, which are programs and not data. */
export const isPickle = (name: string): boolean => /^pytorch_model.*\.bin$|\.(?:pt|pth|ckpt)$/.test(name);

/** Files of weights under the names that `transformers` looks for, in whatever format. */
export const isWeights = (name: string): boolean =>
  /^(?:model|pytorch_model)(?:-\d+-of-\d+)?\.(?:safetensors|bin)(?:\.index\.json)?$|^tf_model\.h5$|^flax_model\.msgpack$/.test(
    name,
  );

/** What belongs to a model's texts and images beside its weights. */
export const isTokenizerFile = (name: string): boolean =>
  /^(?:tokenizer|vocab|merges|special_tokens|added_tokens|preprocessor_config|processor_config|chat_template|spiece|sentencepiece)/.test(
    name,
  );
