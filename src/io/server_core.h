// What the parts of one HttpServer share. Sessions hold it by shared_ptr, so that a handler that outstays a
// stop still finds it.
//
// A Shard belongs to the thread of its context; the rest may be touched from any thread.
#pragma once

#include <atomic>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/intrusive/list.hpp>
#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "io/connection_limit.h"
#include "io/http_server.h"
#include "io/listen_socket.h"
#include "io/request_id.h"
#include "io/response_writer.h"
#include "io/tls_context.h"
#include "io/workspace.h"

namespace latchkey::io {

class Session;
struct ServerCore;

using SessionHook =
    boost::intrusive::list_base_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>>;
using SessionList = boost::intrusive::list<Session, boost::intrusive::base_hook<SessionHook>,
                                           boost::intrusive::constant_time_size<false>>;

struct Shard {
  explicit Shard(boost::asio::io_context& on);
  ~Shard();

  std::unique_ptr<Workspace> take_workspace(const HttpSettings& settings);
  void give_back(std::unique_ptr<Workspace> work);

  boost::asio::io_context& context;
  SessionList sessions;
  RequestIds ids;
  ResponseWriter writer;
  std::vector<std::unique_ptr<Workspace>> spare;
  boost::asio::cancellation_signal stop_sweep;
};

struct Listener {
  FileDescriptor socket;
  std::string path;  // of a local socket
  Handler handler;
  std::unique_ptr<TlsContext> tls;
  Shard* accepts_on = nullptr;
  boost::asio::cancellation_signal stop_accepting;
};

// Counts the coroutines of a server that are alive, so that stop() can wait for none.
class Tally {
 public:
  class Mark {
   public:
    explicit Mark(Tally& tally) : tally_(&tally) { tally_->add(1); }
    Mark(Mark&& other) noexcept : tally_(std::exchange(other.tally_, nullptr)) {}
    Mark& operator=(Mark&&) = delete;
    ~Mark() {
      if (tally_) tally_->add(-1);
    }

   private:
    Tally* tally_;
  };

  bool wait_for_none(std::chrono::milliseconds most);
  long count() const;

 private:
  void add(long change);

  mutable std::mutex mutex_;
  std::condition_variable none_;
  long count_ = 0;
};

struct ServerCore {
  ServerCore(HttpSettings from, Log to, HttpProbe* told)
      : settings(from),
        log(std::move(to)),
        probe(told),
        limit(from.max_connections, from.max_connections_per_address) {}

  const HttpSettings settings;
  const Log log;
  HttpProbe* const probe;
  ConnectionLimit limit;
  std::atomic<std::size_t> refusing{0};  // connections that are being told that there are too many
  std::atomic<bool> stopping{false};
  std::atomic<std::size_t> next_shard{0};
  Tally acceptors;
  Tally sessions;
  Tally services;                               // sweeps, the watch over certificates
  boost::asio::cancellation_signal stop_watch;  // on the first shard
  std::vector<std::unique_ptr<Shard>> shards;
  std::vector<std::unique_ptr<Listener>> listeners;
};

// How often deadlines are looked at.
std::chrono::milliseconds sweep_interval(const HttpSettings& settings);

}  // namespace latchkey::io
