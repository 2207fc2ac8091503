import { loadMnist } from '../../lib/data/mnist';
import { cnn } from '../../lib/models/cnn';
import { withParameters } from '../../lib/models/model';
import { weightsHash } from '../../lib/models/weightsHash';
import { setThreads, threads } from '../../lib/native';
import { adam } from '../../lib/optim/adam';
import { train } from '../../lib/optim/train';
import { ssd } from '../../lib/unlearn';
import { announce, isFull } from '../support/numbers';

/** 50 steps of training and one method, so often for each number of threads. */
const ROUNDS = isFull ? 20 : 2;

const before = threads();
afterAll(() => setThreads(before));

test(
  'training and SSD give the same bits for any number of threads, every time',
  async () => {
    const { train: digits } = await loadMnist();
    const data = digits.subset(Int32Array.from({ length: 3200 }, (_, i) => i));
    const forget = data.subset(data.indicesWhere((label) => label === 5));
    const hashes = new Set<string>();
    for (let run = 0; run < 3 * ROUNDS; run++) {
      const count = [1, 2, 4][run % 3] ?? 1;
      setThreads(count);
      const fresh = cnn({ image: [1, 28, 28], channels: [16, 32], hidden: 128, classes: 10 }, { seed: 3 });
      const trained = withParameters(
        fresh,
        await train(fresh, data, { optimizer: adam(), epochs: 1, batchSize: 64 }),
      );
      const { parameters, selected } = await ssd(trained, { forget, full: data }, { alpha: 3 });
      expect(selected).toBeGreaterThan(0);
      hashes.add(`${await weightsHash(trained.parameters)} ${await weightsHash(parameters)}`);
    }
    announce(
      'R6',
      `${hashes.size} digest of ${3 * ROUNDS} runs of 50 training steps and SSD at 1, 2 and 4 threads`,
    );
    expect(hashes.size).toBe(1);
  },
  60_000 * ROUNDS,
);
