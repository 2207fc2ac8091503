import { SingleBar } from 'cli-progress';

import type { Progress } from '../graph/tensor';
import { writeJson, type Output, type Terminal } from './terminal';

/** Shows how far long work is. */
export interface ProgressView {
  readonly update: (progress: Progress) => void;
  /** Says the last word. Afterwards the line is free again. */
  readonly stop: () => void;
}

/** Between two lines of JSON, in milliseconds: at most four a second. */
const LINE_INTERVAL = 250;

/** A bar on a terminal; elsewhere one line of JSON now and then. */
export function progressView(output: Output, now: () => number = () => performance.now()): ProgressView {
  return output.isTTY === true ? barView(output) : lineView(output, now);
}

/** Runs long work with its progress in view. */
export async function withProgress<T>(
  terminal: Terminal,
  work: (onProgress: (progress: Progress) => void) => Promise<T>,
): Promise<T> {
  const view = progressView(terminal.stderr);
  try {
    return await work(view.update);
  } finally {
    view.stop();
  }
}

function barView(output: Output): ProgressView {
  const bar = new SingleBar({
    stream: output,
    format: '{bar} {percentage} %  {phase}',
    barCompleteChar: '█',
    barIncompleteChar: '░',
    barsize: 24,
    hideCursor: true,
    clearOnComplete: true,
    fps: 10,
    // The command line handles signals itself, and must.
    gracefulExit: false,
  });
  let isStarted = false;
  return {
    update: ({ done, total, phase = '' }) => {
      if (!isStarted) bar.start(total, done, { phase });
      isStarted = true;
      bar.setTotal(total);
      bar.update(done, { phase });
    },
    stop: () => {
      if (isStarted) bar.stop();
    },
  };
}

function lineView(output: Output, now: () => number): ProgressView {
  const start = now();
  let next = start;
  let pending: Progress | undefined;
  const write = (): void => {
    if (pending) writeJson(output, { ...pending, seconds: Math.round((now() - start) / 100) / 10 });
    pending = undefined;
  };
  return {
    update: (progress) => {
      pending = progress;
      if (now() < next) return;
      next = now() + LINE_INTERVAL;
      write();
    },
    stop: write,
  };
}
