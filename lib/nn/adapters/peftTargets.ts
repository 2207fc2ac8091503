import { isList, OptionError } from '../../errors';
import { moduleOf } from './adapter';

/**
 * Targets as PEFT's `target_modules` names them: a list of endings of the names of layers (`q_proj` is every layer of that name, in
 * every block), or a regular expression that a whole name has to match.
 *
 * @example
 * lora({ targets: peftTargets(['c_attn']), transposed: /./, rank: 8, alpha: 16 });
 * @throws OptionError for an empty list, for what is no text, and for a text that is no regular expression.
 */
export function peftTargets(modules: string | readonly string[]): (name: string) => boolean {
  if (typeof modules === 'string') {
    const whole = patternOf(modules);
    return (name) => name.endsWith('.weight') && whole.test(moduleOf(name));
  }
  if (
    !isList(modules) ||
    modules.length === 0 ||
    !modules.every((one) => typeof one === 'string' && one !== '')
  ) {
    throw new OptionError('peftTargets: a regular expression or a list of names of layers expected');
  }
  return (name) => {
    const module = moduleOf(name);
    return name.endsWith('.weight') && modules.some((end) => module === end || module.endsWith(`.${end}`));
  };
}

function patternOf(text: string): RegExp {
  try {
    return new RegExp(`^(?:${text})$`);
  } catch {
    throw new OptionError(`peftTargets: '${text}' is no regular expression`);
  }
}
