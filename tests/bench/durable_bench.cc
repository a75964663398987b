// What durability costs without a server: the peers of key creation.
//
//   durable_bench append DIR THREADS SECONDS BYTES    each thread appends BYTES to one file and calls
//   fdatasync durable_bench sqlite DIR THREADS SECONDS          each thread stores the rows of one key in a
//   transaction of its own
//
// The rows are those of the server (credential, audit record, change), written with the server's own
// statements and durability, one commit for each; the threads share one connection, since SQLite has one
// writer. Prints one line of JSON.
#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "core/credentials/issue.h"
#include "core/identity/authorize.h"
#include "core/tailnet/create_tailnet.h"
#include "crypto/random.h"
#include "crypto/root_key.h"
#include "storage/driver/sqlite.h"
#include "storage/migrations.h"
#include "storage/unit_of_work.h"

namespace {

using namespace latchkey;
using identity::Operation;
using Clock = std::chrono::steady_clock;

double cpu_micros() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto micros = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) * 1e6 + static_cast<double>(t.tv_usec);
  };
  return micros(usage.ru_utime) + micros(usage.ru_stime);
}

// Repeats `once` in every thread until the time is over, and reports.
void measure(std::size_t threads, double seconds, const std::function<void()>& once) {
  std::atomic<std::uint64_t> done{0};
  const double cpu = cpu_micros();
  const auto start = Clock::now();
  const auto end =
      start + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds));
  std::vector<std::thread> all;
  for (std::size_t i = 0; i < threads; ++i) {
    all.emplace_back([&] {
      while (Clock::now() < end) {
        once();
        done.fetch_add(1, std::memory_order_relaxed);
      }
    });
  }
  for (auto& thread : all) thread.join();
  const std::chrono::duration<double> took = Clock::now() - start;
  std::printf("{\"requests\": %llu, \"seconds\": %.6f, \"cpu_us\": %.0f}\n",
              static_cast<unsigned long long>(done.load()), took.count(), cpu_micros() - cpu);
}

void append(const std::string& directory, std::size_t threads, double seconds, std::size_t bytes) {
  const std::string file = directory + "/append.log";
  const int descriptor = ::open(file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (descriptor < 0) throw std::runtime_error("cannot open " + file);
  const std::string record(bytes, 'x');
  measure(threads, seconds, [&] {
    if (::write(descriptor, record.data(), record.size()) != static_cast<ssize_t>(record.size()) ||
        ::fdatasync(descriptor) != 0) {
      std::abort();
    }
  });
  ::close(descriptor);
}

template <class T>
T expect(Result<T> result) {
  if (!result.ok()) throw std::runtime_error(result.error().message);
  return *std::move(result);
}

class OneByOne {
 public:
  explicit OneByOne(const std::string& directory)
      : driver_(new_file(directory)),
        keys_{.audit_chain = crypto::HmacKey(std::vector<std::uint8_t>(32, 1))},
        mint_(crypto::HmacKey(std::vector<std::uint8_t>(32, 2))) {
    storage::migrate(*driver_.connect_migrator(), driver_.dialect());
    connection_ = driver_.connect_writer();
    grant_.reusable = true;
    make_owner();
  }

  void store_one_key() {
    const std::lock_guard guard(lock_);
    transaction([this](core::Tx& tx) {
      static_cast<void>(
          expect(credentials::issue_auth_key(tx, *may_, {"build", {}, grant_}, {mint_, {}}, clock_.now())));
    });
  }

 private:
  static std::filesystem::path new_file(const std::string& directory) {
    std::filesystem::path file = directory + "/one-by-one.db";
    for (const char* suffix : {"", "-wal", "-shm"}) std::filesystem::remove(file.string() + suffix);
    return file;
  }

  template <class Fn>
  void transaction(Fn&& work) {
    connection_->execute(driver_.dialect().begin_write);
    storage::UnitOfWork tx(*connection_, driver_.dialect(), keys_);
    work(tx);
    tx.flush();
    connection_->commit();
    connection_->after_commit();
  }

  void make_owner() {
    identity::Caller caller;
    caller.kind = identity::Caller::Kind::local_administrator;
    caller.role = identity::Role::owner;
    transaction([&](core::Tx& tx) {
      const auto may = expect(identity::authorize<Operation::create_tailnet>(caller));
      const auto made =
          expect(tailnet::create_tailnet(tx, may, {"example.com", "ann@example.com"}, clock_.now()));
      caller.tailnet = made.tailnet.id;
      caller.user = made.owner.id;
      caller.login_name = made.owner.login_name;
    });
    may_.emplace(expect(identity::authorize<Operation::create_auth_key>(caller)));
  }

  SystemClock clock_;
  storage::SqliteDriver driver_;
  storage::StorageKeys keys_;
  credentials::KeyMint mint_;
  credentials::DeviceGrant grant_;
  std::unique_ptr<storage::Connection> connection_;
  std::optional<identity::Permit<Operation::create_auth_key>> may_;
  std::mutex lock_;
};

}  // namespace

int main(int count, char** words) {
  const std::vector<std::string> given(words + 1, words + count);
  try {
    if (given.size() == 5 && given[0] == "append") {
      append(given[1], std::stoul(given[2]), std::stod(given[3]), std::stoul(given[4]));
    } else if (given.size() == 4 && given[0] == "sqlite") {
      OneByOne database(given[1]);
      measure(std::stoul(given[2]), std::stod(given[3]), [&database] { database.store_one_key(); });
    } else {
      std::fprintf(stderr,
                   "usage: durable_bench append DIR THREADS SECONDS BYTES | sqlite DIR THREADS SECONDS\n");
      return 2;
    }
    return 0;
  } catch (const std::exception& failed) {
    std::fprintf(stderr, "durable_bench: %s\n", failed.what());
    return 1;
  }
}
