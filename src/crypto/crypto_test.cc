#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "base/text.h"
#include "crypto/digest.h"
#include "crypto/random.h"
#include "crypto/root_key.h"
#include "crypto/seal.h"

namespace latchkey::crypto {
namespace {

std::string text_of(const Digest& digest) {
  return to_hex(digest);
}

std::vector<std::uint8_t> raw(std::string_view hex) {
  return *from_hex(hex);
}

Key256 key_of(std::uint8_t fill) {
  std::array<std::uint8_t, 32> bytes;
  bytes.fill(fill);
  return Key256(bytes);
}

TEST(Sha256, KnowsTheVectorsOfFips180) {
  EXPECT_EQ(text_of(sha256("abc")), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(text_of(sha256("")), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

TEST(Hmac, KnowsTheVectorsOfRfc4231) {
  EXPECT_EQ(text_of(HmacKey(raw("0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b")).sign("Hi There")),
            "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
  EXPECT_EQ(text_of(HmacKey(raw("4a656665")).sign("what do ya want for nothing?")),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  // A key longer than a block is hashed first.
  EXPECT_EQ(text_of(HmacKey(std::vector<std::uint8_t>(131, 0xaa))
                        .sign("Test Using Larger Than Block-Size Key - Hash Key First")),
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

TEST(Hkdf, GivesADifferentKeyForEachPurpose) {
  const auto one = hkdf_sha256(key_of(1), "a");
  EXPECT_EQ(one.expose(), hkdf_sha256(key_of(1), "a").expose());
  EXPECT_NE(one.expose(), hkdf_sha256(key_of(1), "b").expose());
  EXPECT_NE(one.expose(), hkdf_sha256(key_of(2), "a").expose());
}

TEST(Hkdf, AgreesWithItsDefinitionInRfc5869) {
  // Without salt: PRK = HMAC(zeros, key), first block = HMAC(PRK, info || 0x01).
  const auto key = key_of(7);
  const std::string material(key.expose().begin(), key.expose().end());
  const auto prk = HmacKey(std::vector<std::uint8_t>(32, 0)).sign(material);
  EXPECT_EQ(hkdf_sha256(key, "purpose").expose(), HmacKey(prk).sign(std::string("purpose") + '\x01'));
}

TEST(ConstantTimeEqual, TellsEqualFromUnequal) {
  EXPECT_TRUE(constant_time_equal(raw("0102"), raw("0102")));
  EXPECT_FALSE(constant_time_equal(raw("0102"), raw("0103")));
  EXPECT_FALSE(constant_time_equal(raw("0102"), raw("010200")));
}

TEST(Seal, OpensOnlyWithTheSameKeyAndContext) {
  const auto sealed = seal(key_of(1), "webhooks/tailnet/1", SecretString(std::string("hush")));
  EXPECT_EQ(open_sealed(key_of(1), "webhooks/tailnet/1", sealed)->expose(), "hush");
  EXPECT_FALSE(open_sealed(key_of(2), "webhooks/tailnet/1", sealed));
  EXPECT_FALSE(open_sealed(key_of(1), "webhooks/tailnet/2", sealed));
}

TEST(Seal, NoticesEveryChangedBit) {
  const auto sealed = seal(key_of(1), "c", SecretString(std::string("hush")));
  for (std::size_t bit = 0; bit < sealed.size() * 8; ++bit) {
    auto changed = sealed;
    changed[bit / 8] ^= static_cast<std::uint8_t>(1 << bit % 8);
    EXPECT_FALSE(open_sealed(key_of(1), "c", changed)) << bit;
  }
  EXPECT_FALSE(open_sealed(key_of(1), "c", std::span(sealed).first(10)));
}

class RootKey : public ::testing::Test {
 protected:
  void SetUp() override {
    std::filesystem::remove_all(directory_);
    std::filesystem::create_directory(directory_);
  }
  void TearDown() override { std::filesystem::remove_all(directory_); }
  std::filesystem::path directory_ =
      std::filesystem::temp_directory_path() / ("latchkey-root-key-" + random_hex(8));
  std::filesystem::path file_ = directory_ / "root.key";
};

TEST_F(RootKey, IsMadeOnceWithAPrivateMode) {
  const auto made = create_root_key(file_);
  ASSERT_TRUE(made.ok()) << made.error().message;
  EXPECT_EQ(std::filesystem::status(file_).permissions() & std::filesystem::perms::mask,
            std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
  EXPECT_EQ(read_root_key(file_)->expose(), made->expose());
  EXPECT_FALSE(create_root_key(file_).ok());
}

TEST_F(RootKey, IsRefusedWhenOthersMayRead) {
  ASSERT_TRUE(create_root_key(file_).ok());
  std::filesystem::permissions(file_, std::filesystem::perms::group_read, std::filesystem::perm_options::add);
  const auto read = read_root_key(file_);
  ASSERT_FALSE(read.ok());
  EXPECT_NE(read.error().message.find("chmod 600"), std::string::npos);
}

TEST_F(RootKey, IsRefusedWhenMalformed) {
  std::ofstream(file_) << "not a key\n";
  std::filesystem::permissions(file_, std::filesystem::perms::owner_read);
  EXPECT_FALSE(read_root_key(file_).ok());
  EXPECT_FALSE(read_root_key(directory_ / "missing").ok());
}

TEST_F(RootKey, HasACheckValueThatTellsKeysApart) {
  EXPECT_EQ(root_key_check(key_of(1)), root_key_check(key_of(1)));
  EXPECT_NE(root_key_check(key_of(1)), root_key_check(key_of(2)));
}

}  // namespace
}  // namespace latchkey::crypto
