import packageJson from '../../package.json';
import { announce } from '../support/numbers';

/** What a user installs with this package, and why it is neither left to Node nor written here. */
const REVIEWED: Readonly<Record<string, string>> = {
  '@huggingface/jinja': 'chat templates of checkpoints',
  '@huggingface/tokenizers': 'tokenizer.json of checkpoints',
  'node-addon-api': 'builds the addon where no prebuilt one fits',
  'node-api-headers': 'builds the addon where no prebuilt one fits',
  'node-gyp-build': 'finds the addon',
  'cli-progress': 'progress bars: widths, cursors and what else terminals differ in; Node has none',
  commander: "subcommands, help and misspelled options; Node's parseArgs has flags alone",
  'csv-parse': 'CSV with quotes, escapes and errors by line and column; Node has none',
  fflate: "zip archives of compressed npz files; Node's zlib packs what is in them and has no archives",
  zod: 'checks configurations and descriptions in files, with types; Node has nothing of the kind',
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
