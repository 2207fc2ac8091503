import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { readSafetensors } from '../../lib/io/safetensors';
import { temporaryFolder } from '../io/temporaryFolder';
import { isSanitized, PATIENCE_MS, reportOf, runChild } from '../support/child';
import { announce } from '../support/numbers';
import type { BrokenFilesReport } from './children/brokenFiles';
import { errorsInSource, says } from './errorsInSource';
import { fileOf, lengthField, member, one } from './safetensorsFiles';

const folder = temporaryFolder();

/** Content, and what the message must say of it. */
type Malformed = readonly [content: Buffer, reason: string];

const two = (second: string, dataBytes: number, firstOffsets = '[0,2]'): Buffer =>
  fileOf(`{${member('a', '"U8"', '[2]', firstOffsets)},${second}}`, dataBytes);

const MALFORMED: Readonly<Record<string, Malformed>> = {
  'no bytes': [Buffer.alloc(0), 'too few'],
  'half a length': [Buffer.from('1234'), 'too few'],
  'a length of 0': [Buffer.concat([lengthField(0), Buffer.from('{}')]), 'length is 0'],
  'a length of 1': [Buffer.concat([lengthField(1), Buffer.from('{}')]), 'length is 1'],
  'a length beyond the file': [Buffer.concat([lengthField(3), Buffer.from('{}')]), 'only 2 bytes follow'],
  'a length of 100,000,001': [Buffer.concat([lengthField(100_000_001), Buffer.from('{}')]), 'expected 2 to'],
  'a length of 2^63': [Buffer.concat([lengthField(2n ** 63n), Buffer.from('{}')]), 'expected 2 to'],
  'a length of 2^64 - 8': [Buffer.concat([lengthField(2n ** 64n - 8n), Buffer.from('{}')]), 'expected 2 to'],
  'bytes that are not UTF-8': [fileOf(Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x7d])), 'not valid UTF-8'],
  'an overlong encoding': [fileOf(Buffer.from([0x7b, 0x22, 0xc0, 0xaf, 0x22, 0x7d])), 'not valid UTF-8'],
  'a byte order mark': [fileOf('\ufeff{}'), "does not start with '{'"],
  'leading space': [fileOf(' {}'), "does not start with '{'"],
  'an array': [fileOf('[]'), "does not start with '{'"],
  'something after the header': [fileOf('{}x'), 'something follows'],
  'two headers': [fileOf('{}{}'), 'something follows'],
  'a zero after the header': [fileOf('{}\0'), 'something follows'],
  'a header that ends within': [fileOf('{"w":{"dtype":"F32"'), 'tensor "w"'],
  'a comma at the end': [fileOf(`{${member('w', '"F32"', '[1]', '[0,4]')},}`, 4), 'expected'],
  'single quotes': [fileOf("{'w':1}"), 'expected'],
  'a control character': [fileOf('{"a\nb":1}'), 'control character'],
  'a first half of a pair alone': [fileOf('{"\\ud800":1}'), 'half a surrogate pair'],
  'a second half of a pair alone': [fileOf('{"\\udc00":1}'), 'half a surrogate pair'],
  'a first half before another escape': [fileOf('{"\\ud83d\\n":1}'), 'half a surrogate pair'],
  'two first halves': [fileOf('{"\\ud83d\\ud83d":1}'), 'half a surrogate pair'],
  'an escape without digits': [fileOf('{"\\u12g4":1}'), 'four hexadecimal digits'],
  'a name that does not end': [fileOf('{"w'), 'ends within a string'],
  'a character cut short': [fileOf(Buffer.from([0x7b, 0x22, 0xe2, 0x82, 0x22])), 'not valid UTF-8 at byte 2'],
  'a character that goes on as another': [
    fileOf(Buffer.from([0x7b, 0x22, 0xe2, 0x82, 0x41, 0x22, 0x7d])),
    'not valid UTF-8 at byte 2',
  ],
  'half a pair in UTF-8': [
    fileOf(Buffer.from([0x7b, 0x22, 0xed, 0xa0, 0x80, 0x22, 0x7d])),
    'not valid UTF-8',
  ],
  'a character beyond the last': [
    fileOf(Buffer.from([0x7b, 0x22, 0xf4, 0x90, 0x80, 0x80, 0x22, 0x7d])),
    'not valid UTF-8',
  ],
  // In messages names are cut at a character's edge, and what commands a terminal is a dot.
  'a long name': [fileOf(`{"${'a'.repeat(99)}\u00e9b":null}`), `tensor "${'a'.repeat(99)}..."`],
  'a longer name': [fileOf(`{"${'\u{1f600}'.repeat(40)}":null}`), `tensor "${'\u{1f600}'.repeat(25)}..."`],
  'a name that rings': [fileOf('{"a\\u0007b\u007f":null}'), 'tensor "a.b."'],
  'an unknown escape': [fileOf('{"\\q":1}'), 'escape'],
  'a tensor that is null': [fileOf('{"w":null}'), 'tensor "w"'],
  'a tensor that is an array': [fileOf('{"w":[]}'), 'tensor "w"'],
  'no dtype': [fileOf('{"w":{"shape":[1],"data_offsets":[0,4]}}', 4), '"dtype" is missing'],
  'no shape': [fileOf('{"w":{"dtype":"F32","data_offsets":[0,4]}}', 4), '"shape" is missing'],
  'no offsets': [fileOf('{"w":{"dtype":"F32","shape":[1]}}', 4), '"data_offsets" is missing'],
  'an unknown key': [fileOf('{"w":{"dtype":"F32","stride":[1]}}', 4), 'unknown key "stride"'],
  'a key twice': [fileOf('{"w":{"dtype":"F32","dtype":"F32"}}', 4), '"dtype" appears twice'],
  'a key twice, once escaped': [fileOf('{"w":{"dtype":"F32","d\\u0074ype":"F32"}}', 4), 'appears twice'],
  'an unknown dtype': [one('"F33"', '[1]', '[0,4]'), 'tensor "w": unknown dtype "F33"'],
  'a dtype in small letters': [one('"f32"', '[1]', '[0,4]'), 'unknown dtype "f32"'],
  'a dtype that is a number': [one('32', '[1]', '[0,4]'), 'tensor "w"'],
  'a negative extent': [one('"F32"', '[-1]', '[0,4]'), 'non-negative'],
  'a fraction': [one('"F32"', '[1.0]', '[0,4]'), 'without fraction'],
  'an exponent': [one('"F32"', '[1e0]', '[0,4]'), 'without fraction'],
  'a leading zero': [one('"F32"', '[01]', '[0,4]'), 'starts with 0'],
  'an extent of 2^53': [one('"F32"', '[9007199254740992]', '[0,4]'), '2^53'],
  'an offset of 10^23': [one('"F32"', '[1]', '[0,99999999999999999999999]'), '2^53'],
  'a size that wraps to 0': [one('"F32"', '[4294967296,4294967296]', '[0,0]', 0), 'overflows'],
  'a size that wraps to 4': [one('"F32"', '[4294967296,4294967296,1]', '[0,4]'), 'overflows'],
  'an overflow behind an extent of 0': [
    one('"U8"', '[0,9007199254740991,9007199254740991]', '[0,0]', 0),
    'overflows',
  ],
  'a shape that is a number': [one('"F32"', '1', '[0,4]'), "expected '['"],
  'a nested shape': [one('"F32"', '[[1]]', '[0,4]'), 'non-negative'],
  '65 axes': [one('"F32"', `[${Array(65).fill(1).join()}]`, '[0,4]'), 'more than 64 axes'],
  'one offset': [one('"F32"', '[1]', '[0]'), 'fewer than two'],
  'three offsets': [one('"F32"', '[1]', '[0,4,8]'), 'more than two'],
  'offsets in reverse': [one('"F32"', '[1]', '[4,0]'), 'ends before it begins'],
  'a range beyond the file': [one('"F32"', '[1]', '[0,4]', 3), "leaves the file's 3 bytes"],
  'a range far beyond the file': [
    one('"F32"', '[1]', '[9007199254740987,9007199254740991]'),
    'leaves the file',
  ],
  'a range too short': [one('"F32"', '[1]', '[0,3]'), 'needs 4'],
  'a range too long': [one('"F32"', '[1]', '[0,8]', 8), 'needs 4'],
  'a range for no elements': [one('"F32"', '[0]', '[0,4]'), 'needs 0'],
  'data after the last tensor': [one('"F32"', '[1]', '[0,4]', 5), 'end at byte 4'],
  'data without a tensor': [fileOf('{}', 1), 'end at byte 0'],
  'a gap at the start': [one('"F32"', '[1]', '[1,5]', 5), 'a gap of 1'],
  'a gap between tensors': [two(member('b', '"U8"', '[2]', '[3,5]'), 5), 'tensor "b": a gap of 1'],
  'an overlap': [two(member('b', '"U8"', '[2]', '[1,3]'), 3), 'overlaps'],
  'two tensors at one place': [two(member('b', '"U8"', '[2]', '[0,2]'), 2), 'overlaps'],
  'a name twice': [two(member('a', '"U8"', '[2]', '[2,4]'), 4), 'the name appears twice'],
  'a name twice, once escaped': [two(member('\\u0061', '"U8"', '[2]', '[2,4]'), 4), 'appears twice'],
  'metadata that is no object': [fileOf('{"__metadata__":1}'), "expected '{'"],
  'metadata of numbers': [fileOf('{"__metadata__":{"a":1}}'), 'expected'],
  'metadata twice': [fileOf('{"__metadata__":{},"__metadata__":{}}'), 'appears twice'],
  'metadata of 65537 entries': [
    fileOf(`{"__metadata__":{${Array.from({ length: 65537 }, (_, i) => `"${i}":""`).join()}}}`),
    'more than 65536 entries',
  ],
  'a metadata key twice': [fileOf('{"__metadata__":{"a":"1","a":"2"}}'), 'holds "a" twice'],
};

/** What was said of malformed files. */
const said: string[] = [];

/** Opens the file and reads all that it holds. Returns how it was refused, or undefined. */
async function refusal(content: Buffer, name: string): Promise<unknown> {
  const path = join(folder, name);
  writeFileSync(path, content);
  try {
    const file = await readSafetensors(path);
    let first: unknown;
    for (const entry of file.entries) {
      try {
        using tensor = file.tensor(entry.name);
        await tensor.data();
      } catch (error) {
        first ??= error;
      }
    }
    return first;
  } catch (error) {
    return error;
  } finally {
    rmSync(path);
  }
}

describe('a malformed safetensors file', () => {
  it.each(Object.entries(MALFORMED))('%s is a FormatError that says so', async (_name, [content, reason]) => {
    const error = await refusal(content, 'malformed.safetensors');
    expect(error).toMatchObject({ name: 'FormatError', code: 'ERR_FORMAT' });
    expect(String(error)).toContain('malformed.safetensors');
    expect(String(error)).toContain(reason);
    said.push(String(error));
  });

  it('is refused in every shortened or lengthened form of a good one', async () => {
    const good = one('"F32"', '[1]', '[0,4]');
    expect(await refusal(good, 'good.safetensors')).toBeUndefined();
    const forms = Array.from(good, (_byte, length) => good.subarray(0, length));
    forms.push(Buffer.concat([good, Buffer.from('x')]));
    const refusals = await Promise.all(forms.map((form, i) => refusal(form, `form-${i}.safetensors`)));
    for (const error of refusals) expect(error).toMatchObject({ name: 'FormatError' });
  });

  it('with bools other than 0 and 1 is refused when they are asked for', async () => {
    const error = await refusal(one('"BOOL"', '[3]', '[0,3]', 3), 'bools.safetensors');
    expect(error).toMatchObject({ name: 'FormatError' });
    expect(String(error)).toMatch(/tensor "w" is BOOL, but element 2 is 2/);
  });

  it('with more axes than a tensor can have is refused when they are asked for', async () => {
    const error = await refusal(one('"F32"', `[${Array(17).fill(1).join()}]`, '[0,4]'), 'axes.safetensors');
    expect(error).toMatchObject({ name: 'FormatError' });
    expect(String(error)).toMatch(/17 axes/);
  });
});

test('a name may be written with escapes, pairs of surrogates and several bytes', async () => {
  const path = join(folder, 'names.safetensors');
  writeFileSync(
    path,
    fileOf(
      `{${member('\\ud83d\\ude00 \\u00e9\\n', '"U8"', '[1]', '[0,1]')},${member('\u00fc\u4e2d', '"U8"', '[1]', '[1,2]')}}`,
      2,
    ),
  );
  const file = await readSafetensors(path);
  expect(file.entries.map(({ name }) => name)).toEqual(['\u{1f600} \u00e9\n', '\u00fc\u4e2d']);
});

test('the table is as long as it should be', () => {
  const count = Object.keys(MALFORMED).length;
  announce(
    'R7',
    `${count} malformed safetensors files, and every shortened or lengthened one, refused by name`,
  );
  expect(count).toBeGreaterThanOrEqual(40);
});

const BROKEN = {
  'a zero byte': ['ERR_IO', 'the path holds a zero byte'],
  'a folder': ['ERR_IO', 'it is not a regular file'],
  'no file': ['ERR_IO', 'No such file'],
  'no such tensor': ['ERR_ARGUMENT', 'from 0 to 0, got 1'],
  'a file that ends early': ['ERR_IO', 'it became shorter while it was read'],
  'more than there are addresses': ['ERR_IO', 'Cannot allocate memory'],
  'a changing size': ['ERR_IO', 'its size changed while it was opened'],
  'no memory': ['ERR_OUT_OF_MEMORY', 'no memory for'],
} as const;

/** The binding refuses these numbers before: shown by native/test/safetensors_test.cpp. */
const BEHIND_THE_BINDING = 'safetensors: there is no tensor of this number';

// The sanitizers keep terabytes of addresses for themselves.
(isSanitized ? test.skip : test)(
  'files that change, end early or find no room are refused by name',
  async () => {
    const ended = await runChild('brokenFiles', {
      args: [folder],
      nodeOptions: ['--disable-wasm-trap-handler'],
    });
    const report = reportOf(ended) as BrokenFilesReport;
    expect(Object.keys(BROKEN)).toEqual(expect.arrayContaining(Object.keys(report)));
    expect(Object.keys(report).length).toBeGreaterThanOrEqual(6);
    for (const [name, [code, reason]] of Object.entries(report)) {
      const [wantedCode, wanted] = BROKEN[name as keyof typeof BROKEN];
      expect([name, code, reason]).toEqual([name, wantedCode, expect.stringContaining(wanted)]);
    }

    const messages = [...said, ...Object.values(report).map(([, message]) => message)];
    const errors = errorsInSource(join(__dirname, '..', '..', 'native', 'io'));
    const never = errors.filter(
      ({ parts }) => parts[0] !== BEHIND_THE_BINDING && !messages.some((message) => says(message, parts)),
    );
    announce(
      'R22',
      `${errors.length - never.length} of ${errors.length} errors of native/io raised by tests`,
    );
    expect(never).toEqual([]);
    expect(errors.length).toBeGreaterThanOrEqual(40);
  },
  PATIENCE_MS,
);
