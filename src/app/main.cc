// latchkey: the server and its command line in one program.
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <iostream>

#include "app/command_line.h"

namespace {

// A dump of this process, or a debugger's look into it, would show keys; files are for their owner alone.
void keep_secrets_in() {
  ::prctl(PR_SET_DUMPABLE, 0);
  const rlimit no_dump{0, 0};
  ::setrlimit(RLIMIT_CORE, &no_dump);
  ::umask(077);
}

}  // namespace

int main(int count, char** words) {
  keep_secrets_in();
  latchkey::app::Screen screen(std::cin, std::cout, std::cerr, latchkey::app::standard_terminals());
  return latchkey::app::run_command_line(count, words, screen);
}
