import type { Tensor } from '../../../graph/tensor';
import type { NoiseSchedule } from './noiseSchedule';

/** What a sampler remembers from one step to the next, as an explicit value: nothing is changed in it. */
export interface SamplerState {
  /** Where the step goes on from. */
  readonly sample: Tensor;
  /** Outputs of steps before, the latest first; empty in the beginning. */
  readonly outputs: readonly Tensor[];
  /** The sample that a step which is taken twice began with. */
  readonly start?: Tensor;
}

/** A run of so many steps. All of it is lazy and differentiable. */
export interface Sampler {
  /** What the network is told at each of its calls, from the noisiest down. */
  readonly timesteps: readonly number[];
  /** The deviation of the noise that a run starts from. */
  readonly initialScale: number;
  /** Whether steps take fresh noise. */
  readonly isRandom: boolean;
  /** What the network is shown at call i. */
  input(sample: Tensor, i: number): Tensor;
  /** The state behind call i, from what the network said. `noise` is standard normal, for samplers that are random. */
  step(i: number, state: SamplerState, output: Tensor, noise?: Tensor): SamplerState;
}

export interface SamplerOptions {
  /** How much of DDPM's noise a step of DDIM adds, 0 to 1 (eta of Song et al. 2021). DDIM only. Default 0. */
  readonly eta?: number;
  /** The noise of a step is what leads to the clipped clean sample, not what the network said. DDIM only. Default false. */
  readonly useClippedOutput?: boolean;
}

/** A scheduler of `diffusers`: how noise is added, and how samples are drawn. */
export interface Scheduler {
  /** `DDPMScheduler`, `DDIMScheduler`, `PNDMScheduler` or `EulerDiscreteScheduler`. */
  readonly kind: string;
  readonly schedule: NoiseSchedule;
  /** @throws OptionError for a number of steps that does not fit. */
  sampler(steps: number, options?: SamplerOptions): Sampler;
}

/** a of a step; what is before the first one has the final a. */
export const alphaAt = ({ alphasCumprod }: NoiseSchedule, t: number, final: number): number =>
  t < 0 ? final : (alphasCumprod[t] ?? final);
