import { decoderFamily } from './decoderFamily';
import { llamaLike, readWindows } from './llamaLike';

/** Mistral (Jiang et al. 2023): Llama with a window over the steps before. */
export const mistral = decoderFamily('mistral', 'Mistral', (fields) => {
  const own = llamaLike(fields);
  return { ...own, windows: readWindows(fields, own.blocks) };
});
