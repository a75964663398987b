// A self-signed certificate (ECDSA P-256) that clients pin by its fingerprint, for a server that no authority
// knows. Made once and kept beside its key, so that the pin stays; made anew when it no longer fits.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"

namespace latchkey::crypto {

struct SelfSigned {
  std::filesystem::path certificate_file;  // PEM
  std::filesystem::path key_file;          // PEM, mode 0600
  std::string fingerprint;                 // SHA-256 over the DER form, 64 hexadecimal digits
  bool made_now = false;                   // clients that pinned the one before must learn the new one
};

// The certificate of `name`.crt and `name`.key in the directory. Made anew when either file is missing or
// unreadable, does not fit the other, does not hold for exactly `hosts` (host names and numeric addresses,
// at least one), or expires within 30 days. A new one holds from a day before `now` to ten years after it.
// An error when the files cannot be written, or a host is neither a host name nor an address.
Result<SelfSigned> keep_self_signed(const std::filesystem::path& directory, const std::string& name,
                                    const std::vector<std::string>& hosts, TimePoint now);

}  // namespace latchkey::crypto
