// Records and what is in them. The first byte chooses: even, the rest arrives as records, in pieces of the
// second byte's size; odd, the rest is sealed, bent at a place of its choice, and opened again. Either way
// the cutting does not matter and nothing that was not sealed comes out. The text is also a map message on
// its way through a frame.
#include <zstd.h>

#include <algorithm>
#include <array>

#include "control/map/frame.h"
#include "control/noise/records.h"
#include "require.h"

namespace {

using namespace latchkey;
using namespace latchkey::control;

crypto::Key256 key() {
  std::array<std::uint8_t, 32> bytes{};
  bytes.fill(11);
  return crypto::Key256(bytes);
}

struct Opened {
  std::string text;
  bool broken = false;
  bool operator==(const Opened&) const = default;
};

Opened open(std::string_view bytes, std::size_t piece) {
  Opened opened;
  RecordOpener opener(key());
  while (!bytes.empty() && !opened.broken) {
    opened.broken = !opener.open(bytes.substr(0, piece), opened.text);
    bytes.remove_prefix(std::min(piece, bytes.size()));
  }
  return opened;
}

void raw(std::string_view bytes, std::size_t piece) {
  const auto whole = open(bytes, bytes.size() + 1);
  fuzz::require(whole == open(bytes, piece), "how bytes are cut into pieces does not change what they say");
  fuzz::require(whole.text.size() <= bytes.size(), "a record holds less than it is long");
}

void sealed(fuzz::Choices choices) {
  const std::size_t piece = choices.byte() + 1UL;
  const std::size_t part = choices.byte() * 40UL + 1;
  const std::size_t bend = choices.byte() << 8 | choices.byte();
  const auto flip = static_cast<char>(choices.byte());
  const auto text = choices.rest();
  RecordSealer sealer(key());
  std::string bytes;
  for (std::size_t at = 0; at < text.size(); at += part) sealer.seal(text.substr(at, part), bytes);
  fuzz::require(open(bytes, piece) == Opened{std::string(text), false}, "what is sealed is opened");
  if (bytes.empty() || flip == 0) return;
  bytes[bend % bytes.size()] = static_cast<char>(bytes[bend % bytes.size()] ^ flip);
  const auto opened = open(bytes, piece);
  fuzz::require(opened == open(bytes, bytes.size()), "cutting does not change what a bent record does");
  fuzz::require(text.starts_with(opened.text), "only what was sealed is opened");
  fuzz::require(opened.text.size() < text.size(), "a bent record is not opened");
}

void framed(std::string_view message) {
  static FrameCache cache;
  for (const auto& frame : {make_frame(message, true), make_frame(message, false),
                            cache.frame_of(std::string(message)), cache.frame_of(std::string(message))}) {
    fuzz::require(frame->size() >= 4, "a frame begins with its length");
    std::size_t length = 0;
    for (std::size_t i = 0; i < 4; ++i) {
      length |= static_cast<std::size_t>(static_cast<unsigned char>((*frame)[i])) << (8 * i);
    }
    const auto packed = std::string_view(*frame).substr(4);
    fuzz::require(length == packed.size(), "the length is that of what follows");
    if (packed == message) continue;
    std::string text(message.size(), '\0');
    fuzz::require(ZSTD_getFrameContentSize(packed.data(), packed.size()) == message.size(),
                  "a device learns how much room a message needs");
    const auto size = ZSTD_decompress(text.data(), text.size(), packed.data(), packed.size());
    fuzz::require(size == message.size() && text == message, "a message comes out as it went in");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Choices choices(fuzz::text_of(data, size));
  if (choices.byte() % 2 == 1) {
    framed(choices.rest());
    sealed(choices);
  } else {
    const std::size_t piece = choices.byte() + 1UL;
    raw(choices.rest(), piece);
  }
  return 0;
}
