import type { LabeledSet } from '../data/labeledSet';
import { permutation } from '../data/shuffle';
import type { Accuracies, RequestPlan, Trained } from './plan';
import type { Strength } from './searchStrength';
import { PATCH_SIZE, POISON_LABEL, type DemoSettings } from './settings';

/** Real digits in three disjoint parts. */
export interface DemoData {
  readonly train: LabeledSet;
  readonly validation: LabeledSet;
  readonly test: LabeledSet;
}

/** The first examples of a set, or all when there are fewer. */
const first = (set: LabeledSet, count: number): LabeledSet =>
  set.subset(Int32Array.from({ length: Math.min(count, set.size) }, (_, i) => i));

/** All pairs of a selection strength and a dampening strength, from weak to strong. */
const strengths = (alphas: readonly number[], lambdas: readonly number[]): Strength[] =>
  alphas.flatMap((alpha) => lambdas.map((lambda) => ({ alpha, lambda, series: lambda })));

/** How many examples of each kind the judge looks at where there are more. */
const JUDGED = 5_000;
const ATTACKED = 2_000;

/** Forget all images of one digit. */
export function classRequest(
  { train, validation, test }: DemoData,
  trained: Trained,
  digit: number,
  { searchSize }: DemoSettings,
): RequestPlan {
  const parted = (set: LabeledSet): { chosen: LabeledSet; rest: LabeledSet } =>
    set.split(set.indicesWhere((label) => label === digit));
  const [{ chosen: forget, rest: retain }, heldOut, unseen] = [
    parted(train),
    parted(validation),
    parted(test),
  ];
  return {
    name: 'class',
    title: `Forget the digit ${digit}`,
    description:
      `All ${forget.size} training images of the digit ${digit} are to be forgotten. Forget and retain accuracy are those ` +
      'of the test images of this digit and of the others.',
    trained,
    forget,
    retain,
    fullSize: train.size,
    forgetClass: digit,
    search: {
      forget: first(heldOut.chosen, searchSize),
      retain: first(heldOut.rest, searchSize),
      // alpha >= |D|/|D_f|, about 10, selects nothing.
      grid: strengths([9, 7, 6, 5, 4, 3, 2, 1.5], [1, 0.3, 0.1]),
      score: ({ forgetAccuracy, retainAccuracy }) => retainAccuracy - Math.max(0, forgetAccuracy - 0.02) * 10,
      isGood: (now, original) => now.forgetAccuracy <= 0.02 && lost(now, original) <= 0.01,
      enough: (now, original) => now.forgetAccuracy <= 0.02 || lost(now, original) > 0.02,
    },
    ascentEpochs: 1,
    judge: {
      forget: unseen.chosen,
      retain: unseen.rest,
      test,
      forgetMembers: first(forget, ATTACKED),
      retainMembers: first(retain, ATTACKED),
      nonMembers: first(unseen.rest, ATTACKED),
    },
  };
}

/** Forget some training images, of all digits. */
export function randomRequest(
  { train, validation, test }: DemoData,
  trained: Trained,
  seed: number,
  { randomForgetSize, searchSize }: DemoSettings,
): RequestPlan {
  const { chosen: forget, rest: retain } = train.split(
    permutation(train.size, seed).slice(0, randomForgetSize),
  );
  const half = Math.floor(forget.size / 2);
  const judged = forget.subset(Int32Array.from({ length: forget.size - half }, (_, i) => half + i));
  return {
    name: 'random',
    title: `Forget ${forget.size} random images`,
    description:
      `${forget.size} training images of all digits are to be forgotten. Options are chosen on one half of them; the ` +
      'forget accuracy and the attack are about the other half. Retraining shows what to aim at: images that were never seen.',
    trained,
    forget,
    retain,
    fullSize: train.size,
    search: {
      forget: first(forget, half),
      retain: first(validation, searchSize),
      grid: strengths([50, 40, 30, 25, 20, 15, 12, 10, 8, 6, 5, 4, 3], [1]),
      // As if never seen: as accurate on the forgotten as on held-out images, and no less accurate on these.
      score: (now, original) =>
        -Math.abs(now.forgetAccuracy - original.retainAccuracy) - 2 * Math.max(0, lost(now, original)),
      enough: (now, original) => now.forgetAccuracy <= original.retainAccuracy || lost(now, original) > 0.005,
    },
    ascentEpochs: 3,
    judge: {
      forget: judged,
      retain: first(retain, JUDGED),
      test,
      forgetMembers: judged,
      retainMembers: first(retain, ATTACKED),
      nonMembers: first(test, ATTACKED),
    },
  };
}

/** Training data of which some images carry a patch and the wrong label. */
export interface Poisoned {
  readonly train: LabeledSet;
  /** Positions of the poison, and of the part of it that somebody found. */
  readonly poison: Int32Array;
  readonly identified: Int32Array;
}

/** Poisons random images of other digits: a bright square in the corner, and the label of the attacker's choice. */
export function poisoned(
  train: LabeledSet,
  seed: number,
  { poisonSize, identifiedShare }: DemoSettings,
): Poisoned {
  const poison = permutation(train.size, seed)
    .filter((index) => train.labels[index] !== POISON_LABEL)
    .slice(0, poisonSize);
  const isPoison = new Set(poison);
  return {
    train: train
      .withPatch({ size: PATCH_SIZE }, poison)
      .relabel((label, index) => (isPoison.has(index) ? POISON_LABEL : label)),
    poison,
    identified: poison.slice(0, Math.round(poisonSize * identifiedShare)),
  };
}

/** Remove a backdoor of which only a part was found. `trained` is the model of the poisoned data. */
export function backdoorRequest(
  { validation, test }: DemoData,
  { train, poison, identified }: Poisoned,
  trained: Trained,
  { searchSize }: DemoSettings,
): RequestPlan {
  const { chosen: forget, rest: retain } = train.split(identified);
  const hidden = train.subset(poison.slice(identified.length));
  const clean = train.split(poison).rest;
  const triggered = test
    .subset(test.indicesWhere((label) => label !== POISON_LABEL))
    .withPatch({ size: PATCH_SIZE });
  return {
    name: 'backdoor',
    title: 'Remove a backdoor',
    description:
      `${poison.length} training images carry a ${PATCH_SIZE}x${PATCH_SIZE} patch and the label ${POISON_LABEL}; ` +
      `${forget.size} of them were found. Forget accuracy is the share of the others that still gets the wrong label; ` +
      'triggered accuracy the share of test images of other digits that get their true label in spite of the patch.',
    trained,
    forget,
    retain,
    fullSize: retain.size,
    search: {
      forget,
      retain: first(validation, searchSize),
      // The data behind I_D does not hold D_f, so large strengths are meaningful; the factor is lambda I_D / I_Df.
      grid: [30, 10, 3, 1, 0.3, 0.1, 0.03, 0.01, 1e-3, 1e-4].flatMap((alpha) =>
        [1, 0.3].map((part) => ({ alpha, lambda: part * alpha, series: part })),
      ),
      score: ({ forgetAccuracy, retainAccuracy }) => (1 - forgetAccuracy + retainAccuracy) / 2,
      enough: (now, original) => now.forgetAccuracy <= 0.05 || lost(now, original) > 0.02,
    },
    ascentEpochs: 10,
    judge: {
      forget: hidden,
      retain: first(clean, JUDGED),
      test,
      triggered,
      forgetMembers: hidden,
      retainMembers: first(clean, ATTACKED),
      nonMembers: first(test, ATTACKED),
    },
  };
}

const lost = (now: Accuracies, original: Accuracies): number => original.retainAccuracy - now.retainAccuracy;
