import type { Fields } from '../checkpoint/fields';
import type { RotaryRule } from '../decoder/description';

export interface RotarySettings {
  readonly headWidth: number;
  /** What holds where a configuration says nothing. */
  readonly base?: number;
  readonly share?: number;
  /** The older names of the base and of the share that is turned. */
  readonly baseField?: string;
  readonly shareField?: string;
}

/**
 * How a configuration turns queries and keys: from `rope_parameters`, or in the older layout from `rope_theta` and `rope_scaling`.
 * @throws FormatError for a kind of scaling that is not known.
 */
export function readRotary(fields: Fields, settings: RotarySettings): RotaryRule {
  const { headWidth, baseField = 'rope_theta', shareField = 'partial_rotary_factor' } = settings;
  const newer = fields.inner('rope_parameters');
  const inner = newer ?? fields.inner('rope_scaling');
  if (newer) fields.ignore('rope_scaling');
  const from = (name: string, older: string, fallback: number): number => {
    const outer = fields.number(older, fallback);
    return inner?.number(name, outer) ?? outer;
  };
  const base = from('rope_theta', baseField, settings.base ?? 10_000);
  const share = from('partial_rotary_factor', shareField, settings.share ?? 1);
  const plain: RotaryRule = { width: Math.trunc(headWidth * share), base, layout: 'half' };
  if (!inner) return plain;
  const rule = { ...plain, ...scalingOf(fields, inner) };
  inner.finish('rotary positions');
  return rule;
}

function scalingOf(fields: Fields, inner: Fields): Partial<RotaryRule> {
  const older = inner.has('type') ? inner.text('type') : 'default';
  const type = inner.text('rope_type', older);
  inner.ignore('type');
  const originalSteps = (): number => {
    const limit = fields.extent('max_position_embeddings', 2048);
    const outer = fields.extent(
      'original_max_position_embeddings',
      inner.extent('original_max_position_embeddings', limit),
    );
    return outer;
  };
  switch (type) {
    case 'default':
      inner.ignore('factor', 'original_max_position_embeddings');
      return {};
    case 'linear':
      return { scaling: { type: 'linear', factor: inner.number('factor') } };
    case 'dynamic':
      inner.ignore('original_max_position_embeddings');
      return {
        dynamic: {
          factor: inner.number('factor'),
          originalSteps: fields.extent('max_position_embeddings', 2048),
        },
      };
    case 'llama3':
      return {
        scaling: {
          type: 'llama3',
          factor: inner.number('factor'),
          lowFrequencyFactor: inner.number('low_freq_factor'),
          highFrequencyFactor: inner.number('high_freq_factor'),
          originalSteps: originalSteps(),
        },
      };
    case 'yarn':
      return yarnOf(inner, originalSteps());
    case 'longrope':
    case 'su':
      return longOf(fields, inner, originalSteps());
    default:
      throw inner.refuse(
        'rope_type',
        `'${type}' is not supported; known are default, linear, dynamic, llama3, yarn and longrope`,
      );
  }
}

function yarnOf(inner: Fields, originalSteps: number): Partial<RotaryRule> {
  const factor = inner.number('factor');
  // Peng et al. 2023: attention is sharpened by 0.1 ln(factor) + 1, which is taken into the tables.
  const sharpened = (by: number): number => (factor <= 1 ? 1 : 0.1 * by * Math.log(factor) + 1);
  const [scale, scaleOfAll] = [inner.number('mscale', 0), inner.number('mscale_all_dim', 0)];
  const usual = scale !== 0 && scaleOfAll !== 0 ? sharpened(scale) / sharpened(scaleOfAll) : sharpened(1);
  return {
    scaling: {
      type: 'yarn',
      factor,
      originalSteps,
      fastTurns: inner.number('beta_fast', 32),
      slowTurns: inner.number('beta_slow', 1),
      wholePairs: inner.flag('truncate', true),
    },
    tableFactor: inner.number('attention_factor', usual),
  };
}

function longOf(fields: Fields, inner: Fields, originalSteps: number): Partial<RotaryRule> {
  const factor = inner.number('factor', fields.extent('max_position_embeddings') / originalSteps);
  const usual = factor <= 1 ? 1 : Math.sqrt(1 + Math.log(factor) / Math.log(originalSteps));
  return {
    long: {
      shortFactors: inner.numbers('short_factor'),
      longFactors: inner.numbers('long_factor'),
      originalSteps,
    },
    tableFactor: inner.number('attention_factor', usual),
  };
}
