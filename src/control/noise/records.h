// Transport records of ts2021: type 4, a 16-bit length, ciphertext with tag. At most 4096 bytes each. The
// nonce counts records of one direction as a 64-bit big-endian number (plain Noise has little-endian there).
// Boundaries carry no meaning: what goes in and comes out is a stream of bytes.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "crypto/chacha_poly.h"

namespace latchkey::control {

inline constexpr std::size_t kMaxRecord = 4096;
inline constexpr std::size_t kMaxRecordText = kMaxRecord - 3 - crypto::kAeadTag;

class RecordSealer {
 public:
  explicit RecordSealer(const crypto::Key256& key, std::uint64_t first_counter = 0);

  // Appends as many records as the text needs, one for an empty text. Throws CryptoError when the counter is
  // used up.
  void seal(std::string_view text, std::string& out);

 private:
  crypto::ChaChaPoly cipher_;
  std::uint64_t counter_;
};

class RecordOpener {
 public:
  explicit RecordOpener(const crypto::Key256& key, std::uint64_t first_counter = 0);

  // Takes bytes as they arrive and appends what they decrypt to. After an error the connection must end.
  Result<void> open(std::string_view bytes, std::string& out);

 private:
  Result<void> open_record(std::string_view sealed, std::string& out);

  crypto::ChaChaPoly cipher_;
  std::uint64_t counter_;
  std::string partial_;  // the beginning of a record
};

}  // namespace latchkey::control
