#include "tests/plugins/common/connector/hostile_requests.hpp"

#include <filesystem>
#include <set>
#include <stdexcept>

namespace certspan::test {

namespace {

using sdk::Outcome;

struct Expected {
  const char* name;
  Outcome outcome;
  const char* word;
};

constexpr Expected kExpected[] = {
    {"sid_extension", Outcome::Rejected, "sid_extension"},
    {"sid_extension_in_old_attribute", Outcome::Rejected, "sid_extension"},
    {"sid_in_san_uri", Outcome::Rejected, "sid_uri"},
    {"sid_in_san_uri_in_capitals", Outcome::Rejected, "sid_uri"},
    {"sid_in_san_uri_percent_encoded", Outcome::Rejected, "sid_uri"},
    {"sid_as_other_name_in_san", Outcome::Rejected, "san_not_allowed"},

    {"ca_true", Outcome::Rejected, "ca_true"},
    {"ca_true_with_path_length", Outcome::Rejected, "ca_true"},
    {"path_length_without_ca", Outcome::Rejected, "ca_true"},
    {"name_constraints", Outcome::Rejected, "extension_not_allowed"},
    {"certificate_policies", Outcome::Rejected, "extension_not_allowed"},
    {"authority_key_identifier", Outcome::Rejected, "extension_not_allowed"},
    {"ocsp_no_check", Outcome::Rejected, "extension_not_allowed"},
    {"crl_distribution_point", Outcome::Rejected, "extension_not_allowed"},
    {"unknown_extension", Outcome::Rejected, "extension_not_allowed"},
    {"unknown_critical_extension", Outcome::Rejected, "extension_not_allowed"},
    {"extension_twice", Outcome::Invalid, "malformed_request"},
    {"extension_in_both_attributes", Outcome::Invalid, "malformed_request"},
    {"policy_mappings", Outcome::Rejected, "extension_not_allowed"},
    {"policy_constraints", Outcome::Rejected, "extension_not_allowed"},
    {"ca_version", Outcome::Rejected, "extension_not_allowed"},
    {"application_policy_beyond_the_profile", Outcome::Rejected, "eku_not_allowed"},
    {"application_policies_empty", Outcome::Invalid, "bad_extension"},
    {"empty_key_identifier", Outcome::Invalid, "bad_extension"},

    {"san_email", Outcome::Rejected, "san_not_allowed"},
    {"san_ip", Outcome::Rejected, "san_not_allowed"},
    {"san_upn", Outcome::Rejected, "san_not_allowed"},
    {"san_dns_and_upn", Outcome::Rejected, "san_not_allowed"},
    {"san_directory_name", Outcome::Rejected, "san_not_allowed"},
    {"san_registered_id", Outcome::Rejected, "san_not_allowed"},
    {"san_other_name", Outcome::Rejected, "san_not_allowed"},
    {"san_kerberos_principal", Outcome::Rejected, "san_not_allowed"},
    {"san_empty", Outcome::Invalid, "bad_san"},
    {"san_nul_in_dns", Outcome::Invalid, "bad_san"},
    {"san_not_ascii", Outcome::Invalid, "bad_san"},
    {"san_dns_with_space", Outcome::Invalid, "bad_san"},
    {"san_wildcard", Outcome::Rejected, "wildcard_not_allowed"},
    {"san_wildcard_behind_a_good_name", Outcome::Rejected, "wildcard_not_allowed"},
    {"san_wildcard_alone", Outcome::Invalid, "bad_san"},
    {"san_wildcard_in_a_label", Outcome::Invalid, "bad_san"},
    {"san_uri_with_control_character", Outcome::Invalid, "bad_san"},
    {"san_twice_in_one_attribute_set", Outcome::Invalid, "malformed_request"},
    {"san_dns_empty", Outcome::Invalid, "bad_san"},
    {"san_too_many", Outcome::Invalid, "bad_san"},
    {"san_trailing_bytes", Outcome::Invalid, "bad_san"},

    {"eku_server_auth", Outcome::Rejected, "eku_not_allowed"},
    {"eku_client_and_code_signing", Outcome::Rejected, "eku_not_allowed"},
    {"eku_any", Outcome::Rejected, "eku_not_allowed"},
    {"eku_enrollment_agent", Outcome::Rejected, "eku_not_allowed"},
    {"eku_smartcard_logon", Outcome::Rejected, "eku_not_allowed"},
    {"eku_ocsp_signing", Outcome::Rejected, "eku_not_allowed"},
    {"eku_unknown", Outcome::Rejected, "eku_not_allowed"},
    {"eku_empty", Outcome::Invalid, "bad_extension"},
    {"ku_key_cert_sign", Outcome::Rejected, "key_usage_not_allowed"},
    {"ku_crl_sign", Outcome::Rejected, "key_usage_not_allowed"},
    {"ku_non_repudiation", Outcome::Rejected, "key_usage_not_allowed"},
    {"ku_no_bit_string", Outcome::Invalid, "bad_extension"},

    {"empty_subject_without_san", Outcome::Rejected, "empty_subject"},
    {"subject_of_the_ca", Outcome::Rejected, "ca_name"},
    {"subject_with_control_character", Outcome::Invalid, "bad_subject"},
    {"subject_with_nul", Outcome::Invalid, "malformed_request"},
    {"subject_with_empty_value", Outcome::Invalid, "bad_subject"},
    {"subject_with_broken_utf8", Outcome::Invalid, "malformed_request"},
    {"subject_with_written_direction", Outcome::Invalid, "bad_subject"},
    {"subject_with_byte_order_mark", Outcome::Invalid, "bad_subject"},
    {"subject_with_c1_control", Outcome::Invalid, "bad_subject"},
    {"subject_common_name_of_65", Outcome::Invalid, "bad_subject"},
    {"subject_country_of_3", Outcome::Invalid, "bad_subject"},
    {"subject_country_not_printable", Outcome::Invalid, "bad_subject"},
    {"subject_serial_number_not_printable", Outcome::Invalid, "bad_subject"},
    {"subject_mail_not_ascii", Outcome::Invalid, "bad_subject"},
    {"subject_two_names_in_one_part", Outcome::Invalid, "bad_subject"},
    {"subject_with_empty_part", Outcome::Invalid, "malformed_request"},
    {"subject_of_65_parts", Outcome::Invalid, "request_too_large"},
    {"subject_too_long", Outcome::Invalid, "bad_subject"},

    {"key_of_the_ca", Outcome::Rejected, "own_key"},
    {"rsa_1024", Outcome::Unsupported, "weak_key"},
    {"rsa_exponent_3", Outcome::Unsupported, "weak_key"},
    {"rsa_exponent_1", Outcome::Invalid, "malformed_request"},
    {"rsa_exponent_even", Outcome::Invalid, "malformed_request"},
    {"rsa_modulus_even", Outcome::Invalid, "malformed_request"},
    {"rsa_modulus_negative", Outcome::Invalid, "malformed_request"},
    {"rsa_roca", Outcome::Unsupported, "weak_key"},
    {"rsa_small_factor", Outcome::Unsupported, "weak_key"},
    {"rsa_16384", Outcome::Invalid, "request_too_large"},
    {"ec_p192", Outcome::Unsupported, "unsupported_algorithm"},
    {"ec_point_compressed", Outcome::Unsupported, "unsupported_algorithm"},
    {"ec_point_at_infinity", Outcome::Unsupported, "unsupported_algorithm"},
    {"ec_p224", Outcome::Unsupported, "unsupported_algorithm"},
    {"ec_secp256k1", Outcome::Unsupported, "unsupported_algorithm"},
    {"ec_explicit_parameters", Outcome::Unsupported, "unsupported_algorithm"},
    {"ec_point_not_on_curve", Outcome::Invalid, "malformed_request"},
    {"ec_curve_not_in_profile", Outcome::Unsupported, "key_not_allowed"},
    {"ed25519", Outcome::Unsupported, "unsupported_algorithm"},
    {"dsa", Outcome::Unsupported, "unsupported_algorithm"},

    {"signed_with_sha1", Outcome::Unsupported, "unsupported_algorithm"},
    {"signed_with_md5", Outcome::Unsupported, "unsupported_algorithm"},
    {"signature_broken", Outcome::Invalid, "bad_request_signature"},
    {"signature_of_another_key", Outcome::Invalid, "bad_request_signature"},
    {"signature_empty", Outcome::Invalid, "bad_request_signature"},
    {"ecdsa_signature_zero", Outcome::Invalid, "bad_request_signature"},

    {"template_in_name_value_pair", Outcome::Rejected, "attribute_not_allowed"},
    {"version_2", Outcome::Invalid, "malformed_request"},
    {"trailing_bytes", Outcome::Invalid, "malformed_request"},
    {"truncated", Outcome::Invalid, "malformed_request"},
    {"empty", Outcome::Invalid, "malformed_request"},
    {"not_der", Outcome::Invalid, "malformed_request"},
    {"indefinite_length", Outcome::Invalid, "malformed_request"},
    {"too_large", Outcome::Invalid, "request_too_large"},
};

std::set<std::string> files_in(const std::string& directory) {
  std::set<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(directory)) {
    names.insert(entry.path().stem().string());
  }
  return names;
}

}  // namespace

const char kStrictProfile[] = R"({
  "subject": "from_request", "san": ["dns", "uri"], "key_usage": ["digital_signature", "key_encipherment"],
  "eku": ["client_auth"], "validity": "365d", "keys": ["rsa>=2048", "p256"]})";

std::vector<HostileRequest> make_hostile_requests(const pki::test::TempDir& dir) {
  pki::test::must_run(
      dir, "mkdir hostile && /usr/bin/python3 " CERTSPAN_SOURCE_DIR
           "/tests/plugins/common/connector/make_hostile_requests.py hostile ca.key ca_subject.der");
  std::set<std::string> made = files_in(dir.path("hostile"));
  std::vector<HostileRequest> requests;
  for (const Expected& expected : kExpected) {
    if (made.erase(expected.name) == 0) throw std::runtime_error(std::string("not made: ") + expected.name);
    requests.push_back({expected.name, expected.outcome, expected.word,
                        dir.read(std::string("hostile/") + expected.name + ".der")});
  }
  if (!made.empty()) throw std::runtime_error("no expectation for " + *made.begin());
  return requests;
}

}  // namespace certspan::test
