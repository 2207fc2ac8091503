import { progressView, withProgress } from '../../lib/cli/progress';
import { Captured } from './captured';

const lines = (output: Captured): unknown[] =>
  output.text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as unknown);

describe('progress where there is no terminal', () => {
  it('is a line of JSON, four times a second at most', () => {
    const output = new Captured();
    let now = 0;
    const view = progressView(output, () => now);
    for (let done = 0; done <= 1000; done++) {
      now = done * 10;
      view.update({ done, total: 1000, phase: 'training' });
    }
    expect(lines(output)).toHaveLength(41);
    expect(lines(output)[1]).toEqual({ done: 25, total: 1000, phase: 'training', seconds: 0.3 });
  });

  it('does not keep the last word to itself', () => {
    const output = new Captured();
    const view = progressView(output, () => 0);
    view.update({ done: 1, total: 3 });
    view.update({ done: 2, total: 3 });
    view.update({ done: 3, total: 3 });
    expect(lines(output)).toEqual([{ done: 1, total: 3, seconds: 0 }]);
    view.stop();
    expect(lines(output)[1]).toEqual({ done: 3, total: 3, seconds: 0 });
  });

  it('says nothing about nothing', () => {
    const output = new Captured();
    progressView(output).stop();
    expect(output.text).toBe('');
  });
});

describe('progress on a terminal', () => {
  it('is a bar with the phase beside it, which goes away', () => {
    const output = new Captured(true);
    const view = progressView(output);
    view.update({ done: 1, total: 4, phase: 'training' });
    view.update({ done: 3, total: 4, phase: 'importance' });
    view.stop();
    expect(output.text).toContain('█');
    expect(output.text).toContain('25 %  training');
    expect(output.text).not.toContain('{"done"');
    // Cursor shown again, line cleared.
    expect(output.text).toContain('\u{1b}[?25h');
  });

  it('ends when the work fails', async () => {
    const stderr = new Captured(true);
    const terminal = { stderr, stdout: stderr, environment: {}, signal: new AbortController().signal };
    const work = withProgress(terminal, (onProgress) => {
      onProgress({ done: 1, total: 2 });
      return Promise.reject(new RangeError('no'));
    });
    await expect(work).rejects.toThrow(RangeError);
    expect(stderr.text).toContain('\u{1b}[?25h');
  });
});
