import { spawn } from 'node:child_process';
import { join } from 'node:path';

import { loadModel, saveModel } from '../../lib/models/folder';
import { mlp } from '../../lib/models/mlp';
import { weightsHash } from '../../lib/models/weightsHash';
import { temporaryFolder } from '../io/temporaryFolder';

const root = temporaryFolder();

/** Kills a process that saves models into `folder` after so many saves, in the middle of the next. */
const killAfter = (saves: number, folder: string): Promise<NodeJS.Signals | null> =>
  new Promise((resolve, reject) => {
    const child = spawn(
      process.execPath,
      ['--require', 'tsx/cjs', join(__dirname, 'saveForever.ts'), folder],
      {
        cwd: join(__dirname, '..', '..'),
        stdio: ['ignore', 'pipe', 'inherit'],
      },
    );
    let lines = 0;
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      lines += text.split('\n').length - 1;
      if (lines >= saves) child.kill('SIGKILL');
    });
    child.on('error', reject).on('exit', (_status, signal) => resolve(signal));
  });

it('a process that is killed while it saves leaves a whole model, old or new', async () => {
  const hashes = await Promise.all(
    [1, 2].map((seed) => weightsHash(mlp({ inputs: 300, hidden: [300], classes: 2 }, { seed }).parameters)),
  );
  const folders = [1, 2, 4, 7].map((saves) => ({ saves, folder: join(root, `model ${saves}`) }));
  await Promise.all(
    folders.map(async ({ saves, folder }) => {
      expect(await killAfter(saves, folder)).toBe('SIGKILL');
      const model = await loadModel(folder);
      expect(hashes).toContain(await weightsHash(model.parameters));
      await saveModel(folder, model);
      expect(await weightsHash((await loadModel(folder)).parameters)).toBe(
        await weightsHash(model.parameters),
      );
    }),
  );
});
