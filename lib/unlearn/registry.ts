import { measured } from './measured';

/** What there is to know about a method before using it. */
export interface MethodEntry {
  readonly name: string;
  readonly title: string;
  readonly paper: string;
  /** Removal: the knowledge is taken out of the weights. Suppression: it is kept from showing. Reference: neither. */
  readonly intention: 'removal' | 'suppression' | 'reference';
  readonly needs: string;
  /** The export of this package. */
  readonly module: string;
  /** What `palimpsest demo` showed: accuracies after the request; see the README for the whole table. */
  readonly measured: string;
}

/** Every unlearning method of this package. */
export const unlearningMethods: readonly MethodEntry[] = [
  {
    name: 'ssd',
    title: 'Selective Synaptic Dampening',
    paper: 'Foster, Schoepf, Brintrup 2023 (AAAI 2024)',
    intention: 'removal',
    needs: 'forget set; all data, or its stored importance',
    module: 'palimpsest/unlearn',
    measured: measured.ssd,
  },
  {
    name: 'gradientAscent',
    title: 'Gradient ascent (NegGrad)',
    paper: 'Golatkar, Achille, Soatto 2020; Jang et al. 2022',
    intention: 'removal',
    needs: 'forget set; a rule for when to stop',
    module: 'palimpsest/unlearn',
    measured: measured.gradientAscent,
  },
  {
    name: 'fineTune',
    title: 'Fine-tuning on the rest',
    paper: 'Golatkar, Achille, Soatto 2020',
    intention: 'removal',
    needs: 'retain set',
    module: 'palimpsest/unlearn',
    measured: measured.fineTune,
  },
  {
    name: 'zeroRow',
    title: "Zeroing the class's output row",
    paper: 'a baseline; compare Chen et al. 2023 and Kodge et al. 2024',
    intention: 'suppression',
    needs: 'the index of the class',
    module: 'palimpsest/unlearn',
    measured: measured.zeroRow,
  },
  {
    name: 'retrain',
    title: 'Retraining without the forget set',
    paper: 'the reference of every comparison',
    intention: 'reference',
    needs: 'retain set and the training recipe',
    module: 'palimpsest/unlearn',
    measured: measured.retrain,
  },
];
