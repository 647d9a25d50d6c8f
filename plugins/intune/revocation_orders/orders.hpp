// What Intune's revocation service hands out and takes back.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <certspan/connector.hpp>

namespace certspan::intune {

/// One certificate that is to be revoked, as Intune knows it from the success notification.
struct RevocationOrder {
  std::string context;  // names the order in its result; opaque
  std::string serial;   // hexadecimal; "" if what stands there is none
  std::string item;     // the work id in caConfiguration; "" if that is not of our making
};

/// What is asked for: at most `most` orders, of every issuer.
std::string download_body(int most);

/// nullopt: not one JSON object whose `value` is a list of objects with a requestContext and a serialNumber
/// as text; over 4 MiB. An order whose context is longer than 16 KiB can't be kept and is left out.
std::optional<std::vector<RevocationOrder>> read_orders(std::string_view text);

/// That the order ended so; `context` as it was downloaded.
std::string result_body(std::string_view context, const sdk::Delivery& delivery);

/// Whether `text` is Intune's word that it took the results.
bool took_results(std::string_view text);

}  // namespace certspan::intune
