import type { Params } from '../contest';
import { DECODERS, decoderWorkload } from './decoder';
import { imageWorkload } from './vision';
import type { Workload } from './workload';

const optional = (value: Params[string]): number | undefined =>
  value === undefined ? undefined : Number(value);

/** The model that a job names, with its batch; `context` and `hidden` are other sizes than the model's own. */
export function build({ model, batch, samples, context, hidden }: Params): Promise<Workload> {
  const count = Number(samples ?? batch);
  const name = String(model);
  const sizes = DECODERS[name];
  if (!sizes) return imageWorkload(name, count, optional(hidden));
  return decoderWorkload({ ...sizes, context: optional(context) ?? sizes.context }, count);
}
