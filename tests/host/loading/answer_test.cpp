#include "host/loading/answer.hpp"

#include <stdexcept>
#include <thread>

#include <catch2/catch.hpp>

#include "host/loading/abi_limits.hpp"
#include "host/services/abi_views.hpp"
#include "tests/host/loading/fake_type.hpp"

namespace certspan {
namespace {

using test::plain_answer;

const NoteFunction kNoNote;

Answer taken(const certspan_answer& answer) {
  AnswerCollector collector(kNoNote);
  collector.sink()->answer(collector.sink()->context, &answer);
  return collector.take();
}

TEST_CASE("an answer is copied out of the plugin's memory, field by field") {
  std::string serial = "serial";
  std::string number = "01ab";
  std::string code = "acme.queued";
  std::string message = "in the queue";
  Bytes certificate = {1, 2};
  Bytes handle = {3};
  const certspan_label label = {to_abi(serial), to_abi(number)};
  certspan_answer from = plain_answer(CERTSPAN_PENDING);
  from.retry_after_ms = 1500;
  from.code = to_abi(code);
  from.message = to_abi(message);
  from.certificate = to_abi(BytesView(certificate));
  from.handle = to_abi(BytesView(handle));
  from.labels = &label;
  from.label_count = 1;

  const Answer answer = taken(from);
  for (auto* text : {&serial, &number, &code, &message}) text->assign(text->size(), '!');
  certificate.assign(2, 0);

  CHECK(answer.outcome == Outcome::Pending);
  CHECK(answer.retry_after == std::chrono::milliseconds(1500));
  CHECK(answer.code == "acme.queued");
  CHECK(answer.message == "in the queue");
  CHECK(answer.certificate == Bytes{1, 2});
  CHECK(answer.handle == Bytes{3});
  CHECK(answer.labels == Labels{{"serial", "01ab"}});
}

TEST_CASE("no answer and two answers are the plugin's fault") {
  AnswerCollector silent(kNoNote);
  const Answer none = silent.take();
  CHECK(none.outcome == Outcome::Internal);
  CHECK(none.code == "plugin.no_answer");

  AnswerCollector chatty(kNoNote);
  const certspan_answer ok = plain_answer(CERTSPAN_OK);
  chatty.sink()->answer(chatty.sink()->context, &ok);
  chatty.sink()->answer(chatty.sink()->context, &ok);
  const Answer two = chatty.take();
  CHECK(two.outcome == Outcome::Internal);
  CHECK(two.code == "plugin.two_answers");
}

TEST_CASE("an outcome that is not known counts as internal") {
  CHECK(taken(plain_answer(CERTSPAN_REJECTED)).outcome == Outcome::Rejected);
  CHECK(taken(plain_answer(10)).outcome == Outcome::Internal);
  CHECK(taken(plain_answer(-1)).outcome == Outcome::Internal);
}

TEST_CASE("what is over a limit makes the answer internal, one byte below it is taken") {
  const Bytes large(abi_limit::kCertificate + 1, 7);
  const auto with = [&](auto member, std::size_t size) {
    certspan_answer answer = plain_answer(CERTSPAN_OK);
    answer.*member = {large.data(), size};
    return taken(answer);
  };
  CHECK(with(&certspan_answer::certificate, abi_limit::kCertificate).outcome == Outcome::Ok);
  CHECK(with(&certspan_answer::certificate, abi_limit::kCertificate + 1).code == "plugin.over_limit");
  CHECK(with(&certspan_answer::handle, abi_limit::kHandle).outcome == Outcome::Ok);
  CHECK(with(&certspan_answer::handle, abi_limit::kHandle + 1).code == "plugin.over_limit");
  CHECK(with(&certspan_answer::handle, abi_limit::kHandle + 1).outcome == Outcome::Internal);
}

TEST_CASE("labels are held to their number and sizes") {
  const auto with = [](std::size_t count, std::size_t name, std::size_t value) {
    const std::string names(name, 'n');
    const std::string values(value, 'v');
    const std::vector<certspan_label> labels(count, {to_abi(names), to_abi(values)});
    certspan_answer answer = plain_answer(CERTSPAN_OK);
    answer.labels = labels.data();
    answer.label_count = count;
    return taken(answer).code;
  };
  CHECK(with(abi_limit::kLabels, abi_limit::kLabelName, abi_limit::kLabelValue).empty());
  CHECK(with(abi_limit::kLabels + 1, 1, 1) == "plugin.over_limit");
  CHECK(with(1, abi_limit::kLabelName + 1, 1) == "plugin.over_limit");
  CHECK(with(1, 1, abi_limit::kLabelValue + 1) == "plugin.over_limit");
}

TEST_CASE("code and message are cut and cleaned") {
  const std::string text = std::string(1022, 'x') + "\n\xff" + std::string(1000, 'y');
  certspan_answer from = plain_answer(CERTSPAN_REJECTED);
  from.code = to_abi(text);
  from.message = to_abi(text);
  const Answer answer = taken(from);
  CHECK(answer.outcome == Outcome::Rejected);
  CHECK(answer.code == std::string(64, 'x'));
  CHECK(answer.message == std::string(1022, 'x') + " ?");
}

TEST_CASE("an answer that can't be read is refused without being followed") {
  AnswerCollector null(kNoNote);
  null.sink()->answer(null.sink()->context, nullptr);
  CHECK(null.take().code == "plugin.bad_answer");
  certspan_answer shorter = plain_answer(CERTSPAN_OK);
  shorter.struct_size = sizeof(shorter) - 1;
  CHECK(taken(shorter).code == "plugin.bad_answer");
  certspan_answer null_view = plain_answer(CERTSPAN_OK);
  null_view.certificate = {nullptr, 5};
  CHECK(taken(null_view).code == "plugin.bad_answer");
  certspan_answer null_labels = plain_answer(CERTSPAN_OK);
  null_labels.label_count = 1;
  CHECK(taken(null_labels).code == "plugin.bad_answer");
}

TEST_CASE("an answer from another thread is not taken") {
  AnswerCollector collector(kNoNote);
  const certspan_answer ok = plain_answer(CERTSPAN_OK);
  std::thread([&] { collector.sink()->answer(collector.sink()->context, &ok); }).join();
  const Answer answer = collector.take();
  CHECK(answer.outcome == Outcome::Internal);
  CHECK(answer.code == "plugin.wrong_thread");
}

TEST_CASE("a note reaches the host before the answer, and its fate reaches the plugin") {
  Bytes stored;
  Outcome result = Outcome::Ok;
  const NoteFunction note = [&](BytesView bytes) {
    stored = copy_of(bytes);
    return result;
  };
  AnswerCollector collector(note);
  const auto send = [&](const Bytes& bytes) {
    return collector.sink()->note(collector.sink()->context, to_abi(BytesView(bytes)));
  };
  CHECK(send({1, 2, 3}) == CERTSPAN_OK);
  CHECK(stored == Bytes{1, 2, 3});
  result = Outcome::Unavailable;
  CHECK(send({4}) == CERTSPAN_UNAVAILABLE);
  CHECK(send(Bytes(abi_limit::kNote, 0)) == CERTSPAN_UNAVAILABLE);
  CHECK(stored.size() == abi_limit::kNote);
  CHECK(send(Bytes(abi_limit::kNote + 1, 0)) == CERTSPAN_INVALID);
  CHECK(stored.size() == abi_limit::kNote);

  const certspan_answer ok = plain_answer(CERTSPAN_OK);
  collector.sink()->answer(collector.sink()->context, &ok);
  result = Outcome::Ok;
  CHECK(send({5}) == CERTSPAN_INTERNAL);
  CHECK(collector.take().ok());
}

TEST_CASE("a note that nobody takes or that can't be stored tells the plugin to send nothing") {
  AnswerCollector nobody(kNoNote);
  CHECK(nobody.sink()->note(nobody.sink()->context, {nullptr, 0}) == CERTSPAN_UNSUPPORTED);
  const NoteFunction throws = [](BytesView) -> Outcome { throw std::runtime_error("disk"); };
  AnswerCollector unlucky(throws);
  CHECK(unlucky.sink()->note(unlucky.sink()->context, {nullptr, 0}) == CERTSPAN_INTERNAL);
}

}  // namespace
}  // namespace certspan
