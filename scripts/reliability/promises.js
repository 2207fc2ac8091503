'use strict';
/**
 * What is promised, and what shows it. `tests` are files or folders for jest, `commands` are scripts of package.json; both say
 * their numbers through test/support/numbers.ts, in lines that begin with the promise's name.
 */
module.exports = [
  {
    id: 'R1',
    promise: 'every op is in the table of tests',
    target: '0 missing',
    tests: ['test/ops/table.test.ts'],
  },
  {
    id: 'R2',
    promise: 'gradients are those of central differences, in float64; float32 kernels agree with float64',
    target: 'relative error at most 1e-6; 2e-3',
    tests: ['test/ops/derivatives.test.ts'],
  },
  {
    id: 'R3',
    promise: 'second derivatives, forward over reverse and reverse over reverse, are those of differences',
    target: 'relative error at most 1e-5',
    tests: ['test/ops/derivatives.test.ts'],
  },
  {
    id: 'R4',
    promise: 'forward and reverse rules are transposes of each other, on 20 directions per op',
    target: 'at most 1e-10 in float64, 1e-5 in float32',
    tests: ['test/ops/derivatives.test.ts'],
  },
  {
    id: 'R5',
    promise: 'per-example statistics equal a loop over single examples, for every op and a zoo of networks',
    target: 'relative error at most 1e-5 in float32, 1e-10 in float64',
    tests: ['test/ops/examples.test.ts', 'test/transforms/zoo.test.ts'],
  },
  {
    id: 'R6',
    promise: 'the same seed gives the same weights, for any number of threads, every time',
    target: 'one digest of 60 runs',
    tests: ['test/unlearn/reproducible.test.ts'],
  },
  {
    id: 'R7',
    promise: 'the loader refuses everything that is wrong, by name',
    target: 'at least 40 malformed files, no crash',
    tests: ['test/boundary/safetensors.test.ts', 'test/io/corpus.test.ts'],
  },
  {
    id: 'R8',
    promise:
      'random mutations of every file format are read or refused by name: the native parser (safetensors) under libFuzzer, those in TypeScript (npy, npz, CSV, IDX) in Node',
    target: '10^6 executions under libFuzzer, 2 x 10^5 in Node, none over 1 s, no crash',
    tests: ['test/fuzz/parsers.test.ts'],
    commands: ['test:fuzz'],
  },
  {
    id: 'R9',
    promise: 'hostile arguments and programs raise errors with a code',
    target: 'at least 500 calls, 0 ends by signal',
    tests: ['test/boundary/hostileArguments.test.ts', 'test/boundary/hostilePrograms.test.ts'],
  },
  {
    id: 'R10',
    promise: 'no reports by address, undefined-behaviour, leak and thread sanitizers',
    target: '0 reports',
    commands: ['test:sanitize', 'test:threads'],
  },
  {
    id: 'R11',
    promise:
      'memory stays flat over training steps, rounds of loading, and gradients that nobody disposes of',
    target: 'growth at most 1 %, and 4 MB by which the heaps of V8 and of the C library move',
    tests: ['test/boundary/memory.test.ts'],
  },
  {
    id: 'R12',
    promise: "Node's account of external memory equals the engine's own, after every operation",
    target: 'always equal',
    tests: ['test/boundary/accounting.test.ts'],
  },
  {
    id: 'R13',
    promise: 'worker threads start, compute, and may be terminated in the middle of a task',
    target: '0 crashes, equal results',
    tests: ['test/boundary/workers.test.ts'],
  },
  {
    id: 'R14',
    promise: 'the process ends at once, whatever it was doing',
    target: 'within 200 ms',
    tests: ['test/boundary/exit.test.ts'],
  },
  {
    id: 'R15',
    promise: 'the event loop and the file system stay responsive while the engine computes',
    target: 'p99 at most 20 ms; fs.stat at most 10 ms',
    tests: ['test/boundary/responsiveness.test.ts'],
  },
  {
    id: 'R16',
    promise: 'every long call is cancelled soon, and leaves everything as it was',
    target: 'within 100 ms (p95)',
    tests: ['test/boundary/cancellation.test.ts'],
  },
  {
    id: 'R17',
    promise: 'a method that fails in the middle leaves the weights as they were',
    target: 'bit-identical',
    tests: ['test/boundary/atomicity.test.ts'],
  },
  {
    id: 'R18',
    promise: 'memory that runs out is an error, and the process goes on',
    target: 'ERR_OUT_OF_MEMORY',
    tests: ['test/boundary/outOfMemory.test.ts'],
  },
  {
    id: 'R19',
    promise:
      'NaN, infinities, empty tensors and single elements have a defined result or a named error, in every op; denormal numbers are those of IEEE 754 in every thread; tensors may have more than 2^31 elements',
    target:
      'a row each for special numbers, no and one element; denormals bit for bit; defined results or named errors',
    tests: [
      'test/ops/values.test.ts',
      'test/boundary/denormals.test.ts',
      'test/boundary/largeTensors.test.ts',
    ],
  },
  {
    id: 'R20',
    promise: "files are read by the formats' reference implementations, and theirs by us, byte by byte",
    target: '100 %',
    tests: ['test/io/safetensors.test.ts', 'test/data'],
  },
  {
    id: 'R21',
    promise:
      'the package installs from its tarball without a network and without a compiler, for CommonJS, ESM and TypeScript',
    target: 'within 10 s',
    commands: ['test:package'],
  },
  {
    id: 'R22',
    promise: 'the binding and the parsers are covered by tests',
    target: 'at least 95 % of lines, and every error of the parsers',
    tests: ['test/boundary/safetensors.test.ts'],
    commands: ['test:coverage'],
  },
  {
    id: 'R23',
    promise: 'wrong variants of methods and of formulas fail their tests',
    target: 'every variant',
    tests: ['test/unlearn', 'test/curvature', 'test/fuzz/faults.test.ts'],
  },
  {
    id: 'R24',
    promise: 'few dependencies, all reviewed',
    target:
      '3 for the addon; 5 of the outer parts, for what Node does not do itself: commander, zod, csv-parse, fflate, cli-progress; no other',
    tests: ['test/api'],
  },
];
