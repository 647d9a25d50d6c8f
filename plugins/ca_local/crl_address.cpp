#include "plugins/ca_local/crl_address.hpp"

#include "plugins/common/pki/text.hpp"

namespace certspan::ca_local {
namespace {

constexpr std::string_view kKeyIdWord = "{key_id}";

void fill_in(std::string& url, std::string_view word, const std::string& with) {
  const std::size_t at = url.find(word);
  if (at != std::string::npos) url.replace(at, word.size(), with);
}

}  // namespace

Partition partition_of(pki::BytesView serial, std::uint32_t count) {
  if (count == 0) return {};
  std::uint32_t last = 0;
  for (const std::uint8_t octet : serial.last(serial.size() < 2 ? serial.size() : 2))
    last = last << 8U | octet;
  return {last % count, count};
}

void fill_in_key_id(std::string& url, pki::BytesView key_identifier) {
  fill_in(url, kKeyIdWord, pki::to_hex(key_identifier));
}

std::vector<std::string> with_partition(std::vector<std::string> urls, const Partition& partition) {
  if (partition.count == 0) return urls;
  const std::string word = std::to_string(partition.number) + "-of-" + std::to_string(partition.count);
  for (std::string& url : urls) fill_in(url, kPartitionWord, word);
  return urls;
}

}  // namespace certspan::ca_local
