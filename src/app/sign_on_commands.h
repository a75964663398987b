// The part of the table of commands that is about signing in.
#pragma once

namespace latchkey::app {

class Tree;

// sso, sessions and login-link.
void add_sign_on(Tree& tree);

}  // namespace latchkey::app
