import type { Parameters } from '../../graph/parameters';
import type { Tensor } from '../../graph/tensor';
import { chosenGates, column } from '../../nn/experts/mixtureOfExperts';
import { add, mul } from '../../ops/elementwise/arithmetic';
import { softmax } from '../../ops/networks/softmax';
import { split } from '../../ops/shape/slice';
import type { Hooks } from '../hooks/hooks';
import { activationOf } from './activations';
import type { StackDescription, ExpertsRule } from './description';
import { project } from './layers';

/** The layers after attention of a block, with experts or without; `place` begins the names of its hook points. */
export function feedForward(
  d: StackDescription,
  parameters: Parameters,
  path: string,
  place: string,
  x: Tensor,
  hooks: Hooks,
): Tensor {
  if (!d.experts) return layers(d, parameters, path, place, x, hooks);
  return routed(d, d.experts, parameters, path, place, x, hooks);
}

function layers(
  d: StackDescription,
  parameters: Parameters,
  path: string,
  place: string,
  x: Tensor,
  hooks: Hooks,
): Tensor {
  const { names, storedTransposed } = d;
  const activate = activationOf(d.activation);
  const into = (name: string): Tensor => project(parameters, `${path}.${name}`, x, storedTransposed);
  const given = into(names.up);
  const [gate, up] =
    names.gate !== undefined
      ? [into(names.gate), given]
      : d.gateUpJoined === true
        ? split(given, 2, { axis: -1 })
        : [given];
  const before = hooks.at(`${place}.mlp_pre`, gate ?? given);
  const activated = activate(before);
  const act = hooks.at(`${place}.mlp_act`, up ? mul(activated, up) : activated);
  return project(parameters, `${path}.${names.down}`, act, storedTransposed);
}

/**
 * Every expert sees every step and what was not chosen is multiplied by 0, so that derivatives and per-example statistics are those
 * of ordinary layers.
 */
function routed(
  d: StackDescription,
  { count, top, normalized, router, experts }: ExpertsRule,
  parameters: Parameters,
  path: string,
  place: string,
  x: Tensor,
  hooks: Hooks,
): Tensor {
  const probabilities = hooks.at(`${place}.router`, softmax(project(parameters, `${path}.${router}`, x)));
  const gates = hooks.at(`${place}.gates`, chosenGates(probabilities, top, normalized));
  const parts = Array.from({ length: count }, (_, e) =>
    mul(
      layers(d, parameters, `${path}.${experts}.${e}`, `${place}.experts.${e}`, x, hooks),
      column(gates, e),
    ),
  );
  return parts.reduce((total, part) => add(total, part));
}
