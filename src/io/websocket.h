// WebSocket (RFC 6455) as one more way to carry a protocol that takes a connection over: for programs in
// browsers, which can make no other kind of upgrade. The bytes go in binary messages whose borders mean
// nothing; no extension is negotiated.
//
//   if (asks_for_websocket(request)) return over_websocket(request, "derp", switch_to_derp());
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "io/byte_stream.h"
#include "io/http.h"

namespace latchkey::io {

bool asks_for_websocket(const Request& request);

// Turns a 101 of the other protocol into one for a WebSocket with this subprotocol (section 4.2): its body
// and its takeover go on inside. Any origin is let in: whoever speaks the protocol proves who it is there.
// 400 or 426, saying what is missing, when the request asks for anything else.
Response over_websocket(const Request& request, std::string_view subprotocol, Response inner);

// Binary messages over `next`, which outlives it, as a stream. `early`: what was read from `next` already.
// A write that is not through must be repeated with the same bytes, as over TLS.
std::unique_ptr<ByteStream> make_websocket_stream(ByteStream& next, std::string early);

}  // namespace latchkey::io
