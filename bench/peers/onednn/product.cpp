// A matrix product by oneDNN itself, two threads of OpenMP: the yardstick of ../table/products.ts. A process that speaks
// in JSON lines as ../contestant.ts does: product '{"job":"matmul","form":"NT","m":1024,"n":3072,"k":768}'.

#include <dnnl.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <stdexcept>
#include <string>
#include <vector>

#include "hashed.h"

namespace {

/** A turn is at least so many seconds long: calls of less are repeated. */
constexpr double kTurn = 0.03;
constexpr std::size_t kSamples = 256;
constexpr int kWarmup = 3;

/** What follows `"key":` in flat JSON that is known to be well-formed. */
std::string field(const std::string& json, const std::string& key) {
  const std::size_t found = json.find("\"" + key + "\":");
  if (found == std::string::npos) throw std::runtime_error("no '" + key + "' in " + json);
  const std::size_t from = found + key.size() + 3;
  const std::string value = json.substr(from, json.find_first_of(",}", from) - from);
  return value.front() == '"' ? value.substr(1, value.size() - 2) : value;
}

struct Product {
  bool is_left_transposed, is_right_transposed;
  dnnl_dim_t m, n, k;
  std::vector<float> left, right, out;

  explicit Product(const std::string& json)
      : is_left_transposed(field(json, "form") == "TN"),
        is_right_transposed(field(json, "form") == "NT"),
        m(std::stol(field(json, "m"))),
        n(std::stol(field(json, "n"))),
        k(std::stol(field(json, "k"))),
        left(uniform("left", m * k)),
        right(uniform("right", k * n)),
        out(m * n) {}

  void run() {
    const dnnl_status_t status =
        dnnl_sgemm(is_left_transposed ? 'T' : 'N', is_right_transposed ? 'T' : 'N', m, n, k, 1.0f, left.data(),
                   is_left_transposed ? m : k, right.data(), is_right_transposed ? k : n, 0.0f, out.data(), n);
    if (status != dnnl_success) throw std::runtime_error("dnnl_sgemm: status " + std::to_string(status));
  }

  double timed() {
    const auto start = std::chrono::steady_clock::now();
    run();
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  }
};

/** The median of the calls that fit into a turn. */
double turn(Product& product) {
  std::vector<double> times;
  const auto start = std::chrono::steady_clock::now();
  do {
    times.push_back(product.timed());
  } while (std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count() < kTurn);
  std::sort(times.begin(), times.end());
  const std::size_t middle = times.size() / 2;
  return times.size() % 2 == 1 ? times[middle] : (times[middle - 1] + times[middle]) / 2;
}

/** The most that this process has held; ru_maxrss begins with what the parent held when it started it. */
double peak_megabytes() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);)
    if (line.rfind("VmHWM:", 0) == 0) return std::stod(line.substr(6)) / 1024;
  return 0;
}

void say_goodbye(const std::vector<float>& out) {
  double squares = 0;
  for (const double number : out) squares += number * number;
  std::printf("{\"peak_mb\": %.1f, \"fingerprint\": [{\"size\": %zu, \"norm\": %.17g, \"at\": [",
              peak_megabytes(), out.size(), std::sqrt(squares));
  const std::size_t count = std::min(kSamples, out.size());
  for (std::size_t i = 0; i < count; i++)
    std::printf("%s%.9g", i == 0 ? "" : ", ", static_cast<double>(out[i * out.size() / count]));
  std::printf("]}]}\n");
  std::fflush(stdout);
}

}  // namespace

int main(int, char** arguments) {
  try {
    Product product(arguments[1]);
    const double first = product.timed();
    for (int i = 1; i < kWarmup; i++) product.run();
    std::printf("{\"ready\": true, \"first_s\": %.9f}\n", first);
    std::fflush(stdout);
    for (std::string line; std::getline(std::cin, line) && line != "end";) {
      std::printf("{\"seconds\": %.9f}\n", turn(product));
      std::fflush(stdout);
    }
    say_goodbye(product.out);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return EXIT_FAILURE;
  }
}
