#include "crypto/self_signed.h"

#include <gtest/gtest.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <fstream>

#include "base/text.h"
#include "crypto/digest.h"

namespace latchkey::crypto {
namespace {

const TimePoint kNow = *from_rfc3339("2026-03-01T12:00:00Z");
const std::vector<std::string> kHosts{"relay.example.net", "192.0.2.7", "2001:db8::7"};

class SelfSignedCertificate : public testing::Test {
 protected:
  SelfSignedCertificate() {
    auto pattern = (std::filesystem::temp_directory_path() / "latchkey-crypto-XXXXXX").string();
    directory = ::mkdtemp(pattern.data());
  }
  ~SelfSignedCertificate() override { std::filesystem::remove_all(directory); }

  SelfSigned keep(const std::vector<std::string>& hosts = kHosts, TimePoint now = kNow) const {
    return *keep_self_signed(directory, "relay", hosts, now);
  }

  std::filesystem::path directory;
};

std::unique_ptr<X509, decltype(&X509_free)> read(const SelfSigned& files) {
  auto* file = ::fopen(files.certificate_file.c_str(), "r");
  std::unique_ptr<X509, decltype(&X509_free)> certificate(PEM_read_X509(file, nullptr, nullptr, nullptr),
                                                          &X509_free);
  ::fclose(file);
  return certificate;
}

TEST_F(SelfSignedCertificate, HoldsForItsHostsForTenYears) {
  const auto made = keep();
  EXPECT_TRUE(made.made_now);
  const auto certificate = read(made);
  ASSERT_NE(certificate, nullptr);
  EXPECT_EQ(X509_check_host(certificate.get(), "relay.example.net", 0, 0, nullptr), 1);
  EXPECT_EQ(X509_check_ip_asc(certificate.get(), "192.0.2.7", 0), 1);
  EXPECT_EQ(X509_check_ip_asc(certificate.get(), "2001:db8::7", 0), 1);
  EXPECT_EQ(X509_check_ip_asc(certificate.get(), "192.0.2.8", 0), 0);
  auto late = std::chrono::floor<seconds>(kNow + days(3649)).time_since_epoch().count();
  auto too_late = std::chrono::floor<seconds>(kNow + days(3651)).time_since_epoch().count();
  EXPECT_GT(X509_cmp_time(X509_get0_notAfter(certificate.get()), &late), 0);
  EXPECT_LT(X509_cmp_time(X509_get0_notAfter(certificate.get()), &too_late), 0);
  EXPECT_EQ(X509_verify(certificate.get(), X509_get0_pubkey(certificate.get())), 1);
}

TEST_F(SelfSignedCertificate, HasTheFingerprintOfItsDerForm) {
  const auto made = keep();
  unsigned char* der = nullptr;
  const int size = i2d_X509(read(made).get(), &der);
  EXPECT_EQ(made.fingerprint,
            to_hex(sha256({reinterpret_cast<const char*>(der), static_cast<std::size_t>(size)})));
  OPENSSL_free(der);
}

TEST_F(SelfSignedCertificate, KeepsItsKeyPrivate) {
  struct stat info{};
  ASSERT_EQ(::stat(keep().key_file.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600U);
}

TEST_F(SelfSignedCertificate, IsKeptWhileItFits) {
  const auto first = keep();
  const auto second = keep({kHosts[2], kHosts[0], kHosts[1]}, kNow + days(3600));
  EXPECT_FALSE(second.made_now);
  EXPECT_EQ(second.fingerprint, first.fingerprint);
}

TEST_F(SelfSignedCertificate, IsMadeAnewBeforeItExpiresAndForOtherHosts) {
  const auto first = keep();
  EXPECT_TRUE(keep({"relay.example.net"}).made_now);
  EXPECT_TRUE(keep({"other.example.net"}).made_now);
  const auto last = keep({"other.example.net"}, kNow + days(3625));
  EXPECT_TRUE(last.made_now);
  EXPECT_NE(last.fingerprint, first.fingerprint);
}

TEST_F(SelfSignedCertificate, IsMadeAnewWhenAFileIsLostBrokenOrReadableByOthers) {
  const auto files = keep();
  std::filesystem::remove(files.key_file);
  EXPECT_TRUE(keep().made_now);
  std::ofstream(files.certificate_file) << "no certificate";
  EXPECT_TRUE(keep().made_now);
  ASSERT_EQ(::chmod(files.key_file.c_str(), 0644), 0);
  EXPECT_TRUE(keep().made_now);
  EXPECT_FALSE(keep().made_now);
}

TEST_F(SelfSignedCertificate, RefusesWhatIsNoHost) {
  for (const auto* host : {"", "a b", "x,DNS:evil", "a\n", "-a", "user@host", "*.example.net"}) {
    EXPECT_FALSE(keep_self_signed(directory, "relay", {host}, kNow)) << host;
  }
  EXPECT_FALSE(keep_self_signed(directory, "relay", {}, kNow));
  EXPECT_FALSE(keep_self_signed(directory / "missing", "relay", kHosts, kNow));
}

}  // namespace
}  // namespace latchkey::crypto
