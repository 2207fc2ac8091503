import packageJson from '../../package.json';
import { announce } from '../support/numbers';

/** What a user installs with this package, and why none of it is written here. */
const REVIEWED: Readonly<Record<string, string>> = {
  '@huggingface/jinja': 'chat templates of checkpoints',
  '@huggingface/tokenizers': 'tokenizer.json of checkpoints',
  'node-addon-api': 'builds the addon where no prebuilt one fits',
  'node-api-headers': 'builds the addon where no prebuilt one fits',
  'node-gyp-build': 'finds the addon',
  'cli-progress': 'progress bars on a terminal',
  commander: 'arguments of the command line',
  'csv-parse': 'CSV files',
  fflate: 'compressed npz files',
  picocolors: 'colours on a terminal',
  zod: 'checks configurations and descriptions in files',
};

test('runtime dependencies are those that were reviewed, in exact versions', () => {
  const { dependencies } = packageJson as { dependencies: Record<string, string> };
  expect(Object.keys(dependencies).sort()).toEqual(Object.keys(REVIEWED).sort());
  for (const version of Object.values(dependencies)) expect(version).toMatch(/^\d+\.\d+\.\d+$/);
  const names = Object.keys(dependencies);
  const native = names.filter((name) => name.startsWith('node-'));
  expect(native.sort()).toEqual(['node-addon-api', 'node-api-headers', 'node-gyp-build']);
  const outer = names.filter((name) => !native.includes(name)).sort();
  announce(
    'R24',
    `${names.length} runtime dependencies: ${native.length} for the addon, ${outer.length} outer parts (${outer.join(', ')})`,
  );
});
