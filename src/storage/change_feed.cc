#include "storage/change_feed.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <stdexcept>
#include <string>
#include <system_error>
#include <utility>

namespace latchkey::storage {
namespace {

using std::chrono::steady_clock;

const Statement kNewest{"SELECT sequence FROM feed_head WHERE id = 1"};
const Statement kNews{
    "SELECT sequence, tailnet_id, at, kind, subject FROM changes WHERE sequence > $1 ORDER BY sequence LIMIT "
    "$2"};

// A newer replica may write kinds that this program does not know; nothing here can react to them.
void add_if_known(std::vector<audit::Change>& changes, const Row& row) {
  try {
    audit::ChangeKind kind = audit::change_kind_from(row[3].text());
    changes.push_back(
        {kind, TailnetId(row[1].text()), row[4].text(), row[0].number(), from_micros(row[2].number())});
  } catch (const std::invalid_argument&) {
  }
}

}  // namespace

// A descriptor that poll(2) can wait for together with the connection's.
class ChangeFeed::WakeUp {
 public:
  WakeUp() : descriptor_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
    if (descriptor_ < 0) throw std::system_error(errno, std::generic_category(), "eventfd");
  }
  ~WakeUp() { close(descriptor_); }
  WakeUp(const WakeUp&) = delete;
  WakeUp& operator=(const WakeUp&) = delete;

  void signal() const noexcept { eventfd_write(descriptor_, 1); }

  // Until a signal, until `other` (if not -1) is readable, or for the time given.
  void wait(int other, std::chrono::milliseconds longest) const noexcept {
    pollfd watched[] = {{descriptor_, POLLIN, 0}, {other, POLLIN, 0}};
    poll(watched, 2, static_cast<int>(longest.count()));
    eventfd_t ignored;
    eventfd_read(descriptor_, &ignored);
  }

 private:
  int descriptor_;
};

ChangeFeed::ChangeFeed(Driver& driver, Log log)
    : driver_(driver), log_(std::move(log)), wake_up_(std::make_unique<WakeUp>()) {}

ChangeFeed::~ChangeFeed() {
  stop();
}

void ChangeFeed::subscribe(Subscriber subscriber) {
  if (thread_.joinable()) throw std::logic_error("subscribe() after start()");
  subscribers_.push_back(std::move(subscriber));
}

void ChangeFeed::start() {
  connection_ = driver_.connect_listener();
  caught_up_ = steady_clock::now().time_since_epoch().count();
  position_ = connection_->run(kNewest).at(0)[0].number();
  thread_ = std::thread([this] { run(); });
}

void ChangeFeed::stop() {
  stopping_ = true;
  wake();
  std::lock_guard lock(joining_);
  if (thread_.joinable()) thread_.join();
}

void ChangeFeed::wake() {
  wake_up_->signal();
}

bool ChangeFeed::fresh_within(std::chrono::milliseconds age) const {
  steady_clock::time_point caught_up{steady_clock::duration{caught_up_.load()}};
  return steady_clock::now() - caught_up <= age;
}

void ChangeFeed::run() {
  while (!stopping_) {
    try {
      take_turn();
    } catch (const DatabaseError& failure) {
      log_.warn("change feed lost its connection", {{"reason", failure.what()}});
      connection_.reset();
      wake_up_->wait(-1, kFeedPoll);
    } catch (const std::exception& failure) {
      log_.error("a change was not taken and will be delivered again", {{"reason", failure.what()}});
      wake_up_->wait(-1, kFeedPoll);
    }
  }
  connection_.reset();
}

void ChangeFeed::take_turn() {
  if (!connection_) connection_ = driver_.connect_listener();
  deliver_news(*connection_);
  wake_up_->wait(connection_->socket(), kFeedPoll);
  connection_->discard_notifications();
}

void ChangeFeed::deliver_news(Connection& connection) {
  for (bool more = true; more && !stopping_;) {
    auto before = steady_clock::now();
    Rows rows = connection.run(kNews, {position_.load(), static_cast<std::int64_t>(kFeedBatch)});
    std::vector<audit::Change> changes;
    changes.reserve(rows.size());
    for (const Row& row : rows) add_if_known(changes, row);
    if (!changes.empty()) {
      for (const Subscriber& subscriber : subscribers_) subscriber(changes);
    }
    if (!rows.empty()) position_ = rows.back()[0].number();
    more = rows.size() == kFeedBatch;
    if (!more) caught_up_ = before.time_since_epoch().count();
  }
}

}  // namespace latchkey::storage
