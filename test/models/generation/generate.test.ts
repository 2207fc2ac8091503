import {
  contrastiveDecoding,
  generate,
  generateSteps,
  guidance,
  sequenceLogProbs,
  setThreads,
  tensor,
  threads,
  type CheckpointModel,
  type GenerateOptions,
} from '../../../lib';
import golden from '../../golden/generation.json';
import { logSoftmaxOf, softmaxOf } from '../../../lib/models/generation/sampling';
import { sharpened } from './support';

const { prompts, even, eos } = golden;
const NAMES = ['gpt2', 'llama', 'mistral'] as const;

/** The options of test/golden/generation.py in our names. */
const CASES = {
  greedy: { maxNewTokens: 12 },
  greedyEos: { maxNewTokens: 12, eos },
  beam: { maxNewTokens: 8, beams: 3, samples: 3 },
  beamEos: { maxNewTokens: 10, beams: 4, samples: 2, eos },
  beamLong: { maxNewTokens: 10, beams: 4, eos: eos.slice(0, 3), lengthPenalty: 2 },
  beamEarly: { maxNewTokens: 10, beams: 3, eos, earlyStopping: true },
  beamNever: { maxNewTokens: 10, beams: 3, eos: eos.slice(1), earlyStopping: 'never', lengthPenalty: 0.5 },
} as const;
const PROCESSORS = {
  repetition: { repetitionPenalty: 1.8 },
  ngram: { noRepeatNgram: 2 },
  minimum: { minNewTokens: 5, eos },
  suppressed: { suppressTokens: eos, beginSuppressTokens: [43, 46, 17, 33, 28] },
  forcedEos: { forcedEos: 6 },
  all: {
    repetitionPenalty: 1.4,
    noRepeatNgram: 3,
    suppressTokens: [10],
    minNewTokens: 3,
    eos: eos.slice(0, 2),
  },
  beams: { repetitionPenalty: 1.4, noRepeatNgram: 2, beams: 3 },
} as const;

/** Without an end where the case has none: the files name one. */
const tokensOf = async (model: CheckpointModel, given: readonly number[][], options: GenerateOptions) => {
  const made = await generate(model, given, { eos: [], ...options });
  return made.map(({ tokens }) => tokens);
};

describe.each(NAMES)('generate with %s', (name) => {
  let model: CheckpointModel;
  beforeAll(async () => {
    model = await sharpened(name);
  });

  it.each(Object.keys(CASES) as (keyof typeof CASES)[])(
    'makes the tokens of transformers: %s',
    async (of) => {
      const made = await generate(model, prompts, { eos: [], ...CASES[of] });
      const { tokens, scores } = golden[name][of];
      expect(made.map((text) => text.tokens)).toEqual(tokens);
      scores?.forEach((score, i) => expect(made[i]!.score).toBeCloseTo(score, 4));
    },
  );

  it.each(Object.keys(PROCESSORS) as (keyof typeof PROCESSORS)[])('and with processors: %s', async (of) => {
    const options = { maxNewTokens: 10, ...PROCESSORS[of] };
    expect(await tokensOf(model, even, options)).toEqual(golden[name][of].tokens);
  });

  it('does not depend on the cache nor on how it grows', async () => {
    for (const options of [{ cache: false }, { bucket: 1 }, { bucket: 3 }, { bucket: 3, cache: false }])
      for (const which of ['greedy', 'beamEos'] as const)
        expect(await tokensOf(model, prompts, { ...CASES[which], ...options })).toEqual(
          golden[name][which].tokens,
        );
  });

  it('has the same scores with a cache and without, to 1e-5', async () => {
    const rows = async (cache: boolean): Promise<number[][]> => {
      const seen: number[][] = [];
      const look = (scores: Float32Array): Float32Array => {
        seen.push([...logSoftmaxOf(scores)]);
        return scores;
      };
      await generate(model, prompts, { eos: [], cache, bucket: 4, processors: [look], maxNewTokens: 9 });
      return seen;
    };
    const [cached, whole] = [await rows(true), await rows(false)];
    expect(cached.length).toBe(27);
    const largest = Math.max(...cached.flatMap((row, i) => row.map((x, j) => Math.abs(x - whole[i]![j]!))));
    const size = Math.max(...whole.flat().map(Math.abs));
    expect(largest / size).toBeLessThan(1e-5);
  });

  it('says log-probabilities of sequences', async () => {
    const inputIds = tensor(Int32Array.from(even.flat()), { shape: [2, 4] });
    const labels = tensor(Int32Array.from([...even[0]!, even[1]![0]!, even[1]![1]!, -100, even[1]![3]!]), {
      shape: [2, 4],
    });
    const { sums, counts, tokens } = sequenceLogProbs(model, model.parameters, { inputIds }, labels);
    const expected = golden[name].logProbs.map((row, n) => row.map((x, t) => (n === 1 && t === 1 ? 0 : x)));
    const found = await tokens.data();
    expected.flat().forEach((x, i) => expect(Math.abs(Number(found[i]) - x)).toBeLessThan(1e-4));
    expect([...(await counts.data())]).toEqual([3, 2]);
    const total = await sums.data();
    expected.forEach((row, n) =>
      expect(total[n]).toBeCloseTo(
        row.reduce((a, b) => a + b),
        3,
      ),
    );
  });
});

describe('drawing', () => {
  let model: CheckpointModel;
  beforeAll(async () => {
    model = await sharpened('llama');
  });

  /** The probabilities of the first token, by the last row of logits. */
  const firstScores = async (change: GenerateOptions = {}): Promise<Float32Array> => {
    let kept = new Float32Array();
    const look = (scores: Float32Array): Float32Array => {
      kept = scores.slice();
      return scores;
    };
    await generate(model, [even[0]!], { eos: [], maxNewTokens: 1, processors: [look], ...change });
    return kept;
  };
  const DRAWS = 2000;
  const sharesOf = async (options: GenerateOptions): Promise<Float64Array> => {
    const counts = new Float64Array(48);
    const sampled = { eos: [], maxNewTokens: 1, sample: true, samples: DRAWS, seed: 3, ...options };
    for (const { tokens } of await generate(model, [even[0]!], sampled)) counts[tokens[0]!]! += 1 / DRAWS;
    return counts;
  };
  /** Standard deviations of a share; the largest of 48 is beyond 4.5 once in 3000 runs, and seeds are fixed. */
  const check = (shares: Float64Array, probabilities: Float64Array): void =>
    probabilities.forEach((p, i) => {
      const deviation = Math.sqrt((p * (1 - p)) / DRAWS);
      expect(Math.abs(shares[i]! - p)).toBeLessThanOrEqual(4.5 * deviation + 1e-12);
    });

  it('follows the probabilities at a temperature', async () => {
    const scores = await firstScores();
    check(await sharesOf({ temperature: 4 }), softmaxOf(scores.map((x) => x / 4)));
    // The test can fail: at another temperature the shares are others.
    const wrong = softmaxOf(scores.map((x) => x / 8));
    const found = await sharesOf({ temperature: 4 });
    expect(() => check(found, wrong)).toThrow();
  });

  it('follows what is left of them', async () => {
    const scores = await firstScores();
    const warm = scores.map((x) => x / 4);
    const probabilities = softmaxOf(warm);
    const order = [...probabilities.keys()].sort((a, b) => probabilities[b]! - probabilities[a]!);
    const only = (kept: readonly number[]) =>
      softmaxOf(warm.map((x, i) => (kept.includes(i) ? x : -Infinity)));
    check(await sharesOf({ temperature: 4, topK: 3 }), only(order.slice(0, 3)));
    let sum = 0;
    const nucleus = order.filter((i) => (sum += probabilities[i]!) - probabilities[i]! < 0.7);
    expect(nucleus.length).toBeGreaterThan(1);
    check(await sharesOf({ temperature: 4, topP: 0.7 }), only(nucleus));
    const likely = order.filter((i) => probabilities[i]! >= 0.3 * probabilities[order[0]!]!);
    check(await sharesOf({ temperature: 4, minP: 0.3 }), only(likely));
  });

  it('is the same for a seed, on any number of threads, and other for another', async () => {
    const options = { eos: [], sample: true, temperature: 3, samples: 3, maxNewTokens: 9 };
    const before = threads();
    const made: unknown[] = [];
    try {
      for (const count of [1, 2, 3]) {
        setThreads(count);
        made.push(await generate(model, prompts, { ...options, seed: 5 }));
      }
    } finally {
      setThreads(before);
    }
    expect(made[1]).toEqual(made[0]);
    expect(made[2]).toEqual(made[0]);
    expect(await generate(model, prompts, { ...options, seed: 6 })).not.toEqual(made[0]);
  });
});

describe('branches', () => {
  it('combine the scores of runs in lock step', async () => {
    const [expert, amateur] = [await sharpened('llama'), await sharpened('mistral')];
    const seen: Float32Array[][] = [];
    const combine = contrastiveDecoding({ alpha: 0.2, beta: 0.7 });
    const made = await generate(expert, prompts, {
      eos: [],
      maxNewTokens: 4,
      branches: [{ model: amateur }],
      combine: (rows, context) => {
        seen.push(rows.map((row) => row.slice()));
        return combine(rows, context);
      },
    });
    // By hand, token by token and one text after the other.
    for (const [n, prompt] of prompts.entries()) {
      const tokens = [...prompt];
      for (let t = 0; t < 4; t++) {
        const inputIds = tensor(Int32Array.from(tokens), { shape: [1, tokens.length] });
        const last = async (model: CheckpointModel): Promise<number[]> =>
          [...(await model.forward(model.parameters, inputIds).data())].slice(-48).map(Number);
        const [a, b] = [await last(expert), await last(amateur)];
        const least = Math.max(...a) + Math.log(0.2);
        const scores = a.map((x, i) => (x < least ? -Infinity : 1.7 * x - 0.7 * b[i]!));
        tokens.push(scores.indexOf(Math.max(...scores)));
      }
      expect(made[n]!.tokens).toEqual(tokens.slice(prompt.length));
    }
    expect(seen.every((rows) => rows.length === 2)).toBe(true);
  });

  it('may have other prompts, and guidance of scale 1 is the first run alone', async () => {
    const model = await sharpened('llama');
    const shorter = prompts.map((prompt) => prompt.slice(-1));
    const of = (scale: number): Promise<number[][]> =>
      tokensOf(model, prompts, {
        branches: [{ model, prompts: shorter }],
        combine: guidance(scale),
        maxNewTokens: 6,
      }) as Promise<number[][]>;
    expect(await of(1)).toEqual(golden.llama.greedy.tokens.map((row) => row.slice(0, 6)));
    expect(await of(0)).toEqual(await tokensOf(model, shorter, { maxNewTokens: 6 }));
    expect(await of(3)).not.toEqual(await of(1));
  });
});

describe('generateSteps', () => {
  it('gives tokens as they come, and leaves off when nobody wants more', async () => {
    const model = await sharpened('llama');
    const progress: number[] = [];
    const columns: (number | undefined)[][] = [];
    for await (const { tokens, step } of generateSteps(
      model,
      prompts,
      { eos: [], maxNewTokens: 12 },
      { onProgress: ({ done }) => progress.push(done) },
    )) {
      columns.push([...tokens]);
      if (step === 3) break;
    }
    const expected = golden.llama.greedy.tokens;
    expect(columns).toEqual([0, 1, 2, 3].map((t) => expected.map((row) => row[t])));
    expect(progress).toEqual([1, 2, 3, 4]);
  });

  it('ends by its signal', async () => {
    const model = await sharpened('gpt2');
    const control = new AbortController();
    const work = generate(
      model,
      prompts,
      { eos: [], maxNewTokens: 20 },
      { signal: control.signal, onProgress: ({ done }) => done === 2 && control.abort() },
    );
    await expect(work).rejects.toMatchObject({ code: 'ERR_ABORTED' });
  });

  it('says why texts end', async () => {
    const model = await sharpened('llama');
    const [first] = golden.llama.greedy.tokens;
    const made = await generate(model, prompts.slice(0, 1), { eos: first![2]!, maxNewTokens: 12 });
    expect([made[0]!.tokens, made[0]!.ending]).toEqual([
      first!.slice(0, first!.indexOf(first![2]!) + 1),
      'eos',
    ]);
    const tokenizer = { decode: (ids: Iterable<number>) => [...ids].map((id) => `<${id}>`).join('') };
    const stopped = await generate(model, prompts.slice(0, 1), {
      eos: [],
      stopStrings: [`<${first![3]}><${first![4]}>`],
      tokenizer: tokenizer as never,
      maxNewTokens: 12,
    });
    expect(stopped[0]).toMatchObject({ tokens: first!.slice(0, 5), ending: 'stopString' });
    expect(stopped[0]!.text).toBe(
      first!
        .slice(0, 5)
        .map((id) => `<${id}>`)
        .join(''),
    );
  });
});

describe('wrong calls', () => {
  it.each([
    [{ maxNewToken: 3 }, "did you mean 'maxNewTokens'?"],
    [{ maxNewTokens: 0 }, 'maxNewTokens must be an integer of at least 1, got 0'],
    [{ topK: 3 }, 'topK is of drawing'],
    [{ sample: true, topP: 1.5 }, 'topP must be a number in (0, 1]'],
    [{ sample: true, beams: 2 }, 'beams are not drawn from'],
    [{ samples: 2 }, '2 samples need sample: true'],
    [{ combine: guidance(1) }, 'combine needs branches'],
    [{ stopStrings: ['a'] }, 'stopStrings need a tokenizer'],
    [{ forcedTokens: { a: 1 } }, 'forcedTokens'],
    [{ earlyStopping: 'always' }, "true, false or 'never'"],
    [{ processors: [() => 3] }, 'must give a Float32Array of 48 scores'],
    [{ eos: -1 }, 'a token id or a list of them'],
  ])('refuses %j', async (options, words) => {
    const model = await sharpened('gpt2');
    const work = generate(model, even, options as never);
    await expect(work).rejects.toMatchObject({ code: 'ERR_OPTION' });
    await expect(generate(model, even, options as never)).rejects.toThrow(words);
  });

  it('refuses prompts that are none', async () => {
    const model = await sharpened('gpt2');
    await expect(generate(model, [[]])).rejects.toThrow(/prompt 0 is empty/);
    await expect(generate(model, [1] as never)).rejects.toMatchObject({ code: 'ERR_ARGUMENT' });
    await expect(generate(model, [[-1]])).rejects.toThrow(/token ids expected/);
    expect(await generate(model, [])).toEqual([]);
  });
});
