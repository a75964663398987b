#include "storage/driver/postgres_value.h"

#include <limits>

namespace latchkey::storage {
namespace {

constexpr int kTextFormat = 0;
constexpr int kBinaryFormat = 1;

// Types of the system catalogue (pg_type.dat), the same in every PostgreSQL.
constexpr Oid kBool = 16, kBytea = 17, kName = 19, kInt8 = 20, kInt2 = 21, kInt4 = 23, kText = 25,
              kUnknown = 705, kVarchar = 1043;

// Big-endian two's complement of 2, 4 or 8 bytes.
std::int64_t integer(std::string_view bytes) {
  std::uint64_t value = (bytes.front() & 0x80) ? ~std::uint64_t{0} : 0;
  for (char byte : bytes) value = value << 8 | static_cast<unsigned char>(byte);
  return static_cast<std::int64_t>(value);
}

}  // namespace

PostgresParameters::PostgresParameters(std::span<const Value> values) {
  // Reserved, so that the addresses of short numbers stay.
  numbers_.reserve(values.size());
  auto add = [this](const char* text, std::size_t size, int format) {
    if (size > static_cast<std::size_t>(std::numeric_limits<int>::max())) {
      throw DatabaseError("a value is too large for PostgreSQL");
    }
    texts_.push_back(text);
    lengths_.push_back(static_cast<int>(size));
    formats_.push_back(format);
  };
  for (const Value& value : values) {
    const Value::Held& held = value.held();
    if (const auto* number = std::get_if<std::int64_t>(&held)) {
      const std::string& text = numbers_.emplace_back(std::to_string(*number));
      add(text.c_str(), text.size(), kTextFormat);
    } else if (const bool* flag = std::get_if<bool>(&held)) {
      add(*flag ? "t" : "f", 1, kTextFormat);
    } else if (const auto* text = std::get_if<std::string>(&held)) {
      // libpq would silently cut it there.
      if (text->find('\0') != std::string::npos) throw DatabaseError("text with a NUL byte cannot be stored");
      add(text->c_str(), text->size(), kTextFormat);
    } else if (const Blob* bytes = std::get_if<Blob>(&held)) {
      // A null pointer would mean NULL.
      add(bytes->empty() ? "" : reinterpret_cast<const char*>(bytes->data()), bytes->size(), kBinaryFormat);
    } else {
      add(nullptr, 0, kTextFormat);
    }
  }
}

Value postgres_value(const PGresult* result, int row, int column) {
  if (PQgetisnull(result, row, column)) return Value();
  std::string_view bytes(PQgetvalue(result, row, column),
                         static_cast<std::size_t>(PQgetlength(result, row, column)));
  switch (Oid type = PQftype(result, column)) {
    case kInt2:
    case kInt4:
    case kInt8:
      return Value(integer(bytes));
    case kBool:
      return Value(bytes.front() != 0);
    case kText:
    case kVarchar:
    case kName:
    case kUnknown:
      return Value(std::string(bytes));
    case kBytea:
      return Value(Blob(bytes.begin(), bytes.end()));
    default:
      throw DatabaseError("column " + std::string(PQfname(result, column)) + " has the type number " +
                          std::to_string(type) + ": cast it to BIGINT, BOOLEAN, TEXT or BYTEA");
  }
}

}  // namespace latchkey::storage
