// The part of the table of commands that is about people and invites.
#pragma once

namespace latchkey::app {

class Tree;

void add_users(Tree& tree);

}  // namespace latchkey::app
