// Asks the person at the terminal for a secret, without showing it.
#pragma once

#include "app/output.h"
#include "base/result.h"
#include "base/secret.h"

namespace latchkey::app::commands {

// Only when screen.may_ask(). One line; Ctrl-C and Ctrl-D decline, which is an error like an empty line.
Result<SecretString> ask_for_secret(Screen& screen, const char* question);

}  // namespace latchkey::app::commands
