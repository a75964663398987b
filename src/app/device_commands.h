// The part of the table of commands that is about devices.
#pragma once

namespace latchkey::app {

class Tree;

void add_devices(Tree& tree);

}  // namespace latchkey::app
