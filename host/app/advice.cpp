#include "host/app/advice.hpp"

namespace certspan {
namespace {

/// A code, or with a dot at its end the beginning of codes.
struct Advice {
  std::string_view code;
  std::string_view text;
};

/// The first that fits is told.
constexpr Advice kAdvice[] = {
    {"challenge.missing", "give the device a challenge: its SCEP settings hold none"},
    {"challenge.wrong_endpoint",
     "point the device at the source that its challenge is bound to, or mint one with `certspan challenge "
     "new "
     "--endpoint`"},
    {"challenge.wrong_profile",
     "mint a challenge for the profile of this pipeline: `certspan challenge new --profile`"},
    {"challenge.wrong_subject",
     "compare subject and alternative names with what the challenge was minted for, and find out who asked"},
    {"challenge.unbound_user",
     "mint a challenge for this user: `certspan challenge new --san upn:user@suffix`"},
    {"challenge.too_many_tries",
     "find out who guesses challenges at this address; it may try again after a minute"},
    {"challenge.bad_request", "look at what the device sends: its request can't be read"},
    {"challenge.store", "look at the journal's disk: `certspan status` says how it is"},
    {"challenge.", "give the device a new challenge: `certspan challenge new`"},
    {"journal.too_large",
     "find out what makes this request so large: its names, or what a connector or CA adds to it"},
    {"work.cancelled", "nothing to do: a person ended it; the device may ask again after 60 s"},
    {"work.dead_letter",
     "see `certspan work show` of the dead letter for what its CA said; the device may ask anew"},
    {"work.stranded",
     "look at its CA whether there is a certificate to revoke; `certspan work retry` asks those of now, and "
     "so "
     "does the device"},
    {"work.refused", "nothing to do: a person said no; the device may ask again after 60 s"},
    {"work.abandoned", "nothing to do: a person ended it; the device may ask again after 60 s"},
    {"fence.key_compromised", "let the device make a new key: this one is refused for good"},
    {"profile.weak_key",
     "let the device make a new key; if a chip made this one, its maker has a mended firmware"},
    {"profile.key_not_allowed",
     "let the device make a key of a kind under `keys` of the profile, or add its kind there"},
    {"profile.unsupported_algorithm",
     "let the device use RSA, P-256, P-384 or P-521 and sign with SHA-256 or longer"},
    {"profile.own_key",
     "find out who holds a key of this CA or RA: nobody else could have signed this request"},
    {"profile.ca_name", "give the device another subject: this one is the CA's"},
    {"profile.sid_extension",
     "find out who asked for somebody's security identifier; no profile allows one from a request"},
    {"profile.sid_uri",
     "take the security identifier out of the alternative names that the device is told to ask for, or set "
     "`sid` of the profile"},
    {"profile.sid_not_validated",
     "find out who asked for it: a good one comes through Intune's validation, or with a challenge minted "
     "for it"},
    {"profile.key_usage_not_validated",
     "have the device ask for its key usage, or write `key_usage` under `adds` of the profile"},
    {"profile.eku_not_validated",
     "have the device ask for its purposes, or write `eku` under `adds` of the profile"},
    {"profile.san_not_allowed",
     "add the kind of name to `san` of the profile, or take it out of what the device is told to ask for"},
    {"profile.wildcard_not_allowed",
     "add `dns_wildcard` to `san` of the profile if whoever may enrol there may speak for a whole domain"},
    {"profile.eku_not_allowed",
     "add the purpose to `eku` of the profile, or take it out of what the device is told to ask for"},
    {"profile.key_usage_not_allowed",
     "add the usage to `key_usage` of the profile, or take it out of what the device is told to ask for"},
    {"profile.ca_true", "find out who asked for a CA certificate; no profile allows one"},
    {"profile.extension_not_allowed", "take the extension out of what the device is told to ask for"},
    {"profile.attribute_not_allowed",
     "take templates and names out of the request's enrolment pairs: a CA could heed them"},
    {"profile.empty_subject", "give the device a subject"},
    {"profile.bad_subject",
     "give the device a subject that can be read, is not too long and keeps to the characters of each part"},
    {"profile.bad_san",
     "look at the alternative names that the device is told to ask for: one is not well formed"},
    {"profile.none", "name a `profile` at the issue step of the pipeline"},
    {"profile.unknown", "write the profile under `profiles`, or mend its name at the issue step"},
    {"profile.bad_ca_certificate", "look at the CA's own certificate: it can't be read"},
    {"profile.certificate_mismatch",
     "look at the CA's template or profile, which gives what nobody asked for; revoke the certificate there"},
    {"profile.", "compare the request with the profile in the configuration"},
    {"renewal.too_early", "wait for the renewal window, or widen `window` of the renewal connector"},
    {"renewal.not_yet_valid", "set the device's clock, or the host's"},
    {"renewal.expired", "let the device enrol anew, with a challenge"},
    {"renewal.revoked", "let the device enrol anew, with a challenge, if it may have a certificate again"},
    {"renewal.other_subject", "let the device enrol anew under its new name; a renewal keeps the old one"},
    {"renewal.other_names", "let the device enrol anew for its new names; a renewal keeps the old ones"},
    {"renewal.same_key",
     "let the device make a new key, or say `allow_same_key: true` at the renewal connector"},
    {"renewal.too_many", "let the device enrol anew, or raise `max_renewals` of the renewal connector"},
    {"renewal.", "let the device enrol anew, with a challenge"},
    {"ca_local.validity_too_short", "raise `validity` of the profile, or lower `backdate` of the CA"},
    {"ca_local.revoked", "let the device make a new key and request: the certificate of this one is revoked"},
};

}  // namespace

std::string_view known_advice(std::string_view code) {
  for (const Advice& advice : kAdvice) {
    const bool beginning = advice.code.ends_with('.');
    if (beginning ? code.starts_with(advice.code) : code == advice.code) return advice.text;
  }
  return {};
}

std::string_view advice_for(std::string_view code) {
  const std::string_view known = known_advice(code);
  if (!known.empty()) return known;
  return "mend the cause above; a failure is remembered for 60 s, then the client's next request is a new "
         "one";
}

}  // namespace certspan
