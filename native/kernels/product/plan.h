#pragma once

#include "kernels/product/blocks.h"

namespace palimpsest::product {

// The extents of a product: for every batch, rows x columns sums over examples and their steps.
struct Extents {
  Index batches;
  Index examples;
  Index steps;
  Index rows;
  Index columns;
};

// How a product is cut into tasks. It depends on the extents and the element type alone, never on the number
// of threads, so that results are the same bits for any number of them.
struct Plan {
  Cut batches;  // a task computes a group of batches,
  Cut rows;     // one block of their rows
  Cut columns;  // and columns,
  DepthCut depth;
  Cut chunks;  // and one range of the units of depth; several chunks are summed afterwards
  Index unit;  // depth blocks a unit
};

// How many tasks a piece of work of so many multiply-adds is worth.
Index tasks_wanted(double work);

// `whole_examples`: a chunk must hold whole examples (their sums are squared).
template <typename T>
Plan plan_product(const Extents& extents, bool whole_examples);

}  // namespace palimpsest::product
