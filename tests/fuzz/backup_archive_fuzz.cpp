// An archive, as whoever knows the passphrase may have made it: nothing of it is believed.
#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "host/backup/pack.hpp"

namespace {

class Input final : public certspan::backup::ByteSource {
 public:
  explicit Input(certspan::BytesView bytes) : left_(bytes) {}

  certspan::Result<std::size_t> read(std::span<std::uint8_t> into) override {
    const std::size_t some = std::min(into.size(), left_.size());
    std::copy_n(left_.begin(), some, into.begin());
    left_ = left_.subspan(some);
    return some;
  }

 private:
  certspan::BytesView left_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Input archive({data, size});
  static_cast<void>(certspan::backup::unpack(archive, {}));
  static_cast<void>(certspan::backup::read_manifest(certspan::as_text(certspan::BytesView(data, size))));
  return 0;
}
