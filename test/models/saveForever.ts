// Saves two models in turn into the folder given, and says a line after each, until it is killed.
import { loadModel, saveModel } from '../../lib/models/folder';
import { mlp } from '../../lib/models/mlp';

async function main(folder: string): Promise<void> {
  const models = [1, 2].map((seed) => mlp({ inputs: 300, hidden: [300], classes: 2 }, { seed }));
  for (let round = 0; ; round++) {
    await saveModel(folder, models[round % 2]!);
    if (round % 2 === 1) await loadModel(folder);
    process.stdout.write(`${round}\n`);
  }
}

void main(process.argv[2]!);
