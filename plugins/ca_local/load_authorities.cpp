#include "plugins/ca_local/load_authorities.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include "plugins/common/pki/pem.hpp"

namespace certspan::ca_local {

namespace {

/// Where a CA stands in the settings: "" for the one of now, "/previous/0" for one before it.
struct CaPlace {
  const std::string& certificate_file;
  const pkcs11::KeyChoice& key;
  std::string pointer;
};

/// Reads a CA's certificates; nothing, after a fault, if they can't be used at `now`.
std::optional<std::vector<pki::Certificate>> load_chain(const std::string& file, const std::string& pointer,
                                                        std::int64_t now, sdk::Faults& faults) {
  const std::optional<std::string> pem = read_certificate_file(file, pointer, faults);
  if (!pem) return std::nullopt;
  auto chain = read_chain(*pem, now);
  if (!chain) {
    faults.add(pointer, file + ": " + chain.error().message);
    return std::nullopt;
  }
  return std::move(*chain);
}

/// The same for one whose time is not now: it must have been, or will be, good at some time.
std::optional<std::vector<pki::Certificate>> load_chain_of_its_time(const std::string& file,
                                                                    const std::string& pointer,
                                                                    std::int64_t now, sdk::Faults& faults) {
  const std::optional<std::string> pem = read_certificate_file(file, pointer, faults);
  if (!pem) return std::nullopt;
  const auto certificates = pki::load_certificates(*pem);
  if (!certificates) return load_chain(file, pointer, now, faults);
  std::int64_t at = now;
  for (const pki::Certificate& each : *certificates) at = std::max(at, each.not_before());
  for (const pki::Certificate& each : *certificates) at = std::min(at, each.not_after());
  return load_chain(file, pointer, at, faults);
}

/// The key in a token; the certificate says which it has to be.
pki::PrivateKey open_in_token(const sdk::Host& host, const CaPlace& place,
                              const pki::Certificate& certificate, pkcs11::TokenKeys& tokens) {
  auto key = certificate.public_key();
  if (!key) throw sdk::SettingsFault(place.pointer + "/certificate_file", key.error().message);
  return tokens.open(host, *place.key.in_token, place.pointer, std::move(*key), pkcs11::KeyUse::Sign);
}

/// Nothing, after a fault, if it can't be opened.
std::optional<pki::PrivateKey> open_in_file(const sdk::Host& host, const CaPlace& place,
                                            sdk::Faults& faults) {
  const auto pem = host.open_secret(place.key.token);
  if (!pem) {
    faults.add(place.pointer + "/key",
               "the key can't be opened: give it as ${file:...} or ${credential:...}");
    return std::nullopt;
  }
  auto key = pki::load_private_key(pem->reveal());
  if (!key) {
    faults.add(place.pointer + "/key", "is no private key that can be used: " + key.error().message);
    return std::nullopt;
  }
  return std::move(*key);
}

std::optional<Authority> open_authority(const sdk::Host& host, const CaPlace& place,
                                        std::optional<std::vector<pki::Certificate>> chain,
                                        pkcs11::TokenKeys& tokens, sdk::Faults& faults) {
  if (!chain) return std::nullopt;
  auto key = place.key.in_token ? open_in_token(host, place, chain->front(), tokens)
                                : open_in_file(host, place, faults);
  if (!key) return std::nullopt;
  auto authority = Authority::make(std::move(*chain), std::move(*key));
  if (!authority) {
    faults.add(place.pointer + "/key", authority.error().message);
    return std::nullopt;
  }
  return std::move(*authority);
}

}  // namespace

std::optional<Authority> load_issuing(const sdk::Host& host, const Settings& settings, std::int64_t now,
                                      pkcs11::TokenKeys& tokens, sdk::Faults& faults) {
  return open_authority(host, {settings.certificate_file, settings.key, ""},
                        load_chain(settings.certificate_file, "/certificate_file", now, faults), tokens,
                        faults);
}

std::vector<Authority> load_previous(const sdk::Host& host, const Settings& settings, std::int64_t now,
                                     pkcs11::TokenKeys& tokens, sdk::Faults& faults) {
  std::vector<Authority> all;
  for (std::size_t i = 0; i < settings.previous.size(); ++i) {
    const PreviousCa& ca = settings.previous[i];
    const CaPlace place{ca.certificate_file, ca.key, "/previous/" + std::to_string(i)};
    auto chain =
        load_chain_of_its_time(place.certificate_file, place.pointer + "/certificate_file", now, faults);
    auto authority = open_authority(host, place, std::move(chain), tokens, faults);
    if (authority) all.push_back(std::move(*authority));
  }
  return all;
}

std::vector<pki::Certificate> load_next(const Settings& settings, std::int64_t now, sdk::Faults& faults) {
  if (settings.next_certificate_file.empty()) return {};
  auto chain = load_chain_of_its_time(settings.next_certificate_file, "/next_certificate_file", now, faults);
  return chain ? std::move(*chain) : std::vector<pki::Certificate>();
}

void check_certificate_files(const Settings& settings, std::int64_t now, sdk::Faults& faults) {
  if (!settings.certificate_file.empty()) {
    load_chain(settings.certificate_file, "/certificate_file", now, faults);
  }
  load_next(settings, now, faults);
  for (std::size_t i = 0; i < settings.previous.size(); ++i) {
    if (settings.previous[i].certificate_file.empty()) continue;
    load_chain_of_its_time(settings.previous[i].certificate_file,
                           "/previous/" + std::to_string(i) + "/certificate_file", now, faults);
  }
}

}  // namespace certspan::ca_local
