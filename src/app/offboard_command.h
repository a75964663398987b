// The part of the table of commands that lets people go.
#pragma once

namespace latchkey::app {

class Tree;
void add_offboard(Tree& tree);

}  // namespace latchkey::app
