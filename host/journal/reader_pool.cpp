#include "host/journal/reader_pool.hpp"

#include <utility>

namespace certspan {

ReaderPool::Lease::~Lease() {
  if (!reader_) return;
  const MutexLock lock(pool_->mutex_);
  pool_->idle_.push_back(std::move(reader_));
  pool_->returned_.notify_one();
}

Result<ReaderPool::Lease> ReaderPool::lease() {
  MutexLock lock(mutex_);
  while (idle_.empty() && unmade_ == 0) returned_.wait(lock);
  if (!idle_.empty()) {
    std::unique_ptr<ItemReader> reader = std::move(idle_.back());
    idle_.pop_back();
    return Lease(*this, std::move(reader));
  }
  --unmade_;
  lock.unlock();
  auto reader = make();
  if (reader) return Lease(*this, std::move(*reader));
  lock.lock();
  ++unmade_;
  returned_.notify_one();
  return tl::unexpected(std::move(reader).error());
}

Result<std::unique_ptr<ItemReader>> ReaderPool::make() {
  auto database = sql::Database::open(path_, mode_);
  if (!database) return tl::unexpected(sql::to_error(database.error(), path_));
  CERTSPAN_TRY(ItemReader reader, ItemReader::create(std::move(*database), path_, sealer_));
  return std::make_unique<ItemReader>(std::move(reader));
}

}  // namespace certspan
