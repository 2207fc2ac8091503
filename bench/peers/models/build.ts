import type { Params } from '../contest';
import { DECODERS, decoderWorkload } from './decoder';
import { imageWorkload } from './vision';
import type { Workload } from './workload';

/** The model that a job names, with its batch. */
export function build({ model, batch, samples }: Params): Promise<Workload> {
  const count = Number(samples ?? batch);
  const name = String(model);
  const sizes = DECODERS[name];
  return sizes ? decoderWorkload(sizes, count) : imageWorkload(name, count);
}
