// The contract (api/openapi.yaml) and the routes must say the same.
#include <gtest/gtest.h>

#include <fstream>
#include <set>
#include <string>

#include "http/routes.h"

namespace latchkey::http {
namespace {

// Reads the operations of the contract off its indentation: "  /path:", "    get:", "      operationId:
// name". That the file is valid OpenAPI is checked by the contract suite, with tools made for it.
std::set<std::string> operations_of_contract() {
  std::ifstream file(LATCHKEY_SOURCE_DIR "/api/openapi.yaml");
  std::set<std::string> operations;
  std::string path;
  std::string method;
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("components:")) break;
    if (line.starts_with("  /")) {
      path = line.substr(2, line.size() - 3);
    } else if (line.starts_with("    ") && line.size() > 5 && line[4] != ' ' && line.ends_with(":")) {
      method = line.substr(4, line.size() - 5);
      for (char& c : method) c = static_cast<char>(std::toupper(c));
    } else if (line.starts_with("      operationId: ")) {
      operations.insert(method + " " + path + " " + line.substr(19));
    }
  }
  return operations;
}

TEST(Contract, DescribesExactlyTheRoutesThereAre) {
  std::set<std::string> served;
  for (const auto& route : routes()) {
    served.insert(std::string(route.method) + " " + std::string(route.pattern) + " " +
                  std::string(route.operation_id));
  }
  EXPECT_EQ(operations_of_contract(), served);
}

}  // namespace
}  // namespace latchkey::http
