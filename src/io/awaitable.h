// The coroutine type of this server, with a concrete executor: measured, a type-erased one costs a tenth of a
// request. Small on purpose, so that handlers compile without the rest of Asio.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>

namespace latchkey::io {

using Executor = boost::asio::io_context::executor_type;

template <class T>
using awaitable = boost::asio::awaitable<T, Executor>;

}  // namespace latchkey::io
