import type { Params } from '../contest';
import { integerNumbers, uniformNumbers } from '../words';

/** A library for Node at one job, ready to be timed. */
export interface Contest {
  /** Timed; results have been computed when it ends. */
  readonly run: () => Promise<unknown>;
  /** The last run's numbers, tensor by tensor. */
  readonly result: (value: unknown) => Promise<readonly Float32Array[]>;
  /** Untimed. */
  readonly free: (value: unknown) => void;
}

export type Library = (params: Params) => Promise<Contest>;

/** Loads a package that the type checker need not find: it is installed for the benchmark alone. */
export async function load(name: string): Promise<any> {
  try {
    return await import(name);
  } catch (error) {
    throw new Error(`${name} cannot be loaded; npm ci --ignore-scripts --prefix bench/peers/node`, {
      cause: error,
    });
  }
}

export interface Operand {
  readonly numbers: Float32Array;
  readonly shape: readonly [number, number];
}

/** What a product's job multiplies, [m, k] and [k, n]. */
export function operandsOf(params: Params): { readonly a: Operand; readonly b: Operand } {
  const [m, n, k] = [Number(params.m), Number(params.n), Number(params.k)];
  if (params.form !== 'NN') throw new Error(`only products of the form NN are asked here`);
  return {
    a: { numbers: uniformNumbers('left', m * k), shape: [m, k] },
    b: { numbers: uniformNumbers('right', k * n), shape: [k, n] },
  };
}

export const WIDTHS = [784, 1024, 1024, 10] as const;

interface Layer {
  readonly weight: Operand;
  readonly out: number;
}

/** The MLP's weights [out, in] (biases are 0) and its batch, as ../models/vision.ts makes them. */
export function mlpOf(params: Params): {
  readonly layers: readonly Layer[];
  readonly images: Operand;
  readonly labels: Int32Array;
} {
  const batch = Number(params.batch);
  const layers = WIDTHS.slice(1).map((out, i): Layer => {
    const inputs = WIDTHS[i] ?? 0;
    const numbers = uniformNumbers(`${2 * i}.weight`, out * inputs, Math.sqrt(3 / inputs));
    return { weight: { numbers, shape: [out, inputs] }, out };
  });
  const images = { numbers: uniformNumbers('images', batch * WIDTHS[0]), shape: [batch, WIDTHS[0]] } as const;
  return { layers, images, labels: integerNumbers('labels', batch, WIDTHS[3]) };
}

/** The job of a library, by the job's name. */
export function jobOf(name: string, jobs: Readonly<Record<string, Library>>): Library {
  return async (params) => {
    const job = jobs[params.job];
    if (!job) throw new Error(`${name} has no '${params.job}': it differentiates nothing`);
    return job(params);
  };
}
