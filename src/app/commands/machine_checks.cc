// What doctor looks at without a server.
#include <fmt/format.h>
#include <openssl/asn1.h>
#include <openssl/bio.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/timex.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <memory>

#include "app/commands/doctor.h"
#include "app/commands/when.h"
#include "crypto/root_key.h"

namespace latchkey::app::commands {
namespace {

constexpr std::uint64_t kMiB = 1U << 20;
constexpr std::uint64_t kDiskLow = 1024 * kMiB;
constexpr std::uint64_t kDiskTooLow = 64 * kMiB;
constexpr std::int64_t kFilesBesideConnections = 128;
constexpr days kCertificateSoon{14};
constexpr mode_t kOthers = 077;
// No server of this program has run before.
constexpr TimePoint kEarliest{std::chrono::sys_days{std::chrono::year{2025} / 1 / 1}};

std::filesystem::path root_key_file(const Settings& settings) {
  if (!settings.root_key_file.empty()) return settings.root_key_file;
  if (const char* credentials = std::getenv("CREDENTIALS_DIRECTORY")) {
    const auto file = std::filesystem::path(credentials) / "latchkey-root-key";
    std::error_code ignored;
    if (std::filesystem::exists(file, ignored)) return file;
  }
  return settings.data_dir / "root.key";
}

struct FreeBio {
  void operator()(BIO* bio) const { BIO_free_all(bio); }
};
struct FreeCertificate {
  void operator()(X509* certificate) const { X509_free(certificate); }
};

}  // namespace

Finding check_directory(const Settings& settings) {
  Finding finding{"data directory", Verdict::ok, settings.data_dir.string(), {}};
  struct stat info{};
  if (::stat(settings.data_dir.c_str(), &info) != 0) {
    return {finding.check, Verdict::failed, fmt::format("{}: {}", finding.what, std::strerror(errno)),
            "make one with latchkey init"};
  }
  if (!S_ISDIR(info.st_mode))
    return {finding.check, Verdict::failed, finding.what + " is no directory", "name another"};
  if ((info.st_mode & kOthers) != 0) {
    return {finding.check, Verdict::failed, fmt::format("{} is open to other users", finding.what),
            "chmod 700 " + finding.what};
  }
  if (info.st_uid != ::geteuid()) {
    return {finding.check, Verdict::warning, finding.what + " belongs to another user",
            "run latchkey as the user that runs the server"};
  }
  return finding;
}

Finding check_file_modes(const Settings& settings) {
  std::string open;
  int seen = 0;
  const auto look = [&](const std::filesystem::path& file) {
    struct stat info{};
    if (file.empty() || ::stat(file.c_str(), &info) != 0) return;
    ++seen;
    if ((info.st_mode & kOthers) != 0) open += (open.empty() ? "" : " ") + file.string();
  };
  for (const char* name : {"latchkey.db", "latchkey.db-wal", "latchkey.db-shm", "latchkey.sock"}) {
    look(settings.data_dir / name);
  }
  look(root_key_file(settings));
  look(settings.tls_key);
  if (!open.empty())
    return {"file modes", Verdict::failed, "open to other users: " + open, "chmod 600 " + open};
  return {"file modes", Verdict::ok, fmt::format("{} files, all private", seen), {}};
}

Finding check_root_key(const Settings& settings) {
  const char* const keep = "put back the root key that was kept with the database";
  if (!settings.root_key.expose().empty()) {
    const auto key = crypto::parse_root_key(settings.root_key);
    if (!key) return {"root key", Verdict::failed, key.error().message, "correct LATCHKEY_ROOT_KEY"};
    return {"root key", Verdict::ok, "from the settings", {}};
  }
  const auto file = root_key_file(settings);
  const auto key = crypto::read_root_key(file);
  if (!key) return {"root key", Verdict::failed, key.error().message, keep};
  return {"root key", Verdict::ok, file.string(), {}};
}

Finding check_disk(const Settings& settings) {
  struct statvfs info{};
  if (::statvfs(settings.data_dir.c_str(), &info) != 0) {
    return {"disk space", Verdict::failed, std::strerror(errno), "see whether the file system is mounted"};
  }
  const std::uint64_t left = std::uint64_t{info.f_bavail} * info.f_frsize;
  const auto text = fmt::format("{} MiB left", left / kMiB);
  if ((info.f_flag & ST_RDONLY) != 0) {
    return {"disk space", Verdict::failed, "the file system is read-only", "mount it for writing"};
  }
  if (left < kDiskTooLow) return {"disk space", Verdict::failed, text, "make room: writes are about to fail"};
  if (left < kDiskLow) return {"disk space", Verdict::warning, text, "make room before writes fail"};
  return {"disk space", Verdict::ok, text, {}};
}

Finding check_open_files(const Settings& settings) {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  const auto wanted = static_cast<std::uint64_t>(settings.http_max_connections + kFilesBesideConnections);
  if (limit.rlim_max != RLIM_INFINITY && limit.rlim_max < wanted) {
    return {
        "open files", Verdict::warning,
        fmt::format("limit {}, but http.max_connections allows {}", limit.rlim_max,
                    settings.http_max_connections),
        fmt::format("raise the limit to {} (LimitNOFILE= in systemd) or lower http.max_connections", wanted)};
  }
  return {"open files",
          Verdict::ok,
          limit.rlim_max == RLIM_INFINITY ? "no limit" : fmt::format("limit {}", limit.rlim_max),
          {}};
}

Finding check_clock(TimePoint now) {
  const auto text = to_rfc3339(whole_second(now));
  if (now < kEarliest) {
    return {"clock", Verdict::failed, text + " is long past",
            "set the clock: keys would not expire when they should"};
  }
  timex state{};
  if (::adjtimex(&state) == TIME_ERROR || (state.status & STA_UNSYNC) != 0) {
    return {"clock", Verdict::warning, text + ", not synchronised",
            "run a time service such as systemd-timesyncd"};
  }
  return {"clock", Verdict::ok, text + ", synchronised", {}};
}

Result<TimePoint> certificate_end(const std::string& file) {
  const std::unique_ptr<BIO, FreeBio> bio(BIO_new_file(file.c_str(), "r"));
  if (!bio) return malformed("cannot read " + file);
  std::optional<TimePoint> first;
  while (true) {
    const std::unique_ptr<X509, FreeCertificate> certificate(
        PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
    if (!certificate) break;
    std::tm parts{};
    if (ASN1_TIME_to_tm(X509_get0_notAfter(certificate.get()), &parts) != 1)
      return malformed(file + ": odd date");
    const TimePoint end{seconds{::timegm(&parts)}};
    if (!first || end < *first) first = end;
  }
  if (!first) return malformed(file + " holds no certificate");
  return *first;
}

Finding check_certificate(const Settings& settings, TimePoint now) {
  const auto end = certificate_end(settings.tls_certificate);
  if (!end) return {"certificate", Verdict::failed, end.error().message, "correct tls.certificate"};
  const auto text = fmt::format("{} ({})", relative_time(*end, now), date_of(*end));
  if (*end <= now)
    return {"certificate", Verdict::failed, "expired " + text, "renew it: the server takes it up by itself"};
  if (*end - now < kCertificateSoon)
    return {"certificate", Verdict::warning, "expires " + text, "renew it soon"};
  return {"certificate", Verdict::ok, "expires " + text, {}};
}

}  // namespace latchkey::app::commands
