#include "core/signon/next_path.h"

#include <gtest/gtest.h>

namespace latchkey::signon {
namespace {

TEST(NextPath, KeepsAPathOfThisServer) {
  for (const char* path : {"/", "/keys", "/keys?owner=me&x=1", "/register/0123abcd", "/a%2Fb"}) {
    EXPECT_EQ(safe_next(path), path);
  }
}

TEST(NextPath, EverythingElseLeadsToTheFirstPage) {
  for (const char* path :
       {"", "keys", "//evil.example", "/\\evil.example", "\\/evil.example", "https:evil.example",
        "https://evil.example/", "javascript:alert(1)", "/%2Fevil.example", "/%5Cevil.example",
        "/%0d%0aSet-Cookie:x=1", "/a\r\nLocation: https://evil.example", "/a b", "/%", "/%09/evil.example",
        "/\t/evil.example", "/%00", "/%ff"}) {
    EXPECT_EQ(safe_next(path), "/") << path;
  }
  EXPECT_EQ(safe_next("/" + std::string(kMaxNext, 'a')), "/");
}

}  // namespace
}  // namespace latchkey::signon
