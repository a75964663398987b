#include "app/commands/doctor.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace latchkey::app::commands {
namespace {

class Doctor : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "latchkey-doctor-XXXXXX";
    directory_ = ::mkdtemp(pattern.data());
    settings_ = make_settings({{{"data_dir", directory_.string()}}}).value();
  }
  void TearDown() override { std::filesystem::remove_all(directory_); }

  std::filesystem::path file(const char* name, const std::string& text, mode_t mode) const {
    const auto path = directory_ / name;
    std::ofstream(path) << text;
    ::chmod(path.c_str(), mode);
    return path;
  }

  std::filesystem::path directory_;
  Settings settings_;
};

TEST_F(Doctor, ADirectoryMustBeThereAndPrivate) {
  EXPECT_EQ(check_directory(settings_).verdict, Verdict::ok);
  ::chmod(directory_.c_str(), 0755);
  EXPECT_EQ(check_directory(settings_).verdict, Verdict::failed);
  settings_.data_dir = directory_ / "none";
  EXPECT_EQ(check_directory(settings_).verdict, Verdict::failed);
}

TEST_F(Doctor, FilesMustBePrivateAndTheAdviceNamesThem) {
  file("latchkey.db", "x", 0600);
  EXPECT_EQ(check_file_modes(settings_).verdict, Verdict::ok);
  const auto open = file("root.key", "x", 0640);
  const auto finding = check_file_modes(settings_);
  EXPECT_EQ(finding.verdict, Verdict::failed);
  EXPECT_EQ(finding.advice, "chmod 600 " + open.string());
}

TEST_F(Doctor, TheRootKeyMustBeReadableAndWellFormed) {
  EXPECT_EQ(check_root_key(settings_).verdict, Verdict::failed);
  file("root.key", "too short", 0600);
  EXPECT_EQ(check_root_key(settings_).verdict, Verdict::failed);
  file("root.key", std::string(64, 'a') + "\n", 0600);
  EXPECT_EQ(check_root_key(settings_).verdict, Verdict::ok);
}

TEST_F(Doctor, AClockOfLongAgoFails) {
  EXPECT_EQ(check_clock(*from_rfc3339("1970-01-01T00:10:00Z")).verdict, Verdict::failed);
  EXPECT_NE(check_clock(*from_rfc3339("2026-01-05T10:00:00Z")).verdict, Verdict::failed);
}

TEST_F(Doctor, ACertificateIsJudgedByItsEnd) {
  const auto key = directory_ / "key.pem";
  const auto certificate = directory_ / "certificate.pem";
  const std::string command =
      "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -subj /CN=x -keyout " +
      key.string() + " -out " + certificate.string() + " 2>/dev/null";
  if (std::system(command.c_str()) != 0) GTEST_SKIP() << "no openssl program";
  settings_.tls_certificate = certificate.string();
  const auto end = certificate_end(certificate.string()).value();
  EXPECT_EQ(check_certificate(settings_, end - days{20}).verdict, Verdict::ok);
  EXPECT_EQ(check_certificate(settings_, end - days{5}).verdict, Verdict::warning);
  EXPECT_EQ(check_certificate(settings_, end).verdict, Verdict::failed);
  settings_.tls_certificate = key.string();
  EXPECT_EQ(check_certificate(settings_, end).verdict, Verdict::failed);
}

TEST_F(Doctor, ALimitOfFilesBelowTheConnectionsIsAWarning) {
  settings_.http_max_connections = 1;
  EXPECT_EQ(check_open_files(settings_).verdict, Verdict::ok);
  settings_.http_max_connections = 4'000'000'000;
  EXPECT_NE(check_open_files(settings_).verdict, Verdict::failed);
  EXPECT_NE(check_disk(settings_).verdict, Verdict::failed);
}

}  // namespace
}  // namespace latchkey::app::commands
