// Opens messages under callgrind, one dump of instruction counts for each: oracle_work_test.py runs this and
// compares. Makes its own messages in the current directory with the independent builder.
#include <cstdio>
#include <string>

#include <valgrind/callgrind.h>

#include "plugins/common/pki/scep_message.hpp"
#include "tests/plugins/common/pki/scep_lab.hpp"

namespace certspan::pki {
namespace {

constexpr int kOfEachKind = 6;

std::string messages() {
  std::string list = R"({"name": "good"})";
  for (const std::string kind : {"transport", "padding", "content", "garbage", "csr_signature"}) {
    for (int i = 0; i < kOfEachKind; ++i) {
      const std::string number = std::to_string(i);
      list +=
          ", {\"name\": \"" + kind + number + "\", \"seed\": " + number + ", \"break\": \"" + kind + "\"}";
    }
  }
  for (int i = 0; i < kOfEachKind; ++i) {
    const std::string number = std::to_string(i);
    list += ", {\"name\": \"stolen" + number + "\", \"seed\": " + number +
            R"(, "signer": "stranger", "capture": "good", "flip": true})";
  }
  return list;
}

int probe() {
  const test::ScepLab lab(messages());
  const Opener opener = lab.opener();
  const auto measure = [&](const std::string& name) {
    const Result<OuterMessage> outer = parse_outer(lab.message(name));
    if (!outer) return false;
    CALLGRIND_ZERO_STATS;
    CALLGRIND_START_INSTRUMENTATION;
    const Result<OpenedRequest> opened = open_request(opener, *outer, SignerTrust::SelfMade);
    CALLGRIND_STOP_INSTRUMENTATION;
    CALLGRIND_DUMP_STATS_AT(name.c_str());
    return opened.has_value() == (name == "good");
  };
  // The first use of a key sets up what later uses find; blinding is renewed every 32 uses, so skip past
  // both.
  bool good = measure("good");
  for (const std::string kind : {"transport", "padding", "content", "garbage", "csr_signature", "stolen"}) {
    for (int i = 0; i < kOfEachKind; ++i) good = measure(kind + std::to_string(i)) && good;
  }
  return good ? 0 : 1;
}

}  // namespace
}  // namespace certspan::pki

int main() {
  return certspan::pki::probe();
}
