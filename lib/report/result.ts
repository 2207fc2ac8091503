/** Plain JSON data: what a run of the main job measured, and all that its report shows. */
export interface DemoResult {
  /** Name of the data, for instance `MNIST`. */
  readonly dataset: string;
  readonly seed: number;
  readonly quick: boolean;
  readonly environment: DemoEnvironment;
  readonly model: DemoModel;
  /** Time to compute the importance of all training data, once; it is then stored beside the model. */
  readonly importanceSeconds: number;
  readonly requests: readonly DemoRequest[];
}

export interface DemoEnvironment {
  readonly node: string;
  readonly threads: number;
  /** The widest instruction set the kernels used: `avx512`, `avx2` or `baseline`. */
  readonly isa?: string;
  /** Version of this package. */
  readonly palimpsest?: string;
}

export interface DemoModel {
  /** The architecture as saved beside the weights. */
  readonly config: PlainObject;
  readonly testAccuracy: number;
  /** How many numbers the model holds. */
  readonly parameters: number;
}

export type RequestName = 'class' | 'random' | 'backdoor';
export type MethodName = 'original' | 'ssd' | 'gradientAscent' | 'fineTune' | 'zeroRow' | 'retrain';

/** One request to forget, and what each method made of it. */
export interface DemoRequest {
  readonly name: RequestName;
  readonly title: string;
  readonly description: string;
  readonly forgetSize: number;
  readonly retainSize: number;
  /** The class to forget, when the request is about one. */
  readonly forgetClass?: number;
  readonly methods: readonly MethodResult[];
  /** Test examples by true (row) and predicted class (column), before and after SSD. */
  readonly confusionBefore: readonly (readonly number[])[];
  readonly confusionAfter: readonly (readonly number[])[];
  readonly alphaSweep: readonly SweepPoint[];
  readonly chosenAlpha: number;
  /** Distribution of log10(I_f / I_D) over the parameters. */
  readonly ratioHistogram: { readonly edges: readonly number[]; readonly counts: readonly number[] };
  readonly examples: readonly DemoExample[];
  readonly ledger: readonly LedgerRow[];
}

/** Accuracies and `mia` lie in 0 to 1. */
export interface MethodResult {
  readonly name: MethodName;
  readonly forgetAccuracy: number;
  readonly retainAccuracy: number;
  readonly testAccuracy: number;
  /** Share of triggered test images that get their true class; the backdoor request only. */
  readonly triggeredAccuracy?: number;
  /** Share of the forget set that the membership-inference attack calls members of the training set. */
  readonly mia: number;
  readonly seconds: number;
  readonly weightsChanged: number;
  readonly options: PlainObject;
}

/** Accuracies for one dampening strength, on the data that the choice is made on. */
export interface SweepPoint {
  readonly alpha: number;
  readonly forgetAccuracy: number;
  readonly retainAccuracy: number;
  /** How many parameters were dampened. */
  readonly selected: number;
}

export interface DemoExample {
  /** 28 x 28 grey values from 0 to 255, row by row. */
  readonly pixels: readonly number[];
  readonly label: number;
  /** Predicted class of the original model and of the edited one. */
  readonly before: number;
  readonly after: number;
  /** Heading under which the example is shown, for instance `forgotten` or `kept`. */
  readonly group: string;
}

/** One recorded change of weights. */
export interface LedgerRow {
  readonly id: string;
  readonly method: string;
  /** ISO 8601. */
  readonly time?: string;
  readonly options: PlainObject;
  readonly weightsChanged: number;
  /** Names of the parameters that changed. */
  readonly parameters: readonly string[];
  /** SHA-256 of all weights. */
  readonly digestBefore: string;
  readonly digestAfter: string;
  /** SHA-256 of the data that the method was given. */
  readonly dataDigest?: string;
}

export type Plain = string | number | boolean | null | readonly Plain[] | PlainObject;
export interface PlainObject {
  readonly [key: string]: Plain;
}
