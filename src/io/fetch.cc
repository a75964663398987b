#include "io/fetch.h"

#include <charconv>
#include <string_view>

#include "base/text.h"

namespace latchkey::io {
namespace {

constexpr std::size_t kMostParallel = 16;
constexpr std::size_t kMostWaiting = 256;

seconds max_age_of(std::string_view cache_control) {
  for (const auto part : split(cache_control, ',')) {
    const auto word = trim(part);
    if (equals_ignore_case(word, "no-store") || equals_ignore_case(word, "no-cache")) return seconds{0};
  }
  for (const auto part : split(cache_control, ',')) {
    const auto word = to_lower(trim(part));
    constexpr std::string_view kName = "max-age=";
    if (!word.starts_with(kName)) continue;
    std::int64_t count = 0;
    const auto [end, failed] = std::from_chars(word.data() + kName.size(), word.data() + word.size(), count);
    if (failed == std::errc{} && count > 0) return seconds{count};
  }
  return seconds{0};
}

}  // namespace

Fetcher::Fetcher(FetchSettings settings)
    : client_({.guard = std::move(settings.guard),
               .allow_http = settings.allow_http,
               .ca_file = std::move(settings.ca_file),
               .most_parallel = kMostParallel,
               .most_waiting = kMostWaiting}) {}

awaitable<Result<FetchedDocument>> Fetcher::fetch(FetchRequest request) {
  OutboundRequest wanted;
  wanted.url = std::move(request.url);
  wanted.patience = request.patience;
  wanted.connect_patience = request.patience;
  wanted.most_bytes = request.most_bytes;
  auto answer = co_await client_.send(std::move(wanted));
  if (answer.status != 0 && answer.status != 200) {
    co_return unavailable("the answer has the status " + std::to_string(answer.status));
  }
  if (!answer.whole) co_return unavailable(std::move(answer.error));
  FetchedDocument document{std::move(answer.body), seconds{0}};
  document.fresh_for = max_age_of(answer.header("Cache-Control"));
  co_return document;
}

}  // namespace latchkey::io
