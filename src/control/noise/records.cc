#include "control/noise/records.h"

#include <algorithm>
#include <limits>

#include "base/release.h"
#include "crypto/random.h"

namespace latchkey::control {
namespace {

constexpr char kRecord = 4;
constexpr std::size_t kHeader = 3;
constexpr auto kCounterEnd = std::numeric_limits<std::uint64_t>::max();

crypto::Nonce96 nonce_of(std::uint64_t counter) {
  crypto::Nonce96 nonce{};
  for (std::size_t i = 0; i < 8; ++i) nonce[11 - i] = static_cast<std::uint8_t>(counter >> (8 * i));
  return nonce;
}

}  // namespace

RecordSealer::RecordSealer(const crypto::Key256& key, std::uint64_t first_counter)
    : cipher_(key, crypto::ChaChaPoly::Direction::seal), counter_(first_counter) {}

void RecordSealer::seal(std::string_view text, std::string& out) {
  do {
    if (counter_ == kCounterEnd) throw crypto::CryptoError("the record counter is used up");
    const auto part = text.substr(0, kMaxRecordText);
    const auto sealed = part.size() + crypto::kAeadTag;
    const auto begin = out.size();
    out.resize(begin + kHeader + sealed);
    out[begin] = kRecord;
    out[begin + 1] = static_cast<char>(sealed >> 8);
    out[begin + 2] = static_cast<char>(sealed);
    cipher_.seal(nonce_of(counter_++), {}, part, out.data() + begin + kHeader);
    text.remove_prefix(part.size());
  } while (!text.empty());
}

RecordOpener::RecordOpener(const crypto::Key256& key, std::uint64_t first_counter)
    : cipher_(key, crypto::ChaChaPoly::Direction::open), counter_(first_counter) {}

Result<void> RecordOpener::open(std::string_view bytes, std::string& out) {
  for (;;) {
    // Whole records are opened where they lie; only a part of one is kept.
    std::string_view all = bytes;
    if (!partial_.empty()) {
      const auto header_missing = partial_.size() < kHeader ? kHeader - partial_.size() : 0;
      const auto head = std::min(header_missing, bytes.size());
      partial_.append(bytes.substr(0, head));
      bytes.remove_prefix(head);
      all = partial_;
    }
    if (all.size() < kHeader) {
      if (partial_.empty()) partial_.assign(all);
      return {};
    }
    const auto sealed = static_cast<std::size_t>(static_cast<unsigned char>(all[1])) << 8 |
                        static_cast<unsigned char>(all[2]);
    if (all[0] != kRecord) return malformed("unexpected record type");
    if (sealed > kMaxRecord - kHeader || sealed < crypto::kAeadTag) return malformed("wrong record length");
    const auto whole = kHeader + sealed;
    if (!partial_.empty()) {
      const auto missing = std::min(whole - partial_.size(), bytes.size());
      partial_.append(bytes.substr(0, missing));
      bytes.remove_prefix(missing);
      if (partial_.size() < whole) return {};
      TRY(open_record(std::string_view(partial_).substr(kHeader), out));
      release(partial_);
    } else {
      if (bytes.size() < whole) {
        partial_.assign(bytes);
        return {};
      }
      TRY(open_record(bytes.substr(kHeader, sealed), out));
      bytes.remove_prefix(whole);
    }
    if (bytes.empty()) return {};
  }
}

Result<void> RecordOpener::open_record(std::string_view sealed, std::string& out) {
  if (counter_ == kCounterEnd) return malformed("the record counter is used up");
  const auto begin = out.size();
  out.resize(begin + sealed.size() - crypto::kAeadTag);
  if (cipher_.open(nonce_of(counter_++), {}, sealed, out.data() + begin)) return {};
  out.resize(begin);
  return malformed("a record does not decrypt");
}

}  // namespace latchkey::control
