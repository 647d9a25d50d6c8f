// The fence, called through the contract's tables.
#pragma once

#include <string>
#include <vector>

#include <certspan/plugin.hpp>
#include <certspan/testing/connector_under_test.hpp>

#include "plugins/common/pki/bytes.hpp"
#include "plugins/profile/fence.hpp"
#include "tests/plugins/common/connector/hostile_requests.hpp"

namespace certspan::profile::test {

inline const certspan_connector_type& fence_type() {
  return sdk::ConnectorType<Fence>::kTable;
}

/// Has the profile "wifi" (kStrictProfile), and those of `more` (JSON members, each with a comma before it).
class FenceUnderTest {
 public:
  explicit FenceUnderTest(const std::string& more = "")
      : fence_(fence_type(), host,
               R"({"profiles": {"wifi": )" + std::string(certspan::test::kStrictProfile) + more + "}}") {
    fence_.start();
  }

  sdk::testing::FakeHost host;

  sdk::testing::RecordedAnswer before(pki::BytesView request, const std::vector<pki::Bytes>& chain,
                                      const std::string& profile = "wifi") {
    return call(table().before_issue, request, {}, chain, profile);
  }
  sdk::testing::RecordedAnswer after(pki::BytesView request, pki::BytesView certificate,
                                     const std::vector<pki::Bytes>& chain,
                                     const std::string& profile = "wifi") {
    return call(table().after_issue, request, certificate, chain, profile);
  }

 private:
  const certspan_role_processor& table() {
    return fence_.role<certspan_role_processor>(CERTSPAN_ROLE_PROCESSOR);
  }

  template <class Function>
  sdk::testing::RecordedAnswer call(Function function, pki::BytesView request, pki::BytesView certificate,
                                    const std::vector<pki::Bytes>& chain, const std::string& profile) {
    sdk::testing::FakeItem item;
    item.request = pki::to_bytes(request);
    item.profile = profile;
    std::vector<certspan_bytes_view> views;
    for (const pki::Bytes& one : chain) views.push_back(sdk::to_abi(sdk::Bytes(one)));
    const certspan_issued issued = {sizeof(certspan_issued), static_cast<std::uint32_t>(views.size()),
                                    sdk::to_abi(std::string_view("corp-ca")), sdk::to_abi(certificate),
                                    views.data()};
    sdk::testing::AnswerRecorder recorder;
    const certspan_item view = item.view();
    function(fence_.instance(), &view, &issued, recorder.sink());
    return recorder.only();
  }

  sdk::testing::ConnectorUnderTest fence_;
};

}  // namespace certspan::profile::test
