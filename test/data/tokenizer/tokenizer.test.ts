import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { loadTokenizer, type Tokenizer } from '../../../lib';
import golden from '../../golden/tokenizers.json';

const folderOf = (name: string): string => join(__dirname, '../../golden/tokenizers', name);
const NAMES = ['byteLevel', 'wordPiece', 'byteFallback'] as const;

interface Padded {
  readonly inputIds: number[][];
  readonly attentionMask: number[][];
}

describe.each(NAMES)('the tokenizer %s', (name) => {
  const expected = golden[name];
  let tokenizer: Tokenizer;
  beforeAll(async () => {
    tokenizer = await loadTokenizer(folderOf(name));
  });

  it('gives the ids of transformers, with special tokens and without', () => {
    const ids = (addSpecialTokens: boolean) =>
      golden.texts.map((text) => tokenizer.encode(text, { addSpecialTokens }).ids);
    expect(ids(true)).toEqual(expected.encoded);
    expect(ids(false)).toEqual(expected.bare);
  });

  it('gives texts back', () => {
    expect(expected.encoded.map((ids) => tokenizer.decode(ids))).toEqual(expected.decoded);
    const skipped = expected.encoded.map((ids) => tokenizer.decode(ids, { skipSpecialTokens: true }));
    expect(skipped).toEqual(expected.skipped);
  });

  it('knows its special tokens', () => {
    for (const [role, id] of Object.entries(expected.ids)) {
      const token = tokenizer.special[role as keyof typeof tokenizer.special];
      expect(token?.id ?? null).toBe(id);
      if (token) expect([tokenizer.idOf(token.text), tokenizer.tokenOf(token.id)]).toEqual([id, token.text]);
    }
  });

  it('joins pairs and cuts long texts where it is told to', () => {
    const pair = tokenizer.encode('The keeper', { pair: 'keeps bees' });
    expect(pair.ids).toEqual(expected.pair.input_ids);
    expect(pair.typeIds).toEqual(expected.pair.token_type_ids);
    const text = golden.texts[2]!;
    expect(tokenizer.encode(text, { maxLength: 6 }).ids).toEqual(expected.truncated);
    expect(tokenizer.encode(text, { maxLength: 6, truncationSide: 'left' }).ids).toEqual(
      expected.truncatedLeft,
    );
  });
});

describe('encodeBatch', () => {
  it.each(['wordPiece', 'byteFallback'] as const)('pads as transformers does: %s', async (name) => {
    const tokenizer = await loadTokenizer(folderOf(name));
    const check = async (batch: ReturnType<Tokenizer['encodeBatch']>, expected: Padded): Promise<void> => {
      expect(batch.inputIds.shape).toEqual([expected.inputIds.length, expected.inputIds[0]!.length]);
      expect([...(await batch.inputIds.data())]).toEqual(expected.inputIds.flat());
      expect([...(await batch.attentionMask.data())]).toEqual(expected.attentionMask.flat());
    };
    for (const paddingSide of ['left', 'right'] as const)
      await check(
        tokenizer.encodeBatch(golden.texts.slice(0, 4), { paddingSide }),
        golden[name][paddingSide],
      );
    const fixed = tokenizer.encodeBatch(golden.texts.slice(0, 2), {
      padding: 12,
      maxLength: 12,
      paddingSide: 'right',
    });
    await check(fixed, golden[name].fixed);
  });

  it('takes no loss in padding and prompts', async () => {
    const tokenizer = await loadTokenizer(folderOf('byteLevel'));
    const [prompt, answer] = ['Who keeps bees?', ' Mira'];
    const ids = [...tokenizer.encode(prompt).ids, ...tokenizer.encode(answer).ids, tokenizer.special.eos!.id];
    const learned = tokenizer.encode(answer).ids.length + 1;
    const other = [...tokenizer.encode('bees').ids, tokenizer.special.eos!.id];
    for (const paddingSide of ['left', 'right'] as const) {
      const batch = tokenizer.encodeBatch([{ prompt, answer }, 'bees'], {
        labels: true,
        addEos: true,
        padId: 7,
        paddingSide,
        padToMultipleOf: 8,
      });
      const steps = Math.ceil(ids.length / 8) * 8;
      const padded = (row: readonly number[], filler: number): number[] => {
        const filling = Array<number>(steps - row.length).fill(filler);
        return paddingSide === 'left' ? [...filling, ...row] : [...row, ...filling];
      };
      const ignored = Array<number>(ids.length - learned).fill(-100);
      expect([...(await batch.inputIds.data())]).toEqual([...padded(ids, 7), ...padded(other, 7)]);
      expect([...(await batch.labels!.data())]).toEqual([
        ...padded([...ignored, ...ids.slice(-learned)], -100),
        ...padded(other, -100),
      ]);
    }
  });

  it('cuts a prompt on the left and an answer on the right', async () => {
    const tokenizer = await loadTokenizer(folderOf('byteLevel'));
    const text = { prompt: 'Who keeps', answer: ' bees' };
    const all = [...tokenizer.encode(text.prompt).ids, ...tokenizer.encode(text.answer).ids];
    const left = tokenizer.encodeBatch([text], {
      maxLength: all.length - 1,
      truncationSide: 'left',
      labels: true,
    });
    expect([...(await left.inputIds.data())]).toEqual(all.slice(1));
    expect([...(await left.labels!.data())].filter((label) => label !== -100)).toEqual(
      tokenizer.encode(text.answer).ids,
    );
    const right = tokenizer.encodeBatch([text], { maxLength: all.length - 1, truncationSide: 'right' });
    expect([...(await right.inputIds.data())]).toEqual(all.slice(0, -1));
  });

  it('refuses what cannot be', async () => {
    const tokenizer = await loadTokenizer(folderOf('byteLevel'));
    const code = 'ERR_OPTION';
    expect(() => tokenizer.encodeBatch(['a', 'a b c'])).toThrow(/no padding token.*give a padId/);
    expect(() => tokenizer.encodeBatch(['a'], { pading: 3 } as never)).toThrow("did you mean 'padding'?");
    expect(() => tokenizer.encodeBatch(['The keeper'], { padding: 1, padId: 0 })).toThrow(
      /more than the padding of 1/,
    );
    expect(() => tokenizer.encodeBatch(['a'], { paddingSide: 'top' as never })).toThrow(
      expect.objectContaining({ code }),
    );
    expect(() => tokenizer.encodeBatch('a' as never)).toThrow(
      expect.objectContaining({ code: 'ERR_ARGUMENT' }),
    );
    expect(() => tokenizer.encode(5 as never)).toThrow(expect.objectContaining({ code: 'ERR_ARGUMENT' }));
    expect(() => tokenizer.encode('a', { maxLength: 0 })).toThrow(expect.objectContaining({ code }));
    expect(() => tokenizer.decode([99999])).toThrow('no token has the id 99999');
    const pieces = await loadTokenizer(folderOf('wordPiece'));
    expect(() => pieces.encode('a', { maxLength: 1 })).toThrow(/no room for the special tokens/);
  });
});

describe('chat', () => {
  const messages = [
    { role: 'system', content: ' Be brief. ' },
    { role: 'user', content: 'Who keeps the lantern?' },
  ];

  it.each(['byteLevel', 'byteFallback'] as const)('renders as transformers does: %s', async (name) => {
    const tokenizer = await loadTokenizer(folderOf(name));
    const expected = golden[name];
    expect(tokenizer.chat(messages)).toBe(expected.chat);
    const prompt = tokenizer.chat(messages, { addGenerationPrompt: true });
    expect(prompt).toBe(expected.chatPrompt);
    expect(tokenizer.encode(prompt, { addSpecialTokens: false }).ids).toEqual(expected.chatIds);
  });

  it('passes on what a template says against messages', async () => {
    const tokenizer = await loadTokenizer(folderOf('byteLevel'));
    expect(() => tokenizer.chat([{ role: 'pirate', content: '' }])).toThrow(/unknown role pirate/);
    expect(() => tokenizer.chat([{ content: '' } as never])).toThrow(/message 0: an object with a role/);
    expect(() => tokenizer.chat(messages, { template: 'tools' })).toThrow(
      /no template 'tools'; it has default/,
    );
    const without = await loadTokenizer(folderOf('wordPiece'));
    expect(() => without.chat(messages)).toThrow(/it has none/);
  });
});

describe('loadTokenizer', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tokenizer-'));
    await cp(folderOf('byteLevel'), folder, { recursive: true });
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));
  const configure = async (changes: object): Promise<void> => {
    const path = join(folder, 'tokenizer_config.json');
    const config = JSON.parse(await readFile(path, 'utf8')) as object;
    await writeFile(path, JSON.stringify({ ...config, ...changes }));
  };

  it('does without files that need not be there, and takes special tokens from the older one', async () => {
    for (const name of ['tokenizer_config.json', 'chat_template.jinja']) await rm(join(folder, name));
    const tokenizer = await loadTokenizer(folder);
    expect(tokenizer.encode(golden.texts[0]!).ids).toEqual(golden.byteLevel.encoded[0]);
    expect([tokenizer.special, tokenizer.templates]).toEqual([{}, []]);
    await writeFile(
      join(folder, 'special_tokens_map.json'),
      JSON.stringify({ eos_token: { content: '<|endoftext|>', lstrip: false } }),
    );
    expect((await loadTokenizer(folder)).special).toEqual({ eos: { text: '<|endoftext|>', id: 0 } });
  });

  it('takes named templates from the configuration', async () => {
    await rm(join(folder, 'chat_template.jinja'));
    await configure({ chat_template: [{ name: 'rag', template: 'r{{ bos_token }}' }] });
    const tokenizer = await loadTokenizer(folder);
    expect(tokenizer.chat([], { template: 'rag' })).toBe('r<|endoftext|>');
  });

  it('ends a template that does not', async () => {
    await writeFile(
      join(folder, 'chat_template.jinja'),
      '{% for a in range(1000000) %}{% for b in range(1000000) %}{% endfor %}{% endfor %}',
    );
    const tokenizer = await loadTokenizer(folder);
    expect(() => tokenizer.chat([])).toThrow(/did not end within 5 seconds/);
    await writeFile(join(folder, 'chat_template.jinja'), '{% for %}');
    const broken = await loadTokenizer(folder);
    expect(() => broken.chat([])).toThrow(expect.objectContaining({ code: 'ERR_FORMAT' }));
  });

  it('names the file and the fault', async () => {
    await configure({ pad_token: '<nothing>' });
    await expect(loadTokenizer(folder)).rejects.toThrow(
      /tokenizer_config.json': the pad_token '<nothing>' is not/,
    );
    await configure({ pad_token: 7 });
    await expect(loadTokenizer(folder)).rejects.toThrow(/pad_token: a text or an object/);
    await configure({ pad_token: null, padding_side: 'top' });
    await expect(loadTokenizer(folder)).rejects.toThrow(/field 'padding_side'/);
    await writeFile(join(folder, 'tokenizer.json'), '{"model": {"type": "Unheard"}}');
    await expect(loadTokenizer(folder)).rejects.toThrow(/tokenizer.json'/);
    await writeFile(join(folder, 'tokenizer.json'), '{');
    await expect(loadTokenizer(folder)).rejects.toMatchObject({ code: 'ERR_FORMAT' });
    await rm(join(folder, 'tokenizer.json'));
    await expect(loadTokenizer(folder)).rejects.toMatchObject({ code: 'ERR_IO' });
    await expect(loadTokenizer(folder, { signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: 'ERR_ABORTED',
    });
  });
});
