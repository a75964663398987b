// The part of the table of commands that is about provisioning and its groups.
#pragma once

namespace latchkey::app {

class Tree;

void add_provisioning(Tree& tree);

}  // namespace latchkey::app
