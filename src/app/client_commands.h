// The part of the table of commands that is about OAuth clients, federated identities and the tokens of both.
#pragma once

namespace latchkey::app {

class Tree;

void add_clients(Tree& tree);
void add_identities(Tree& tree);
void add_token(Tree& tree);

}  // namespace latchkey::app
