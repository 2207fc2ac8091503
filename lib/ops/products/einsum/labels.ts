import { PalimpsestError, ShapeError } from '../../../errors';
import { extent, formatShape } from '../../../graph/shape';
import type { Tensor } from '../../../graph/tensor';

/**
 * The name of an axis: a letter, or `.k` for the axis that an ellipsis stands for k places from its end. Axes of one name
 * run together.
 */
export type Label = string;

/** A tensor whose axes have names. */
export interface Labeled {
  readonly tensor: Tensor;
  readonly labels: readonly Label[];
}

/** An equation taken apart for certain operands. */
export interface Equation {
  readonly inputs: readonly (readonly Label[])[];
  readonly output: readonly Label[];
  /** The extent of every name; axes of extent 1 stretch to it. */
  readonly sizes: ReadonlyMap<Label, number>;
}

/**
 * Reads `ij,jk->ik`. Without `->` the result has the names that occur once, in the order of the alphabet, behind the axes
 * of an ellipsis.
 *
 * @throws PalimpsestError ERR_ARGUMENT for what is no equation; ShapeError when operands do not fit it.
 */
export function equationOf(text: string, operands: readonly Tensor[]): Equation {
  const [left = '', right, ...more] = text.replace(/\s/g, '').split('->');
  const terms = left.split(',');
  const isTerm = (term: string): boolean => /^[A-Za-z]*(\.\.\.)?[A-Za-z]*$/.test(term);
  if (more.length > 0 || ![...terms, right ?? ''].every(isTerm)) {
    throw new PalimpsestError(
      'ERR_ARGUMENT',
      `einsum: letters, commas, one '...' per operand and one '->' expected, got '${text}'`,
    );
  }
  if (terms.length !== operands.length)
    throw new ShapeError(`einsum: '${text}' has ${terms.length} operands, got ${operands.length}`);
  const inputs = operands.map(({ shape }, i) => labelsOf(text, terms[i] ?? '', shape.length));
  const sizes = new Map<Label, number>();
  inputs.forEach((labels, i) => {
    labels.forEach((label, axis) => {
      const own = extent(operands[i]?.shape ?? [], axis);
      const known = sizes.get(label);
      if (known !== undefined && known !== own && known !== 1 && own !== 1) {
        const shapes = operands.map(({ shape }) => formatShape(shape)).join(' and ');
        throw new ShapeError(
          `einsum: '${text}': axis ${nameOf(label)} is ${known} and ${own} long in ${shapes}`,
        );
      }
      if (known === undefined || known === 1) sizes.set(label, own);
    });
  });
  const output = right === undefined ? implicitOutput(inputs) : explicitOutput(text, right, inputs);
  return { inputs, output, sizes };
}

const nameOf = (label: Label): string => (label.startsWith('.') ? "of '...'" : `'${label}'`);

const isOfEllipsis = (label: Label): boolean => label.startsWith('.');

function labelsOf(text: string, term: string, rank: number): Label[] {
  const [before = '', after] = term.split('...');
  const named = before.length + (after?.length ?? 0);
  const hidden = rank - named;
  if (after === undefined ? hidden !== 0 : hidden < 0) {
    throw new ShapeError(
      `einsum: '${text}': '${term}' names ${named} axes${after === undefined ? '' : ' or more'}, the operand has ${rank}`,
    );
  }
  const ellipsis = Array.from({ length: hidden }, (_, i) => `.${hidden - 1 - i}`);
  return [...Array.from(before), ...ellipsis, ...Array.from(after ?? '')];
}

/** The axes that ellipses stand for, of the longest of them. */
function ellipsisOf(inputs: readonly (readonly Label[])[]): Label[] {
  const lengths = inputs.map((labels) => labels.filter(isOfEllipsis).length);
  const longest = Math.max(0, ...lengths);
  return Array.from({ length: longest }, (_, i) => `.${longest - 1 - i}`);
}

function implicitOutput(inputs: readonly (readonly Label[])[]): Label[] {
  const all = inputs.flat().filter((label) => !isOfEllipsis(label));
  const once = all.filter((label) => all.indexOf(label) === all.lastIndexOf(label));
  return [...ellipsisOf(inputs), ...once.sort()];
}

function explicitOutput(text: string, term: string, inputs: readonly (readonly Label[])[]): Label[] {
  const [before = '', after] = term.split('...');
  const hidden = ellipsisOf(inputs);
  const labels = [...Array.from(before), ...(after === undefined ? [] : hidden), ...Array.from(after ?? '')];
  const wrong = labels.find(
    (label, i) => labels.indexOf(label) !== i || !inputs.some((own) => own.includes(label)),
  );
  if (wrong !== undefined) {
    throw new PalimpsestError(
      'ERR_ARGUMENT',
      `einsum: '${text}': axis ${nameOf(wrong)} of the result must stand there once and in an operand`,
    );
  }
  return labels;
}
