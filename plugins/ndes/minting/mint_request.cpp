#include "plugins/ndes/minting/mint_request.hpp"

#include <optional>
#include <utility>

#include <nlohmann/json.hpp>

namespace certspan::scep {
namespace {

constexpr std::size_t kLongestShownKey = 64;

// Takes the events of one parse. Nothing nests deeper than the list of names, so nothing recurses.
class Reader {
 public:
  using number_integer_t = nlohmann::json::number_integer_t;
  using number_unsigned_t = nlohmann::json::number_unsigned_t;
  using number_float_t = nlohmann::json::number_float_t;
  using string_t = nlohmann::json::string_t;
  using binary_t = nlohmann::json::binary_t;

  ChallengeWish wish;
  std::optional<MintRequestFault> fault;

  bool null() { return other(); }
  bool boolean(bool /*value*/) { return other(); }
  bool number_integer(number_integer_t /*value*/) { return other(); }
  bool number_unsigned(number_unsigned_t /*value*/) { return other(); }
  bool number_float(number_float_t /*value*/, const string_t& /*text*/) { return other(); }
  bool binary(binary_t& /*value*/) { return other(); }

  bool string(string_t& text) {
    if (in_names_) return add_name(text);
    if (into_ == nullptr) return other();
    *std::exchange(into_, nullptr) = std::move(text);
    return true;
  }

  bool start_object(std::size_t /*size*/) { return std::exchange(begun_, true) ? other() : true; }
  bool end_object() { return true; }

  bool key(string_t& name) {
    key_ = name;
    into_ = nullptr;
    if (name == "san") return wish.san ? twice() : (wish.san.emplace(), true);
    std::optional<std::string>* field = field_of(name);
    if (field == nullptr)
      return refuse("", "unknown key \"" + key_.substr(0, kLongestShownKey) +
                            "\"; known are profile, subject, san and device");
    if (*field) return twice();
    into_ = &field->emplace();
    return true;
  }

  bool start_array(std::size_t /*size*/) {
    if (!begun_ || key_ != "san" || in_names_) return other();
    return in_names_ = true;
  }
  bool end_array() {
    in_names_ = false;
    return true;
  }

  bool parse_error(std::size_t position, const std::string& /*token*/,
                   const nlohmann::json::exception& /*why*/) {
    return refuse("", "is no JSON: it ends or goes wrong at octet " + std::to_string(position));
  }

 private:
  std::optional<std::string>* field_of(std::string_view name) {
    if (name == "profile") return &wish.profile;
    if (name == "subject") return &wish.subject;
    if (name == "device") return &wish.device;
    return nullptr;
  }

  bool add_name(string_t& text) {
    if (wish.san->size() == kMostAlternativeNames)
      return refuse("/san", "has more than " + std::to_string(kMostAlternativeNames) + " names");
    wish.san->push_back(std::move(text));
    return true;
  }

  bool other() {
    if (!begun_) return refuse("", "is no JSON object");
    return refuse("/" + key_, key_ == "san" ? "must be a list of texts" : "must be a text");
  }
  bool twice() { return refuse("/" + key_, "stands there twice"); }
  bool refuse(std::string pointer, std::string message) {
    if (!fault) fault = MintRequestFault{std::move(pointer), std::move(message)};
    return false;
  }

  bool begun_ = false;
  bool in_names_ = false;
  std::string key_;
  std::string* into_ = nullptr;
};

}  // namespace

tl::expected<ChallengeWish, MintRequestFault> parse_mint_request(std::string_view body) {
  if (body.size() > kLargestMintRequest)
    return tl::unexpected(
        MintRequestFault{"", "is larger than " + std::to_string(kLargestMintRequest) + " bytes"});
  Reader reader;
  if (nlohmann::json::sax_parse(body.begin(), body.end(), &reader) && !reader.fault)
    return std::move(reader.wish);
  return tl::unexpected(reader.fault.value_or(MintRequestFault{"", "is no JSON object"}));
}

}  // namespace certspan::scep
