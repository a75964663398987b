// The product's precompiled headers and the test framework.
#pragma once
#include <gtest/gtest.h>

#include "precompiled.h"
