'use strict';
const assert = require('node:assert/strict');
const { cholesky, grad, matmul, sum, tensor } = require('palimpsest');
const { ssd } = require('palimpsest/unlearn');

async function main() {
  const x = tensor([
    [1, 2, 3],
    [4, 5, 6],
  ]);
  const w = tensor([
    [1, 0],
    [0, 1],
    [1, 1],
  ]);
  assert.deepEqual([...(await matmul(x, w).data())], [4, 5, 10, 11]);
  const gradient = grad((weight) => sum(matmul(x, weight)))(w);
  assert.deepEqual([...(await gradient.data())], [5, 5, 7, 7, 9, 9]);
  const factor = cholesky(
    tensor([
      [4, 2],
      [2, 5],
    ]),
  ); // LAPACK comes along
  assert.deepEqual([...(await factor.data())], [2, 0, 1, 2]);
  assert.equal(typeof ssd, 'function');
  console.log('consumer: ok');
}

main();
