#include "plugins/ca_local/settings.hpp"

#include <algorithm>
#include <charconv>
#include <chrono>

#include <nlohmann/json.hpp>

#include "plugins/ca_local/crl_address.hpp"
#include "plugins/ca_local/files.hpp"
#include "plugins/common/connector/duration.hpp"
#include "plugins/common/connector/fault_list.hpp"

namespace certspan::ca_local {

namespace {

using nlohmann::json;
using std::chrono::milliseconds;

constexpr milliseconds kLongestBackdate = std::chrono::hours(24);
constexpr milliseconds kShortestCrl = std::chrono::minutes(1);
constexpr milliseconds kLongestCrl = std::chrono::hours(24 * 365);
constexpr milliseconds kLongestDelta = std::chrono::hours(24 * 30);
constexpr milliseconds kShortestValidity = std::chrono::minutes(10);

std::string text_member(const json& settings, const char* name, sdk::Faults& faults) {
  const auto found = settings.find(name);
  if (found != settings.end() && found->is_string() && !found->get_ref<const std::string&>().empty()) {
    return found->get<std::string>();
  }
  faults.add(found == settings.end() ? "" : std::string("/") + name,
             std::string("\"") + name + "\" must be given, as text");
  return {};
}

/// CRLs and CA certificates are fetched over plain HTTP: over HTTPS a client would need this very certificate
/// first (RFC 5280 4.2.1.13 and 8).
bool is_plain_http_url(std::string_view url) {
  constexpr std::string_view kScheme = "http://";
  const bool visible = std::ranges::all_of(url, [](char c) { return c > ' ' && c < 0x7F; });
  return visible && url.starts_with(kScheme) && url.size() > kScheme.size() && url[kScheme.size()] != '/';
}

std::vector<std::string> url_list(const json& settings, const char* name, sdk::Faults& faults) {
  std::vector<std::string> urls;
  const auto found = settings.find(name);
  if (found == settings.end()) return urls;
  const std::string pointer = std::string("/") + name;
  if (!found->is_array()) {
    faults.add(pointer, "must be a list of URLs");
    return urls;
  }
  for (std::size_t i = 0; i < found->size(); ++i) {
    const json& url = (*found)[i];
    if (url.is_string() && is_plain_http_url(url.get_ref<const std::string&>())) {
      urls.push_back(url.get<std::string>());
    } else {
      faults.add(pointer + "/" + std::to_string(i), "must be a URL that begins with http://");
    }
  }
  return urls;
}

std::vector<std::string> name_list(const json& settings, const char* name, sdk::Faults& faults) {
  std::vector<std::string> names;
  const auto found = settings.find(name);
  if (found == settings.end()) return names;
  const bool is_list = found->is_array() && std::ranges::all_of(*found, [](const json& each) {
                         return each.is_string() && !each.get_ref<const std::string&>().empty();
                       });
  if (!is_list) {
    faults.add(std::string("/") + name, "must be a list of names");
    return names;
  }
  for (const json& each : *found) names.push_back(each.get<std::string>());
  return names;
}

/// A duration between `least` and `most`; nothing if the settings have none.
std::optional<std::chrono::seconds> duration_member(const json& settings, const char* name,
                                                    milliseconds least, milliseconds most,
                                                    sdk::Faults& faults) {
  const auto found = settings.find(name);
  if (found == settings.end()) return std::nullopt;
  const auto duration = connector::read_duration(*found);
  const std::string pointer = std::string("/") + name;
  if (!duration) {
    faults.add(pointer, std::string("\"") + name + "\" " + duration.error().message);
    return std::nullopt;
  }
  if (*duration < least || *duration > most) {
    faults.add(pointer, std::string("\"") + name + "\" must be between " +
                            std::to_string(least / std::chrono::minutes(1)) + "m and " +
                            std::to_string(most / std::chrono::hours(24)) + "d");
    return std::nullopt;
  }
  return std::chrono::duration_cast<std::chrono::seconds>(*duration);
}

Settings not_a_mapping(sdk::Faults& faults) {
  faults.add("", "the settings must be a mapping");
  return {};
}

/// The faults of what stands at `pointer` in the settings, at their place.
template <class Read>
void read_inside(const std::string& pointer, sdk::Faults& faults, const Read& read) {
  connector::FaultList list;
  sdk::Faults inside = list.faults();
  read(inside);
  for (const auto& [place, message] : list.entries()) faults.add(pointer + place, message);
}

std::vector<PreviousCa> read_previous(const json& document, sdk::Faults& faults) {
  std::vector<PreviousCa> all;
  const auto found = document.find("previous");
  if (found == document.end()) return all;
  if (!found->is_array()) {
    faults.add("/previous", "must be a list");
    return all;
  }
  for (std::size_t i = 0; i < found->size(); ++i) {
    read_inside("/previous/" + std::to_string(i), faults, [&](sdk::Faults& inside) {
      PreviousCa ca;
      ca.certificate_file = text_member((*found)[i], "certificate_file", inside);
      pkcs11::check_key_choice((*found)[i], "", inside);
      ca.key = pkcs11::read_key_choice((*found)[i]);
      all.push_back(std::move(ca));
    });
  }
  return all;
}

/// The end of a day such as 2027-06-30, in UTC.
std::optional<std::int64_t> end_of_day(std::string_view text) {
  const auto number = [&](std::size_t at, std::size_t length) {
    unsigned value = 0;
    const char* end = text.data() + at + length;
    const auto read = std::from_chars(text.data() + at, end, value);
    return read.ec == std::errc() && read.ptr == end ? std::optional(value) : std::nullopt;
  };
  if (text.size() != 10 || text[4] != '-' || text[7] != '-') return std::nullopt;
  const auto year = number(0, 4);
  const auto month = number(5, 2);
  const auto day = number(8, 2);
  if (!year || !month || !day) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year(static_cast<int>(*year)),
                                         std::chrono::month(*month), std::chrono::day(*day)};
  if (!date.ok()) return std::nullopt;
  const auto next = std::chrono::sys_days(date) + std::chrono::days(1);
  return std::chrono::duration_cast<std::chrono::seconds>(next.time_since_epoch()).count();
}

RenewFrom read_renew_from(const json& document, sdk::Faults& faults) {
  RenewFrom from;
  const auto found = document.find("renew_from");
  if (found == document.end()) return from;
  if (!found->is_object()) {
    faults.add("/renew_from", "must be a mapping");
    return from;
  }
  read_inside("/renew_from", faults, [&](sdk::Faults& inside) {
    const auto files = found->find("certificate_files");
    if (files == found->end() || !files->is_array() || files->empty()) {
      inside.add("", "\"certificate_files\" must be given, as a list of files");
    } else {
      for (const json& file : *files) from.certificate_files.push_back(file.is_string() ? file : json(""));
    }
    const std::string until = text_member(*found, "until", inside);
    if (until.empty()) return;
    const auto end = end_of_day(until);
    if (!end) return inside.add("/until", "must be a day such as 2027-06-30");
    from.until = *end;
  });
  return from;
}

void read_partitions(const json& crl, CrlRules& rules, sdk::Faults& faults) {
  const auto found = crl.find("partitions");
  if (found == crl.end()) return;
  if (found->is_number_unsigned() && *found >= 2U && *found <= kMostPartitions) {
    rules.partitions = found->get<std::uint32_t>();
  } else {
    faults.add("/partitions", "must be a number from 2 to " + std::to_string(kMostPartitions));
  }
}

/// A part that no certificate names is never found, and a name without parts leads nowhere.
void check_partition_words(const std::vector<std::string>& urls, const std::string& pointer, bool parted,
                           sdk::Faults& faults) {
  for (std::size_t i = 0; i < urls.size(); ++i) {
    if ((urls[i].find(kPartitionWord) != std::string::npos) == parted) continue;
    faults.add(pointer + "/" + std::to_string(i),
               parted ? "must have {partition} in it, since the CRL is parted (\"crl.partitions\")"
                      : "has {partition} in it, but the CRL is not parted: set \"crl.partitions\"");
  }
}

void read_crl_rules(const json& document, CrlRules& rules, sdk::Faults& faults) {
  const auto found = document.find("crl");
  if (found == document.end()) return;
  if (!found->is_object()) return faults.add("/crl", "must be a mapping");
  read_inside("/crl", faults, [&](sdk::Faults& inside) {
    const auto read = [&](const char* name, std::chrono::seconds& into) {
      if (const auto value = duration_member(*found, name, kShortestCrl, kLongestCrl, inside)) into = *value;
    };
    read("every", rules.every);
    read("overlap", rules.overlap);
    const auto delta_every = duration_member(*found, "delta_every", kShortestCrl, kLongestDelta, inside);
    if (delta_every) rules.delta_every = *delta_every;
    rules.delta_urls = url_list(*found, "delta_urls", inside);
    read_partitions(*found, rules, inside);
  });
}

Settings own_settings(const json& document, sdk::Faults& faults) {
  Settings settings;
  settings.certificate_file = text_member(document, "certificate_file", faults);
  pkcs11::check_key_choice(document, "", faults);
  settings.key = pkcs11::read_key_choice(document);
  if (document.contains("next_certificate_file")) {
    settings.next_certificate_file = text_member(document, "next_certificate_file", faults);
  }
  settings.previous = read_previous(document, faults);
  settings.renew_from = read_renew_from(document, faults);
  settings.rules.crl_urls = url_list(document, "crl_urls", faults);
  settings.rules.ca_issuers_urls = url_list(document, "ca_issuers_urls", faults);
  settings.rules.ocsp_urls = url_list(document, "ocsp_urls", faults);
  settings.ocsp_responders = name_list(document, "ocsp_responders", faults);
  if (const auto backdate =
          duration_member(document, "backdate", milliseconds(0), kLongestBackdate, faults)) {
    settings.rules.backdate = *backdate;
  }
  settings.crl.backdate = settings.rules.backdate;
  read_crl_rules(document, settings.crl, faults);
  settings.crl.urls = settings.rules.crl_urls;
  settings.rules.crl_partitions = settings.crl.partitions;
  check_partition_words(settings.rules.crl_urls, "/crl_urls", settings.crl.partitions != 0, faults);
  check_partition_words(settings.crl.delta_urls, "/crl/delta_urls", settings.crl.partitions != 0, faults);
  settings.rules.longest_validity = duration_member(document, "longest_validity", kShortestValidity,
                                                    std::chrono::hours(24 * 36'525), faults);
  if (settings.rules.longest_validity && *settings.rules.longest_validity <= settings.rules.backdate) {
    faults.add("/longest_validity",
               "must be longer than \"backdate\": every certificate would have ended before "
               "it is issued");
  }
  return settings;
}

}  // namespace

Settings read_own_settings(std::string_view text, sdk::Faults& faults) {
  const json document = json::parse(text, nullptr, /*allow_exceptions=*/false);
  return document.is_object() ? own_settings(document, faults) : not_a_mapping(faults);
}

Settings read_settings(std::string_view text, sdk::Faults& faults) {
  const json document = json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!document.is_object()) return not_a_mapping(faults);
  Settings settings = own_settings(document, faults);
  settings.profiles = connector::read_profiles(document, faults);
  return settings;
}

std::optional<std::string> read_certificate_file(const std::string& file, const std::string& pointer,
                                                 sdk::Faults& faults) {
  // A plugin does not know where the YAML file is, and the host's own directory means nothing to an admin.
  if (!file.starts_with('/')) {
    faults.add(pointer, "must be an absolute path, not \"" + file + "\"");
    return std::nullopt;
  }
  const auto content = read_file(file, kLargestCertificateFile);
  if (!content) {
    faults.add(pointer, content.error().message);
    return std::nullopt;
  }
  return std::string(content->reveal_text());
}

}  // namespace certspan::ca_local
