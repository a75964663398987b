// The part of the table of commands that is about auth keys and API access tokens.
#pragma once

namespace latchkey::app {

class Tree;

void add_keys(Tree& tree);

}  // namespace latchkey::app
