import type { z } from 'zod';

import type { RunOptions } from '../../graph/tensor';
import type { Model } from '../../models/model';
import type { Unlearned } from '../unlearned';

/** What a method wants besides the model. */
export type Need =
  /** D_f: what is to be forgotten. */
  | 'forget'
  /** D_r: what is to be kept. */
  | 'retain'
  /** D, or its stored importance. */
  | 'full'
  /** Other answers to the questions of D_f. */
  | 'alternate'
  /** How the model's parameters are drawn anew. */
  | 'initial'
  /** The number of a class. */
  | 'class';

/** What there is to know about a method before using it. The words are those of the intention-oriented survey (SoK: Machine Unlearning for LLMs). */
export interface MethodInfo {
  readonly name: string;
  readonly title: string;
  readonly paper: string;
  /** What it works on. */
  readonly kind: 'classifier' | 'languageModel' | 'diffusion';
  /** Removal: the knowledge is taken out of the weights. Suppression: it is kept from showing. Reference: neither. */
  readonly intention: 'removal' | 'suppression' | 'reference';
  readonly technique:
    | 'auxiliary model'
    | 'distillation'
    | 'gradient'
    | 'influence'
    | 'localised edit'
    | 'preference'
    | 'prompt'
    | 'representation'
    | 'retraining'
    | 'task arithmetic';
  /** Where it acts. */
  readonly level: 'input' | 'output' | 'parameters' | 'representation';
  readonly needs: readonly Need[];
  /** What can be asked to be forgotten. */
  readonly granularity: readonly ('capability' | 'class' | 'concept' | 'entity' | 'sample')[];
  /** Whether it may be applied to its own result, for request after request. */
  readonly sequential: boolean;
  /** The export of this package. */
  readonly module: string;
}

/**
 * A method: what there is to know about it, its options with their defaults and where those come from, and what it does.
 * The schema's `describe` and `meta({ source })` are the one home of what an option means.
 */
export interface Method<D, S extends z.ZodObject = z.ZodObject> extends MethodInfo {
  readonly options: S;
  readonly run: (
    model: Model,
    data: D,
    options: z.input<S>,
    run: RunOptions,
  ) => Promise<Unlearned<z.output<S>>>;
}

/** The same record, with the types of its options worked out. */
export const defineMethod = <D, S extends z.ZodObject>(method: Method<D, S>): Method<D, S> => method;
