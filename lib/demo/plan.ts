import type { LabeledSet } from '../data/labeledSet';
import type { Parameters } from '../graph/parameters';
import type { Model } from '../models/model';
import type { RequestName } from '../report/result';
import type { JudgeSets } from './judge';
import type { Strength, StrengthTrial } from './searchStrength';

/** A trained model with what is stored beside it. */
export interface Trained {
  readonly model: Model;
  /** I_D over the data it was trained on. */
  readonly importance: Parameters;
  readonly importanceSeconds: number;
}

/** A request to forget: what the methods are given, and what they are judged by. */
export interface RequestPlan {
  readonly name: RequestName;
  readonly title: string;
  readonly description: string;
  readonly trained: Trained;
  readonly forget: LabeledSet;
  readonly retain: LabeledSet;
  /** Size of the data behind `trained.importance`. */
  readonly fullSize: number;
  readonly forgetClass?: number;
  /** Data that no reported number uses: every option is chosen here. */
  readonly search: {
    readonly forget: LabeledSet;
    readonly retain: LabeledSet;
    readonly grid: readonly Strength[];
    /** Higher is better; `original` is the untouched model on the same sets. */
    readonly score: (trial: Accuracies, original: Accuracies) => number;
    /** The grid goes from gentle to strong: the first strength that does its work ends the search. */
    readonly isGood?: (trial: Accuracies, original: Accuracies) => boolean;
    /** When gradient ascent has done enough, or harm. */
    readonly enough: (now: Accuracies, original: Accuracies) => boolean;
  };
  readonly ascentEpochs: number;
  readonly judge: JudgeSets;
}

export type Accuracies = Pick<StrengthTrial, 'forgetAccuracy' | 'retainAccuracy'>;
