#include "host/journal/item_codec.hpp"

#include <algorithm>

#include "host/journal/fields.hpp"

namespace certspan {
namespace {

// The first byte of a body. A change that an older program would misread raises it.
constexpr std::uint8_t kItemVersion = 1;

// More of one kind than any pipeline makes; bounds what a damaged row can make us allocate.
constexpr std::size_t kMostListed = 1024;

// Tags are never given a second meaning.
struct ItemTag {
  enum : std::uint8_t {
    PollKey = 1,
    Source,
    Pipeline,
    Message,
    Transaction,
    RequestDigest,
    Signer,
    Label,
    Step,
    StepIndex,
    ConnectorIndex,
    Tries,
    AcceptedAt,
    ChangedAt,
    NextAt,
    Deadline,
    Outcome,
    Code,
    Reason,
    Issuer,
    Certificate,
    Attempt,
    Turn
  };
};
struct PairTag {
  enum : std::uint8_t { Name = 1, Value };
};
struct StepTag {
  enum : std::uint8_t {
    Kind = 1,
    Connector,
    Profile,
    Timeout,
    RetryAttempts,
    RetryFirst,
    RetryMost,
    Optional,
    Source,
    Reason,
    AfterReply,
    RevokesForeign
  };
};
struct AttemptTag {
  enum : std::uint8_t { Step = 1, Call, Connector, PluginVersion, Outcome, Code, Message, At, Took };
};
struct SecretTag {
  enum : std::uint8_t { Request = 1, Handle };
};

Bytes encode(const std::pair<std::string, std::string>& label) {
  FieldWriter out(label.first.size() + label.second.size() + 6);
  out.text(PairTag::Name, label.first);
  out.text(PairTag::Value, label.second);
  return std::move(out).take();
}

Bytes encode(const Step& step) {
  FieldWriter out(128);
  out.number(StepTag::Kind, static_cast<std::uint64_t>(step.kind));
  for (const auto& connector : step.connectors) out.element(StepTag::Connector, as_bytes(connector));
  out.text(StepTag::Profile, step.profile);
  out.signed_number(StepTag::Timeout, step.timeout.count());
  out.number(StepTag::RetryAttempts, step.retry.attempts);
  out.signed_number(StepTag::RetryFirst, step.retry.first.count());
  out.signed_number(StepTag::RetryMost, step.retry.most.count());
  out.number(StepTag::Optional, step.required ? 0 : 1);
  if (step.after_reply) out.number(StepTag::AfterReply, 1);
  for (const auto& source : step.sources) out.element(StepTag::Source, as_bytes(source));
  if (step.kind == StepKind::Revoke) out.number(StepTag::Reason, step.reason);
  if (step.revokes_foreign) out.number(StepTag::RevokesForeign, 1);
  return std::move(out).take();
}

Bytes encode(const Attempt& attempt) {
  FieldWriter out(128 + attempt.message.size());
  out.number(AttemptTag::Step, attempt.step);
  out.text(AttemptTag::Call, attempt.call);
  out.text(AttemptTag::Connector, attempt.connector);
  out.text(AttemptTag::PluginVersion, attempt.version);
  out.number(AttemptTag::Outcome, static_cast<std::uint64_t>(attempt.outcome));
  out.text(AttemptTag::Code, attempt.code);
  out.text(AttemptTag::Message, attempt.message);
  out.signed_number(AttemptTag::At, attempt.at);
  out.number(AttemptTag::Took, attempt.took_ms);
  return std::move(out).take();
}

void encode_origin(FieldWriter& out, const WorkItem& item) {
  if (item.poll_key) out.bytes(ItemTag::PollKey, *item.poll_key);
  out.text(ItemTag::Source, item.source);
  out.text(ItemTag::Pipeline, item.pipeline);
  out.text(ItemTag::Message, item.message);
  out.text(ItemTag::Transaction, item.transaction_id);
  out.bytes(ItemTag::RequestDigest, item.request_digest);
  out.number(ItemTag::Turn, item.turn);
  if (keeps_request(item.state)) out.bytes(ItemTag::Signer, item.signer);
  for (const auto& label : item.labels) out.element(ItemTag::Label, encode(label));
}

void encode_progress(FieldWriter& out, const WorkItem& item) {
  for (const auto& step : item.steps) out.element(ItemTag::Step, encode(step));
  out.number(ItemTag::StepIndex, item.step);
  out.number(ItemTag::ConnectorIndex, item.connector);
  out.number(ItemTag::Tries, item.tries);
  out.signed_number(ItemTag::AcceptedAt, item.accepted_at);
  out.signed_number(ItemTag::ChangedAt, item.changed_at);
  out.signed_number(ItemTag::NextAt, item.next_at);
  out.signed_number(ItemTag::Deadline, item.deadline);
}

void encode_end(FieldWriter& out, const WorkItem& item) {
  out.number(ItemTag::Outcome, static_cast<std::uint64_t>(item.outcome));
  out.text(ItemTag::Code, item.code);
  out.text(ItemTag::Reason, item.reason);
  out.text(ItemTag::Issuer, item.issuer);
  out.bytes(ItemTag::Certificate, item.certificate);
  const std::size_t kept = std::min(item.attempts.size(), WorkItem::kMostAttempts);
  for (auto it = item.attempts.end() - static_cast<std::ptrdiff_t>(kept); it != item.attempts.end(); ++it) {
    out.element(ItemTag::Attempt, encode(*it));
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
    case PairTag::Name:
      label.first = in.text();
      break;
    case PairTag::Value:
      label.second = in.text();
      break;
    default:
      in.fail();
  }
}

void read_step_field(FieldReader& in, Step& step) {
  switch (in.tag()) {
    case StepTag::Kind: {
      const auto kind = in.number();
      if (kind > static_cast<std::uint64_t>(StepKind::Revoke)) return in.fail();
      step.kind = static_cast<StepKind>(kind);
      break;
    }
    case StepTag::Connector:
      if (step.connectors.size() >= kMostListed) return in.fail();
      step.connectors.emplace_back(in.text());
      break;
    case StepTag::Profile:
      step.profile = in.text();
      break;
    case StepTag::Timeout:
      step.timeout = read_duration(in);
      break;
    case StepTag::RetryAttempts:
      step.retry.attempts = in.number32();
      break;
    case StepTag::RetryFirst:
      step.retry.first = read_duration(in);
      break;
    case StepTag::RetryMost:
      step.retry.most = read_duration(in);
      break;
    case StepTag::Optional:
      step.required = in.number() == 0;
      break;
    case StepTag::AfterReply:
      step.after_reply = in.number() != 0;
      break;
    case StepTag::Source:
      if (step.sources.size() >= kMostListed) return in.fail();
      step.sources.emplace_back(in.text());
      break;
    case StepTag::Reason:
      step.reason = in.number32();
      break;
    case StepTag::RevokesForeign:
      step.revokes_foreign = in.number() != 0;
      break;
    default:
      in.fail();
  }
}

void read_attempt_field(FieldReader& in, Attempt& attempt) {
  switch (in.tag()) {
    case AttemptTag::Step:
      attempt.step = in.number32();
      break;
    case AttemptTag::Call:
      attempt.call = in.text();
      break;
    case AttemptTag::Connector:
      attempt.connector = in.text();
      break;
    case AttemptTag::PluginVersion:
      attempt.version = in.text();
      break;
    case AttemptTag::Outcome:
      attempt.outcome = read_outcome(in);
      break;
    case AttemptTag::Code:
      attempt.code = in.text();
      break;
    case AttemptTag::Message:
      attempt.message = in.text();
      break;
    case AttemptTag::At:
      attempt.at = in.signed_number();
      break;
    case AttemptTag::Took:
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
    case ItemTag::PollKey:
      read_key(in, item.poll_key.emplace());
      break;
    case ItemTag::Source:
      item.source = in.text();
      break;
    case ItemTag::Pipeline:
      item.pipeline = in.text();
      break;
    case ItemTag::Message:
      item.message = in.text();
      break;
    case ItemTag::Transaction:
      item.transaction_id = in.text();
      break;
    case ItemTag::RequestDigest:
      read_key(in, item.request_digest);
      break;
    case ItemTag::Signer:
      item.signer = copy_of(in.bytes());
      break;
    case ItemTag::Label:
      read_element(in, item.labels, {}, read_label_field);
      break;
    case ItemTag::Step:
      read_element(in, item.steps, blank_step(), read_step_field);
      break;
    case ItemTag::StepIndex:
      item.step = in.number32();
      break;
    case ItemTag::ConnectorIndex:
      item.connector = in.number32();
      break;
    case ItemTag::Tries:
      item.tries = in.number32();
      break;
    case ItemTag::AcceptedAt:
      item.accepted_at = in.signed_number();
      break;
    case ItemTag::ChangedAt:
      item.changed_at = in.signed_number();
      break;
    case ItemTag::NextAt:
      item.next_at = in.signed_number();
      break;
    case ItemTag::Deadline:
      item.deadline = in.signed_number();
      break;
    case ItemTag::Outcome:
      item.outcome = read_outcome(in);
      break;
    case ItemTag::Code:
      item.code = in.text();
      break;
    case ItemTag::Reason:
      item.reason = in.text();
      break;
    case ItemTag::Issuer:
      item.issuer = in.text();
      break;
    case ItemTag::Certificate:
      item.certificate = copy_of(in.bytes());
      break;
    case ItemTag::Turn:
      item.turn = in.number();
      break;
    case ItemTag::Attempt:
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
  out.version(kItemVersion);
  encode_origin(out, item);
  encode_progress(out, item);
  encode_end(out, item);
  return std::move(out).take();
}

Result<void> decode_item(BytesView body, WorkItem& item) {
  if (body.empty() || body.size() > kMostBody) return damaged("body");
  if (body.front() > kItemVersion) {
    return fail(Outcome::Unsupported, "journal.newer_schema",
                "a record was written by a newer certspan: start the version that wrote it");
  }
  if (body.front() != kItemVersion) return damaged("body");
  item.outcome = Outcome::Ok;
  FieldReader in(body.subspan(1));
  while (in.next()) read_item_field(in, item);
  if (in.failed()) return damaged("body");
  return {};
}

Bytes encode_secrets(const WorkItem& item) {
  constexpr std::size_t kHeads = 16;
  FieldWriter out(kHeads + item.request.size() + item.handle.size());
  out.bytes(SecretTag::Request, item.request);
  if (is_open(item.state)) out.bytes(SecretTag::Handle, item.handle);
  return std::move(out).take();
}

Result<void> decode_secrets(BytesView secrets, WorkItem& item) {
  FieldReader in(secrets);
  while (in.next()) {
    switch (in.tag()) {
      case SecretTag::Request:
        item.request = copy_of(in.bytes());
        break;
      case SecretTag::Handle:
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
