// The one list of ways in which this server says no, and the value that carries such an answer.
//
// An Error has two texts. `message` goes to the caller: it says what to change and never holds a secret, a
// path or a statement. `detail` goes to the log alone. `fields` names the members of malformed input.
//
// `protocol_code` is for protocols that demand a word from a list of their own (scimType of RFC 7644); the
// message says the same to a reader.
//
// Errors are values for what a caller decides on (denied, missing, expired, malformed). What nobody nearby
// can mend (a lost database, a failing crypto library, a broken invariant) is thrown and caught at the
// border.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace latchkey {

// The closed list. `http/error_response.cc` turns each into a status in one table without a default.
enum class ErrorCode {
  malformed_input,      // the request cannot be understood, or asks for something out of bounds
  unauthenticated,      // no credential, or one that is not (or no longer) valid
  forbidden,            // a valid caller without the right
  not_found,            // missing, or hidden from this caller: the two are alike
  method_not_allowed,   // the path exists, the method on it does not
  conflict,             // contradicts what is stored
  precondition_failed,  // what is stored is not what the caller expects (If-Match)
  too_large,            // a body, header or list over its limit
  rate_limited,         // too many requests, or too many wrong secrets
  unavailable,          // a queue is full or the database is away: the same request may work later
  internal,             // a defect; the log has the reason
};

std::string_view to_string(ErrorCode code);

struct Error {
  ErrorCode code = ErrorCode::internal;
  std::string message;
  std::string detail;
  std::vector<std::string> fields;
  // Denied by a rule about who may do what, whatever status the protocol wants for it: refused writes are
  // recorded in the audit log.
  bool refusal = false;
  // A constant of the program, never a text of the request. Empty where the status says it all.
  std::string_view protocol_code;
};

// Makers for the usual cases, so that a refusal reads as one line where it is decided.
Error malformed(std::string message, std::string field = {});
Error unauthenticated(std::string message);
Error forbidden(std::string message);
Error not_found(std::string message);
Error conflict(std::string message);
Error precondition_failed(std::string message);
Error unavailable(std::string message, std::string detail = {});

}  // namespace latchkey
