'use strict';

// Two cores, one rule: two workers with one engine thread each. A test of threading asks for its threads itself.
process.env.PALIMPSEST_THREADS ??= '1';

/** @type {import('jest').Config} */
module.exports = {
  testEnvironment: '<rootDir>/test/environment.js',
  testMatch: ['<rootDir>/test/**/*.test.ts'],
  // Sources may name their neighbours the way the compiled files will be called.
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
  maxWorkers: 2,
  // No test is about time by this limit: it ends what hangs, and a busy machine may take its time.
  testTimeout: 120_000,
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      {
        jsc: {
          target: 'es2022',
          parser: { syntax: 'typescript', explicitResourceManagement: true },
        },
        module: { type: 'commonjs' },
      },
    ],
  },
};
