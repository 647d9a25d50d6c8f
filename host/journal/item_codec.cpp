#include "host/journal/item_codec.hpp"

#include <algorithm>

#include "host/journal/fields.hpp"

namespace certspan {
namespace {

// The first byte of a body. A change that an older program would misread raises it.
constexpr std::uint8_t kVersion = 1;

// More of one kind than any pipeline makes; bounds what a damaged row can make us allocate.
constexpr std::size_t kMostListed = 1024;

// Tags are never given a second meaning.
enum ItemTag : std::uint8_t {
  kPollKey = 1,
  kSource,
  kPipeline,
  kMessage,
  kTransaction,
  kRequestDigest,
  kSigner,
  kLabel,
  kStep,
  kStepIndex,
  kConnectorIndex,
  kTries,
  kAcceptedAt,
  kChangedAt,
  kNextAt,
  kDeadline,
  kOutcome,
  kCode,
  kReason,
  kIssuer,
  kCertificate,
  kAttempt,
};
enum PairTag : std::uint8_t { kName = 1, kValue };
enum StepTag : std::uint8_t {
  kKind = 1,
  kConnector,
  kProfile,
  kTimeout,
  kRetryAttempts,
  kRetryFirst,
  kRetryMost
};
enum AttemptTag : std::uint8_t {
  kAttemptStep = 1,
  kCall,
  kAttemptConnector,
  kPluginVersion,
  kAttemptOutcome,
  kAttemptCode,
  kAttemptMessage,
  kAt,
  kTook,
};
enum SecretTag : std::uint8_t { kRequest = 1, kHandle };

Bytes encode(const std::pair<std::string, std::string>& label) {
  FieldWriter out(label.first.size() + label.second.size() + 6);
  out.text(kName, label.first);
  out.text(kValue, label.second);
  return std::move(out).take();
}

Bytes encode(const Step& step) {
  FieldWriter out(128);
  out.number(kKind, static_cast<std::uint64_t>(step.kind));
  for (const auto& connector : step.connectors) out.element(kConnector, as_bytes(connector));
  out.text(kProfile, step.profile);
  out.signed_number(kTimeout, step.timeout.count());
  out.number(kRetryAttempts, step.retry.attempts);
  out.signed_number(kRetryFirst, step.retry.first.count());
  out.signed_number(kRetryMost, step.retry.most.count());
  return std::move(out).take();
}

Bytes encode(const Attempt& attempt) {
  FieldWriter out(128 + attempt.message.size());
  out.number(kAttemptStep, attempt.step);
  out.text(kCall, attempt.call);
  out.text(kAttemptConnector, attempt.connector);
  out.text(kPluginVersion, attempt.version);
  out.number(kAttemptOutcome, static_cast<std::uint64_t>(attempt.outcome));
  out.text(kAttemptCode, attempt.code);
  out.text(kAttemptMessage, attempt.message);
  out.signed_number(kAt, attempt.at);
  out.number(kTook, attempt.took_ms);
  return std::move(out).take();
}

void encode_origin(FieldWriter& out, const WorkItem& item) {
  if (item.poll_key) out.bytes(kPollKey, *item.poll_key);
  out.text(kSource, item.source);
  out.text(kPipeline, item.pipeline);
  out.text(kMessage, item.message);
  out.text(kTransaction, item.transaction_id);
  out.bytes(kRequestDigest, item.request_digest);
  if (is_open(item.state)) out.bytes(kSigner, item.signer);
  for (const auto& label : item.labels) out.element(kLabel, encode(label));
}

void encode_progress(FieldWriter& out, const WorkItem& item) {
  for (const auto& step : item.steps) out.element(kStep, encode(step));
  out.number(kStepIndex, item.step);
  out.number(kConnectorIndex, item.connector);
  out.number(kTries, item.tries);
  out.signed_number(kAcceptedAt, item.accepted_at);
  out.signed_number(kChangedAt, item.changed_at);
  out.signed_number(kNextAt, item.next_at);
  out.signed_number(kDeadline, item.deadline);
}

void encode_end(FieldWriter& out, const WorkItem& item) {
  out.number(kOutcome, static_cast<std::uint64_t>(item.outcome));
  out.text(kCode, item.code);
  out.text(kReason, item.reason);
  out.text(kIssuer, item.issuer);
  out.bytes(kCertificate, item.certificate);
  const std::size_t kept = std::min(item.attempts.size(), WorkItem::kMostAttempts);
  for (auto it = item.attempts.end() - static_cast<std::ptrdiff_t>(kept); it != item.attempts.end(); ++it) {
    out.element(kAttempt, encode(*it));
  }
}

void read_key(FieldReader& in, ItemKey& key) {
  if (in.bytes().size() != key.size()) return in.fail();
  std::copy(in.bytes().begin(), in.bytes().end(), key.begin());
}

Outcome read_outcome(FieldReader& in) {
  return outcome_from_abi(static_cast<std::int32_t>(std::min<std::uint64_t>(in.number(), 127)));
}

std::chrono::milliseconds read_duration(FieldReader& in) {
  return std::chrono::milliseconds(in.signed_number());
}

/// Reads one member of a list with `fill(reader, member)` for each of its fields.
template <typename T, typename Fill>
void read_element(FieldReader& in, std::vector<T>& list, T member, Fill fill) {
  if (list.size() >= kMostListed) return in.fail();
  FieldReader inner(in.bytes());
  while (inner.next()) fill(inner, member);
  if (inner.failed()) return in.fail();
  list.push_back(std::move(member));
}

void read_label_field(FieldReader& in, std::pair<std::string, std::string>& label) {
  switch (in.tag()) {
    case kName:
      label.first = in.text();
      break;
    case kValue:
      label.second = in.text();
      break;
    default:
      in.fail();
  }
}

void read_step_field(FieldReader& in, Step& step) {
  switch (in.tag()) {
    case kKind: {
      const auto kind = in.number();
      if (kind > static_cast<std::uint64_t>(StepKind::Issue)) return in.fail();
      step.kind = static_cast<StepKind>(kind);
      break;
    }
    case kConnector:
      if (step.connectors.size() >= kMostListed) return in.fail();
      step.connectors.emplace_back(in.text());
      break;
    case kProfile:
      step.profile = in.text();
      break;
    case kTimeout:
      step.timeout = read_duration(in);
      break;
    case kRetryAttempts:
      step.retry.attempts = in.number32();
      break;
    case kRetryFirst:
      step.retry.first = read_duration(in);
      break;
    case kRetryMost:
      step.retry.most = read_duration(in);
      break;
    default:
      in.fail();
  }
}

void read_attempt_field(FieldReader& in, Attempt& attempt) {
  switch (in.tag()) {
    case kAttemptStep:
      attempt.step = in.number32();
      break;
    case kCall:
      attempt.call = in.text();
      break;
    case kAttemptConnector:
      attempt.connector = in.text();
      break;
    case kPluginVersion:
      attempt.version = in.text();
      break;
    case kAttemptOutcome:
      attempt.outcome = read_outcome(in);
      break;
    case kAttemptCode:
      attempt.code = in.text();
      break;
    case kAttemptMessage:
      attempt.message = in.text();
      break;
    case kAt:
      attempt.at = in.signed_number();
      break;
    case kTook:
      attempt.took_ms = in.number32();
      break;
    default:
      in.fail();
  }
}

/// A number that is zero is not written, so a struct whose default is another starts from zero here.
Step blank_step() {
  Step step;
  step.timeout = {};
  step.retry = {0, std::chrono::milliseconds{0}, std::chrono::milliseconds{0}};
  return step;
}

Attempt blank_attempt() {
  Attempt attempt;
  attempt.outcome = Outcome::Ok;
  return attempt;
}

void read_item_field(FieldReader& in, WorkItem& item) {
  switch (in.tag()) {
    case kPollKey:
      read_key(in, item.poll_key.emplace());
      break;
    case kSource:
      item.source = in.text();
      break;
    case kPipeline:
      item.pipeline = in.text();
      break;
    case kMessage:
      item.message = in.text();
      break;
    case kTransaction:
      item.transaction_id = in.text();
      break;
    case kRequestDigest:
      read_key(in, item.request_digest);
      break;
    case kSigner:
      item.signer = copy_of(in.bytes());
      break;
    case kLabel:
      read_element(in, item.labels, {}, read_label_field);
      break;
    case kStep:
      read_element(in, item.steps, blank_step(), read_step_field);
      break;
    case kStepIndex:
      item.step = in.number32();
      break;
    case kConnectorIndex:
      item.connector = in.number32();
      break;
    case kTries:
      item.tries = in.number32();
      break;
    case kAcceptedAt:
      item.accepted_at = in.signed_number();
      break;
    case kChangedAt:
      item.changed_at = in.signed_number();
      break;
    case kNextAt:
      item.next_at = in.signed_number();
      break;
    case kDeadline:
      item.deadline = in.signed_number();
      break;
    case kOutcome:
      item.outcome = read_outcome(in);
      break;
    case kCode:
      item.code = in.text();
      break;
    case kReason:
      item.reason = in.text();
      break;
    case kIssuer:
      item.issuer = in.text();
      break;
    case kCertificate:
      item.certificate = copy_of(in.bytes());
      break;
    case kAttempt:
      read_element(in, item.attempts, blank_attempt(), read_attempt_field);
      break;
    default:
      in.fail();
  }
}

tl::unexpected<Error> damaged(const char* what) {
  return fail(Outcome::Internal, "journal.corrupt", std::string("a record's ") + what + " can't be read");
}

}  // namespace

Bytes encode_item(const WorkItem& item) {
  constexpr std::size_t kLikelySize = 1024;
  FieldWriter out(kLikelySize + item.certificate.size() + item.signer.size());
  out.version(kVersion);
  encode_origin(out, item);
  encode_progress(out, item);
  encode_end(out, item);
  return std::move(out).take();
}

Result<void> decode_item(BytesView body, WorkItem& item) {
  if (body.empty() || body.size() > kMostBody) return damaged("body");
  if (body.front() > kVersion) {
    return fail(Outcome::Unsupported, "journal.newer_schema",
                "a record was written by a newer certspan: start the version that wrote it");
  }
  if (body.front() != kVersion) return damaged("body");
  item.outcome = Outcome::Ok;
  FieldReader in(body.subspan(1));
  while (in.next()) read_item_field(in, item);
  if (in.failed()) return damaged("body");
  return {};
}

Bytes encode_secrets(const WorkItem& item) {
  constexpr std::size_t kHeads = 16;
  FieldWriter out(kHeads + item.request.size() + item.handle.size());
  out.bytes(kRequest, item.request);
  out.bytes(kHandle, item.handle);
  return std::move(out).take();
}

Result<void> decode_secrets(BytesView secrets, WorkItem& item) {
  FieldReader in(secrets);
  while (in.next()) {
    switch (in.tag()) {
      case kRequest:
        item.request = copy_of(in.bytes());
        break;
      case kHandle:
        item.handle = copy_of(in.bytes());
        break;
      default:
        in.fail();
    }
  }
  if (in.failed()) return damaged("sealed part");
  return {};
}

}  // namespace certspan
