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

// How a product is cut into tasks. The depth is cut by the extents and the element type alone: the order of a
// sum decides its bits, which are the same for any number of threads. Rows and columns only decide who
// computes an element.
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

// The most rows of a panel: it stays in the second-level cache while slivers of columns pass by.
constexpr Index kPanelRows = 240;
// The depth of a panel: 384 floats, 192 doubles.
constexpr Index kPanelDepthBytes = 1536;

// What packing an element of either operand costs, in multiply-adds of a vector.
struct PackingCosts {
  double rows;
  double columns;
};

// `whole_examples`: a chunk must hold whole examples (their sums are squared).
template <typename T>
Plan plan_product(const Extents& extents, bool whole_examples, PackingCosts costs, std::size_t threads);

}  // namespace palimpsest::product
