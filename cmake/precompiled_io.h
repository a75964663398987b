// The same and the coroutine types, for the layers from io on.
#pragma once
#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>

#include "precompiled.h"
