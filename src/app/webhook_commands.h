// The part of the table of commands that is about webhooks.
#pragma once

namespace latchkey::app {

class Tree;

void add_webhooks(Tree& tree);

}  // namespace latchkey::app
