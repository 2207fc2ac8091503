import { OptionError } from '../../errors';
import { checkKinds, checkTensors, type Kinds } from '../../graph/call';
import type { Tensor } from '../../graph/tensor';
import { lessEqual, mul, square, sub } from '../elementwise/arithmetic';
import { abs, where } from '../elementwise/math';
import { checkFloats, checkSame } from '../floats';
import { LOSS_OPTIONS, type LossOptions, reduced } from './reduction';

/** The difference of two tensors of one shape: broadcasting here is nearly always a mistake. */
function residual(where: string, prediction: Tensor, target: Tensor): Tensor {
  checkFloats(where, prediction, target);
  checkSame(where, 'targets', target, prediction.shape);
  return sub(prediction, target);
}

/**
 * The squared error of every element, `(prediction - target)^2`.
 *
 * @throws ShapeError unless both have one shape; DTypeError unless both have one float dtype; OptionError.
 */
export function mseLoss(prediction: Tensor, target: Tensor, options: LossOptions = {}): Tensor {
  checkTensors('mseLoss', { prediction, target });
  checkKinds('mseLoss', options, LOSS_OPTIONS);
  return reduced('mseLoss', square(residual('mseLoss', prediction, target)), options.reduction);
}

/**
 * The absolute error of every element, `|prediction - target|`; its gradient at 0 is 0.
 *
 * @throws ShapeError unless both have one shape; DTypeError unless both have one float dtype; OptionError.
 */
export function l1Loss(prediction: Tensor, target: Tensor, options: LossOptions = {}): Tensor {
  checkTensors('l1Loss', { prediction, target });
  checkKinds('l1Loss', options, LOSS_OPTIONS);
  return reduced('l1Loss', abs(residual('l1Loss', prediction, target)), options.reduction);
}

export interface HuberLossOptions extends LossOptions {
  /** Where the square ends and the line begins. Default 1. */
  readonly delta?: number;
}

const HUBER_LOSS_OPTIONS: Kinds<HuberLossOptions> = { delta: 'number', reduction: 'string' };

/**
 * The loss of Huber (1964) of every element, with d = prediction - target: `d^2 / 2` for |d| <= delta and
 * `delta (|d| - delta / 2)` beyond.
 *
 * @throws ShapeError unless both have one shape; DTypeError unless both have one float dtype; OptionError unless delta is
 *   positive.
 */
export function huberLoss(prediction: Tensor, target: Tensor, options: HuberLossOptions = {}): Tensor {
  checkTensors('huberLoss', { prediction, target });
  checkKinds('huberLoss', options, HUBER_LOSS_OPTIONS);
  const { delta = 1, reduction } = options;
  checkWidth('huberLoss', 'delta', delta, delta > 0);
  return reduced('huberLoss', huber(residual('huberLoss', prediction, target), delta), reduction);
}

export interface SmoothL1LossOptions extends LossOptions {
  /** Where the square ends and the line begins; 0 gives `l1Loss`. Default 1. */
  readonly beta?: number;
}

const SMOOTH_L1_LOSS_OPTIONS: Kinds<SmoothL1LossOptions> = { beta: 'number', reduction: 'string' };

/**
 * The smooth absolute error of every element (Girshick 2015), with d = prediction - target: `d^2 / (2 beta)` for
 * |d| <= beta and `|d| - beta / 2` beyond.
 *
 * @throws ShapeError unless both have one shape; DTypeError unless both have one float dtype; OptionError for a negative
 *   beta.
 */
export function smoothL1Loss(prediction: Tensor, target: Tensor, options: SmoothL1LossOptions = {}): Tensor {
  checkTensors('smoothL1Loss', { prediction, target });
  checkKinds('smoothL1Loss', options, SMOOTH_L1_LOSS_OPTIONS);
  const { beta = 1, reduction } = options;
  checkWidth('smoothL1Loss', 'beta', beta, beta >= 0);
  const d = residual('smoothL1Loss', prediction, target);
  return reduced('smoothL1Loss', beta === 0 ? abs(d) : mul(huber(d, beta), 1 / beta), reduction);
}

function huber(d: Tensor, delta: number): Tensor {
  const size = abs(d);
  return where(lessEqual(size, delta), mul(square(d), 0.5), mul(sub(size, delta / 2), delta));
}

function checkWidth(name: string, option: string, value: number, valid: boolean): void {
  if (valid && Number.isFinite(value)) return;
  throw new OptionError(
    `${name}: ${option} must be a finite number${option === 'delta' ? ' above' : ' from'} 0, got ${value}`,
  );
}
