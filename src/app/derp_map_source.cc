#include "app/derp_map_source.h"

#include <curl/curl.h>

#include <array>
#include <condition_variable>
#include <fstream>
#include <mutex>
#include <system_error>

#include "relay/derp_map.h"

namespace latchkey::app {
namespace {

constexpr long kPatienceSeconds = 10;
constexpr long kMostRedirects = 5;

struct FreeCurl {
  void operator()(CURL* handle) const { curl_easy_cleanup(handle); }
};

struct Fetch {
  std::string text;
  std::stop_token stop;
};

std::size_t collect(char* bytes, std::size_t, std::size_t size, void* into) {
  auto& text = static_cast<Fetch*>(into)->text;
  if (text.size() + size > relay::kMostDerpMapBytes) return 0;
  text.append(bytes, size);
  return size;
}

int stops(void* fetch, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  return static_cast<Fetch*>(fetch)->stop.stop_requested() ? 1 : 0;
}

Result<std::string> fetch(const std::string& url, const std::stop_token& stop) {
  static const CURLcode initialised = curl_global_init(CURL_GLOBAL_DEFAULT);
  const std::unique_ptr<CURL, FreeCurl> owned(initialised == CURLE_OK ? curl_easy_init() : nullptr);
  if (!owned) return unavailable("libcurl does not start");
  CURL* handle = owned.get();
  Fetch into{{}, stop};
  std::array<char, CURL_ERROR_SIZE> explained{};
  curl_easy_setopt(handle, CURLOPT_URL, url.c_str());
  curl_easy_setopt(handle, CURLOPT_USERAGENT, "latchkey/" LATCHKEY_VERSION);
  curl_easy_setopt(handle, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(handle, CURLOPT_REDIR_PROTOCOLS_STR, "https");
  curl_easy_setopt(handle, CURLOPT_FOLLOWLOCATION, 1L);
  curl_easy_setopt(handle, CURLOPT_MAXREDIRS, kMostRedirects);
  curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(handle, CURLOPT_TIMEOUT, kPatienceSeconds);
  curl_easy_setopt(handle, CURLOPT_FAILONERROR, 1L);
  curl_easy_setopt(handle, CURLOPT_ERRORBUFFER, explained.data());
  curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, collect);
  curl_easy_setopt(handle, CURLOPT_WRITEDATA, &into);
  curl_easy_setopt(handle, CURLOPT_NOPROGRESS, 0L);
  curl_easy_setopt(handle, CURLOPT_XFERINFOFUNCTION, stops);
  curl_easy_setopt(handle, CURLOPT_XFERINFODATA, &into);
  const auto code = curl_easy_perform(handle);
  if (code == CURLE_WRITE_ERROR) return malformed("the answer is larger than a DERP map may be");
  if (code != CURLE_OK) {
    return unavailable(explained[0] != '\0' ? explained.data() : curl_easy_strerror(code));
  }
  return std::move(into.text);
}

std::filesystem::path copy_of(const Settings& settings) {
  return settings.data_dir / "derp_map.json";
}

std::optional<std::string> read_file(const std::filesystem::path& path) {
  std::ifstream file(path);
  if (!file) return std::nullopt;
  // One byte over the limit is enough to be refused.
  std::string text(relay::kMostDerpMapBytes + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(file.gcount()));
  return text;
}

void keep_copy(const std::filesystem::path& path, const std::string& text, const Log& log) {
  const auto fresh = path.string() + ".new";
  std::error_code failed;
  {
    std::ofstream file(fresh, std::ios::trunc);
    file << text;
    if (!file.flush()) failed = std::make_error_code(std::errc::io_error);
  }
  if (!failed) std::filesystem::rename(fresh, path, failed);
  if (failed) {
    log.warn("no copy of the DERP map was kept", {{"file", path.string()}, {"reason", failed.message()}});
  }
}

}  // namespace

Result<std::optional<std::string>> first_derp_map(const Settings& settings, bool can_do_without,
                                                  const Log& log) {
  std::optional<std::string> text;
  if (!settings.derp_map_file.empty()) {
    if (!settings.derp_map_url.empty()) {
      return malformed("derp_map.file and derp_map.url exclude each other");
    }
    text = read_file(settings.derp_map_file);
    if (!text) return malformed("derp_map.file cannot be read: " + settings.derp_map_file.string());
    return text;
  }
  const auto& url = settings.derp_map_url;
  if (url.empty()) return text;
  if (!url.starts_with("https://") && !url.starts_with("http://")) {
    return malformed("derp_map.url must begin with https:// or http://");
  }
  text = read_file(copy_of(settings));
  // A copy that was spoilt on the disk is fetched anew.
  if (text && relay::make_derp_map(std::nullopt, text)) return text;
  text.reset();
  auto fetched = fetch(url, {});
  if (!fetched) {
    if (!can_do_without) return malformed("derp_map.url cannot be fetched: " + fetched.error().message);
    log.warn("the DERP map cannot be fetched; starting with the embedded relay alone",
             {{"url", url}, {"reason", fetched.error().message}});
    return text;
  }
  text = *std::move(fetched);
  TRY(relay::make_derp_map(std::nullopt, text));
  keep_copy(copy_of(settings), *text, log);
  return text;
}

DerpMapRefresh::DerpMapRefresh(const Settings& settings, std::optional<std::string> known, Take take,
                               const Log& log)
    : url_(settings.derp_map_url),
      copy_(copy_of(settings)),
      every_(settings.derp_map_refresh),
      known_(std::move(known)),
      take_(std::move(take)),
      log_(log),
      thread_([this](const std::stop_token& stop) { run(stop); }) {}

DerpMapRefresh::~DerpMapRefresh() = default;

void DerpMapRefresh::run(const std::stop_token& stop) {
  std::mutex mutex;
  std::condition_variable_any over;
  std::unique_lock lock(mutex);
  while (!stop.stop_requested()) {
    auto fetched = fetch(url_, stop);
    if (stop.stop_requested()) return;
    Result<void> taken;
    if (!fetched) {
      taken = fetched.error();
    } else if (fetched.value() != known_) {
      taken = take_(*fetched);
      if (taken) {
        keep_copy(copy_, *fetched, log_);
        known_ = *std::move(fetched);
        log_.info("the DERP map has changed", {{"url", url_}});
      }
    }
    if (!taken) {
      log_.warn("the DERP map stays as it is", {{"url", url_}, {"reason", taken.error().message}});
    }
    over.wait_for(lock, stop, every_, [] { return false; });
  }
}

}  // namespace latchkey::app
