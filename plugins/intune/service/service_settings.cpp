#include "plugins/intune/service/service_settings.hpp"

#include <nlohmann/json.hpp>

#include "plugins/common/connector/duration.hpp"
#include "plugins/common/connector/outgoing_url.hpp"
#include "plugins/common/connector/strict_json.hpp"

namespace certspan::intune {
namespace {

using nlohmann::json;

constexpr std::chrono::seconds kDefaultTimeout{10};

std::string text_of(const json& settings, const char* name) {
  const std::string* const text = connector::string_member(settings, name);
  return text == nullptr ? "" : *text;
}

/// Microsoft publishes what it is called in each cloud; for China not what Intune's tokens are for.
Cloud cloud_of(const std::string& name) {
  if (name == "us_gov") {
    return {"https://login.microsoftonline.us/", "https://graph.microsoft.us/", "https://graph.microsoft.us",
            "https://api.manage.microsoft.us/"};
  }
  if (name == "china") {
    return {"https://login.partner.microsoftonline.cn/", "https://microsoftgraph.chinacloudapi.cn/",
            "https://microsoftgraph.chinacloudapi.cn", ""};
  }
  return {"https://login.microsoftonline.com/", "https://graph.microsoft.com/", "https://graph.microsoft.com",
          "https://api.manage.microsoft.com/"};
}

void override_url(const json& settings, const char* name, std::string& url, sdk::Faults& faults) {
  std::string wanted = text_of(settings, name);
  if (wanted.empty()) return;
  if (!connector::is_private_url(wanted) || wanted.find('?') != std::string::npos) {
    faults.add(std::string("/") + name, "must be https, or http on 127.0.0.1 or [::1]: secrets travel to it");
    return;
  }
  if (!wanted.ends_with('/')) wanted += '/';
  url = std::move(wanted);
}

Cloud read_cloud(const json& settings, sdk::Faults& faults) {
  Cloud cloud = cloud_of(text_of(settings, "cloud"));
  override_url(settings, "authority", cloud.authority, faults);
  override_url(settings, "graph", cloud.graph, faults);
  if (settings.contains("graph_resource")) cloud.graph_resource = text_of(settings, "graph_resource");
  if (cloud.graph_resource.ends_with('/')) cloud.graph_resource.pop_back();
  if (settings.contains("resource")) cloud.intune_resource = text_of(settings, "resource");
  if (cloud.intune_resource.empty())
    faults.add("/cloud",
               "what Intune's tokens are for in this cloud is not published: say it by \"resource\"");
  return cloud;
}

void check_credential(const json& settings, sdk::Faults& faults) {
  const bool secret = settings.contains("client_secret");
  const bool certificate = settings.contains("certificate_file");
  if (secret == certificate) {
    faults.add("", secret ? "the app has a certificate or a client secret: leave out one of the two"
                          : "give \"certificate_file\" and its key, or \"client_secret\"");
  } else if (certificate) {
    pkcs11::check_key_choice(settings, "", faults);
  } else if (settings.contains("key") || settings.contains("pkcs11")) {
    faults.add("", "a key belongs to \"certificate_file\", and there is none");
  }
}

}  // namespace

ServiceSettings read_service_settings(const json& settings, sdk::Faults& faults) {
  check_credential(settings, faults);
  ServiceSettings read;
  read.tenant = text_of(settings, "tenant");
  read.client_id = text_of(settings, "client_id");
  read.secret_token = text_of(settings, "client_secret");
  read.certificate_file = text_of(settings, "certificate_file");
  if (!read.certificate_file.empty()) read.key = pkcs11::read_key_choice(settings);
  read.cloud = read_cloud(settings, faults);
  read.trust = text_of(settings, "ca_certificates");
  read.timeout = kDefaultTimeout;
  const auto timeout = settings.find("timeout");
  if (timeout != settings.end()) {
    const auto duration = connector::read_duration(*timeout);
    if (duration) read.timeout = *duration;
  }
  return read;
}

}  // namespace certspan::intune
