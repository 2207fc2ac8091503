import { dirname, join } from 'node:path';

import { PalimpsestError } from '../../errors';

/**
 * A folder of an npm package, found from the working directory or beside palimpsest.
 * @throws PalimpsestError ERR_IO, saying how to get it, when the package is not installed.
 */
export function packageFolder(where: string, name: string, folder: string): string {
  try {
    const description = require.resolve(`${name}/package.json`, { paths: [process.cwd(), __dirname] });
    return join(dirname(description), folder);
  } catch (cause) {
    throw new PalimpsestError(
      'ERR_IO',
      `${where}: the npm package '${name}' is not installed; get it with: npm install ${name}`,
      { cause },
    );
  }
}
