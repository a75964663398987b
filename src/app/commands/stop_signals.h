// The signals that end a program which waits for them.
#pragma once

#include <pthread.h>
#include <signal.h>

namespace latchkey::app::commands {

// Blocks SIGTERM and SIGINT for the calling thread and those it starts: make one before any other thread.
class StopSignals {
 public:
  StopSignals() {
    sigemptyset(&signals_);
    sigaddset(&signals_, SIGTERM);
    sigaddset(&signals_, SIGINT);
    pthread_sigmask(SIG_BLOCK, &signals_, nullptr);
  }

  int wait() const {
    int signal = 0;
    while (sigwait(&signals_, &signal) != 0) {
    }
    return signal;
  }

  // From here on each of them ends the process, as if nobody had asked to be told.
  void let_through() const {
    ::signal(SIGTERM, SIG_DFL);
    ::signal(SIGINT, SIG_DFL);
    pthread_sigmask(SIG_UNBLOCK, &signals_, nullptr);
  }

 private:
  sigset_t signals_{};
};

}  // namespace latchkey::app::commands
