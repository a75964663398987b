// Responses: JSON bodies, and the one table from error codes to statuses.
#pragma once

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include "base/error.h"
#include "io/http.h"

namespace latchkey::http {

int status_of(ErrorCode code);

io::Response json_response(const boost::json::object& body);
// A body that holds a secret: not stored by anybody on the way, wiped after sending.
io::Response secret_response(const boost::json::object& body);
// Bodies that are a bare list, as upstream has some.
io::Response list_response(const boost::json::array& body);
io::Response secret_list_response(const boost::json::array& body);
io::Response empty_response();  // 200 with {}

// 422: understood, and found not to hold.
io::Response unprocessable_response(std::string_view message);

// {"message": "...", "status": 400, "fields": [...]}: what every status from 400 on carries.
io::Response error_response(const Error& error);

}  // namespace latchkey::http
