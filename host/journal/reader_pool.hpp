#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "host/base/mutex.hpp"
#include "host/journal/item_reader.hpp"

namespace certspan {

/// A few connections for reading, made when they are needed. Thread-safe; a caller waits while all are in
/// use.
class ReaderPool {
 public:
  /// `sealer` outlives this. `mode`: how the file is opened, with `most` connections at once.
  ReaderPool(std::string path, sql::OpenMode mode, std::size_t most, const Sealer& sealer)
      : path_(std::move(path)), mode_(mode), sealer_(sealer), unmade_(most) {}

  /// A connection for as long as this lives; given back then. Not held while calling out.
  class Lease {
   public:
    Lease(ReaderPool& pool, std::unique_ptr<ItemReader> reader) : pool_(&pool), reader_(std::move(reader)) {}
    Lease(Lease&& other) = default;
    Lease& operator=(Lease&& other) = delete;
    ~Lease();

    ItemReader* operator->() { return reader_.get(); }

   private:
    ReaderPool* pool_;
    std::unique_ptr<ItemReader> reader_;
  };

  Result<Lease> lease();

 private:
  Result<std::unique_ptr<ItemReader>> make();

  const std::string path_;
  const sql::OpenMode mode_;
  const Sealer& sealer_;

  Mutex mutex_;
  Condition returned_;
  std::vector<std::unique_ptr<ItemReader>> idle_ CERTSPAN_GUARDED_BY(mutex_);
  std::size_t unmade_ CERTSPAN_GUARDED_BY(mutex_);
};

}  // namespace certspan
