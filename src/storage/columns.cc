#include "storage/columns.h"

#include <algorithm>
#include <boost/json.hpp>

namespace latchkey::storage {

crypto::Digest digest_of(const Value& value) {
  const auto& bytes = value.bytes();
  crypto::Digest digest{};
  if (bytes.size() != digest.size()) throw DatabaseError("a row has a damaged digest");
  std::copy(bytes.begin(), bytes.end(), digest.begin());
  return digest;
}

Blob blob_of(const crypto::Digest& digest) {
  return {digest.begin(), digest.end()};
}

std::string list_text(const std::vector<std::string>& list) {
  if (list.empty()) return "[]";
  return boost::json::serialize(boost::json::array(list.begin(), list.end()));
}

std::vector<std::string> list_of(const std::string& text) {
  if (text == "[]") return {};
  boost::json::error_code failed;
  const auto value = boost::json::parse(text, failed);
  if (failed || !value.is_array()) throw DatabaseError("a list column holds no JSON list");
  std::vector<std::string> list;
  for (const auto& item : value.get_array()) {
    if (!item.is_string()) throw DatabaseError("a list column holds something other than text");
    list.emplace_back(item.get_string());
  }
  return list;
}

}  // namespace latchkey::storage
