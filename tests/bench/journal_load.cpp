#include "tests/bench/journal_load.hpp"

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <thread>
#include <utility>
#include <vector>

#include "host/base/mutex.hpp"
#include "tests/host/journal/journal_items.hpp"

namespace certspan::bench {
namespace {

using SteadyClock = std::chrono::steady_clock;

double cpu_us() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  const auto of = [](const timeval& t) {
    return 1e6 * static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec);
  };
  return of(usage.ru_utime) + of(usage.ru_stime);
}

double us(SteadyClock::duration duration) {
  return std::chrono::duration<double, std::micro>(duration).count();
}

Load summary(std::vector<double> latencies, double elapsed_us, double cpu) {
  std::sort(latencies.begin(), latencies.end());
  const auto count = static_cast<double>(latencies.size());
  return {count * 1e6 / elapsed_us, latencies[latencies.size() / 2], latencies[latencies.size() * 99 / 100],
          cpu / count};
}

[[noreturn]] void give_up(const char* what) {
  std::perror(what);
  std::exit(1);
}

/// A number of clients, each of whom commits its next transition when it hears of its last, on two threads as
/// in a host of two cores.
class Clients {
 public:
  Clients(Journal& journal, std::vector<Transition> transitions)
      : journal_(journal), transitions_(std::move(transitions)), latencies_(transitions_.size()) {}

  std::vector<double> run(std::size_t in_flight) {
    {
      const MutexLock lock(mutex_);
      idle_clients_ = std::min(in_flight, transitions_.size());
    }
    std::thread other([this] { work(); });
    work();
    other.join();
    return std::move(latencies_);
  }

 private:
  /// Until every transition is answered.
  void work() {
    MutexLock lock(mutex_);
    while (answered_ < transitions_.size()) {
      if (idle_clients_ == 0 || next_ == transitions_.size()) {
        ready_.wait(lock);
        continue;
      }
      --idle_clients_;
      const std::size_t i = next_++;
      lock.unlock();
      journal_.commit(std::move(transitions_[i]), [this, i, from = SteadyClock::now()](CommitResult result) {
        latencies_[i] = us(SteadyClock::now() - from);
        hear(result);
      });
      lock.lock();
    }
  }

  void hear(CommitResult result) {
    if (result != CommitResult::Committed) give_up("a commit of the bench");
    const MutexLock lock(mutex_);
    ++answered_;
    if (++idle_clients_ == 1 || answered_ == transitions_.size()) ready_.notify_all();
  }

  Journal& journal_;
  std::vector<Transition> transitions_;
  std::vector<double> latencies_;
  Mutex mutex_;
  Condition ready_;
  std::size_t idle_clients_ CERTSPAN_GUARDED_BY(mutex_) = 0;
  std::size_t next_ CERTSPAN_GUARDED_BY(mutex_) = 0;
  std::size_t answered_ CERTSPAN_GUARDED_BY(mutex_) = 0;
};

}  // namespace

Load commit_load(Journal& journal, std::size_t in_flight, std::size_t count, const MakeTransition& make) {
  std::vector<Transition> transitions;
  transitions.reserve(count);
  for (std::size_t i = 0; i < count; ++i) transitions.push_back(make(i));
  Clients clients(journal, std::move(transitions));
  const double cpu_before = cpu_us();
  const auto start = SteadyClock::now();
  auto latencies = clients.run(in_flight);
  return summary(std::move(latencies), us(SteadyClock::now() - start), cpu_us() - cpu_before);
}

Load sync_load(const std::filesystem::path& directory, std::size_t block, std::size_t count) {
  const auto path = directory / "sync-load";
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (file < 0) give_up(path.c_str());
  const Bytes bytes(block, 0x5a);
  std::vector<double> latencies;
  const double cpu_before = cpu_us();
  const auto start = SteadyClock::now();
  for (std::size_t i = 0; i < count; ++i) {
    const auto from = SteadyClock::now();
    if (::write(file, bytes.data(), bytes.size()) < 0 || ::fdatasync(file) != 0) give_up(path.c_str());
    latencies.push_back(us(SteadyClock::now() - from));
  }
  const Load load = summary(std::move(latencies), us(SteadyClock::now() - start), cpu_us() - cpu_before);
  ::close(file);
  std::filesystem::remove(path);
  return load;
}

Transition local_enrolment(Journal& journal, std::uint64_t number) {
  WorkItem item = testing::issued(testing::fresh_item(journal.next_id(), number));
  item.set_label("serial", to_hex(testing::key_of(number)).substr(0, 32));
  StoreWrite ledger;
  ledger.connector = "corp-ca";
  // Ledgers are keyed by digests, which come in no order.
  const std::int64_t hash = index_hash(item.key);
  ledger.key = Bytes(32);
  std::memcpy(ledger.key.data(), &hash, sizeof(hash));
  ledger.value = std::exchange(item.certificate, {});
  return {std::move(item), true, {std::move(ledger)}};
}

Transition acceptance(Journal& journal, std::uint64_t number) {
  return {testing::fresh_item(journal.next_id(), number), true, {}};
}

}  // namespace certspan::bench
