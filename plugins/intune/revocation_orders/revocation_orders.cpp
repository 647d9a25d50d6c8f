#include "plugins/intune/revocation_orders/revocation_orders.hpp"

#include <array>
#include <utility>

#include <nlohmann/json.hpp>

#include "plugins/common/connector/fault_list.hpp"
#include "plugins/common/connector/own_status.hpp"
#include "plugins/common/pki/digest.hpp"

namespace certspan::intune {
namespace {

constexpr std::string_view kOrderService = "pkiconnectorfeservice";
constexpr std::string_view kOrderVersion = "5019-05-05";
constexpr std::string_view kOrderPermission = "scep_challenge_provider";
constexpr std::string_view kDownload = "CertificateAuthorityRequests/downloadRevocationRequests";
constexpr std::string_view kUpload = "CertificateAuthorityRequests/uploadRevocationResults";
constexpr int kMostOrders = 100;
constexpr std::uint64_t kLargestPage = 4UL * 1024 * 1024;
/// Beyond it the rest comes the next time.
constexpr int kMostPages = 50;
constexpr std::int64_t kDefaultEveryMs = 61L * 60 * 1000;

ServiceSettings settings_of(const nlohmann::json& settings) {
  connector::FaultList list;
  sdk::Faults faults = list.faults();
  ServiceSettings read = read_service_settings(settings, faults);
  list.throw_first();
  return read;
}

std::string with_activity(const std::string& text, const std::string& activity) {
  return activity.empty() ? text : text + " [activity " + activity + "]";
}

}  // namespace

bool RevocationOrders::validate_settings(std::string_view settings, sdk::Faults& faults) {
  read_service_settings(nlohmann::json::parse(settings), faults);
  return !faults.any();
}

RevocationOrders::RevocationOrders(sdk::Host host, std::string_view name, std::string_view settings)
    : host_(host), name_(name), client_(host, settings_of(nlohmann::json::parse(settings))) {
  every_ = std::chrono::milliseconds(nlohmann::json::parse(settings).value("every", kDefaultEveryMs));
}

bool RevocationOrders::start(sdk::Faults& /*faults*/) {
  client_.credential().tokens().start_watching();
  return true;
}

void RevocationOrders::stop() {
  client_.credential().tokens().stop_watching();
}

sdk::Answer RevocationOrders::gather(std::chrono::steady_clock::time_point deadline) {
  for (int page = 0; page < kMostPages; ++page) {
    std::string activity;
    const auto orders = fetch(deadline, activity);
    if (!orders) return orders.error().to_answer();
    if (!orders->empty()) {
      host_.log(sdk::LogLevel::Info, "orders of revocation fetched",
                {{"count", orders->size()}, {"activity", activity}});
    }
    for (const RevocationOrder& order : *orders) {
      const sdk::Outcome kept = keep(order, activity);
      if (kept == sdk::Outcome::Ok) continue;
      return sdk::Answer::unavailable(
          "intune.order_not_kept",
          with_activity("an order of revocation could not be kept; Intune hands it out again after an hour",
                        activity),
          every_);
    }
    if (orders->size() < static_cast<std::size_t>(kMostOrders)) break;
  }
  return sdk::Answer::ok_for(every_);
}

Got<std::vector<RevocationOrder>> RevocationOrders::fetch(std::chrono::steady_clock::time_point deadline,
                                                          std::string& activity) {
  const std::string body = download_body(kMostOrders);
  const auto reply = client_.post(
      {kOrderService, kDownload, kOrderVersion, kOrderPermission, pki::as_bytes(body), kLargestPage},
      deadline, activity);
  if (!reply) {
    Trouble still = reply.error();
    still.message = with_activity(still.message, activity);
    return tl::unexpected(std::move(still));
  }
  auto orders = read_orders(pki::as_text(reply->body));
  if (!orders) {
    return trouble("intune.unreadable", with_activity("Intune's list of orders can't be read", activity));
  }
  return std::move(*orders);
}

/// The same order is the same item, as long as that is open.
sdk::Outcome RevocationOrders::keep(const RevocationOrder& order, const std::string& activity) const {
  const auto key = pki::sha256(pki::as_bytes("intune|" + name_ + "|" + order.context));
  const std::array<sdk::Label, 3> labels = {
      {{"revokes", order.item}, {"serial", order.serial}, {"intune_order", activity}}};
  sdk::Submission submission;
  submission.key = key;
  submission.request = sdk::bytes_of(order.context);
  submission.labels = labels;
  return sdk::bring(host_, "revocation", submission);
}

sdk::Answer RevocationOrders::deliver(const sdk::Item& item, const sdk::Delivery& delivery) {
  const std::string body = result_body(pki::as_text(item.request()), delivery);
  std::string activity;
  const auto reply =
      client_.post({kOrderService, kUpload, kOrderVersion, kOrderPermission, pki::as_bytes(body)},
                   item.deadline(), activity);
  const bool taken = reply && took_results(pki::as_text(reply->body));
  host_.log(taken ? sdk::LogLevel::Info : sdk::LogLevel::Warn,
            taken ? "Intune was told of a revocation" : "Intune was not told of a revocation",
            {{"item", item.id()}, {"activity", activity}});
  if (taken) return sdk::Answer::ok().add_label("intune_result", activity);
  if (reply) {
    return sdk::Answer::unavailable("intune.result_not_taken",
                                    with_activity("Intune did not take the result", activity));
  }
  Trouble still = reply.error();
  still.message = with_activity(still.message, activity);
  return still.to_answer();
}

std::optional<std::string> RevocationOrders::run_action(std::string_view name, std::string_view /*arguments*/,
                                                        sdk::Faults& /*faults*/) {
  if (name == kExamineAction)
    return examination_text(
        examine(client_, kOrderService, kOrderPermission, host_.now() + kExaminationLasts));
  nlohmann::json status = client_.credential().tokens().status();
  const pki::Certificate* const certificate = client_.credential().certificate();
  if (certificate != nullptr) connector::watch_end(status, "intune_app", *certificate);
  return connector::status_text(status);
}

}  // namespace certspan::intune
