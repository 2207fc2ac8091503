#include "operations.h"

namespace palimpsest {
namespace {

#define PALIMPSEST_ROW(name, arity, rule, types) {#name, arity, Rule::rule},
constexpr Operation kOperations[] = {PALIMPSEST_ELEMENTWISE_OPERATIONS(PALIMPSEST_ROW)};
#undef PALIMPSEST_ROW

}  // namespace

std::span<const Operation> operations() { return kOperations; }

std::vector<std::string> elementwise_operations() {
  std::vector<std::string> names;
  for (const Operation& operation : kOperations) names.emplace_back(operation.name);
  return names;
}

}  // namespace palimpsest
