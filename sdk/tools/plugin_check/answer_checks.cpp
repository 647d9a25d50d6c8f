// The calls that give an answer: of issuers, validators and processors.
#include <pthread.h>

#include <algorithm>
#include <array>
#include <thread>

#include <certspan/abi/role_validator.h>

#include "host/base/outcome.hpp"
#include "host/loading/abi_limits.hpp"
#include "sdk/tools/plugin_check/certificates.hpp"
#include "sdk/tools/plugin_check/checks.hpp"
#include "sdk/tools/plugin_check/scene.hpp"

namespace certspan::check {
namespace {

constexpr int kAtOnce = 64;
constexpr int kOddRounds = 3;
constexpr int kThoroughOddRounds = 200;
constexpr std::chrono::milliseconds kLateAnswer{1000};

/// What a call's answer broke of the rule that every answer has to keep; empty: nothing.
std::string broken_once(const AnsweringCall& call, const Heard& heard) {
  if (heard.foreign_thread)
    return call.name + " answered on another thread than the one that it was called on";
  if (heard.answers != 1)
    return call.name + " gave " + std::to_string(heard.answers) + " answers instead of one";
  return heard.unreadable.empty() ? "" : call.name + ": " + heard.unreadable;
}

void require_once(const AnsweringCall& call, const Heard& heard) {
  const std::string fault = broken_once(call, heard);
  require(fault.empty(), fault);
}

/// Makes every call with ordinary items, twice each, and asks what comes.
template <typename Judge>
void judge_answers(Run& run, Judge judge) {
  Scene scene(run);
  scene.connector.begin();
  for (const AnsweringCall& call : answering_calls(scene.connector)) {
    for (int i = 0; i < 2; ++i) {
      auto item = scene.item();
      if (i == 1) item.handle = {'c', 'h', 'e', 'c', 'k'};
      const Heard heard = hear(scene.connector, call, item);
      if (heard.answers == 1 && heard.unreadable.empty()) judge(call, heard);
    }
  }
  scene.connector.end();
}

/// A validator that lets a person decide.
bool asks_person(const LiveConnector& connector) {
  const auto* validator = connector.role<certspan_role_validator>(CERTSPAN_ROLE_VALIDATOR);
  return validator != nullptr && (validator->flags & CERTSPAN_VALIDATOR_ASKS_PERSON) != 0;
}

bool may_answer_pending(const AnsweringCall& call, bool person) {
  if (call.name == "validate") return person;
  return call.name == "issue" || call.name == "poll" || call.name == "lookup" || call.name == "cancel";
}

}  // namespace

void check_answers_once(Run& run) {
  Scene scene(run);
  scene.connector.begin();
  for (const AnsweringCall& call : answering_calls(scene.connector)) {
    auto item = scene.item();
    require_once(call, hear(scene.connector, call, item));
  }
  scene.connector.end();
}

void check_certificates(Run& run) {
  judge_answers(run, [](const AnsweringCall& call, const Heard& heard) {
    if (heard.outcome != CERTSPAN_OK) {
      require(heard.answer.certificate.empty(),
              call.name + " gives a certificate with an answer that is not ok");
      return;
    }
    require(!heard.answer.certificate.empty(), call.name + " says ok and gives no certificate");
    require(is_certificate(heard.answer.certificate),
            call.name + " says ok with something that is no certificate (DER)");
  });
}

void check_handles(Run& run) {
  Scene scene(run);
  bool has_poll = false;
  for (const auto& call : answering_calls(scene.connector)) has_poll = has_poll || call.name == "poll";
  judge_answers(run, [&](const AnsweringCall& call, const Heard& heard) {
    const bool pending = heard.outcome == CERTSPAN_PENDING;
    // A person has no handle, and is not polled.
    if (pending && call.name == "validate") return;
    if (pending && call.name != "cancel") {
      require(!heard.answer.handle.empty(), call.name + " says pending and gives no handle");
    }
    require(!pending || has_poll, call.name + " says pending, and there is no function \"poll\"");
    require(pending || heard.answer.handle.empty(),
            call.name + " gives a handle with an answer that is not pending");
  });
}

void check_limits(Run& run) {
  judge_answers(run, [](const AnsweringCall& call, const Heard& heard) {
    const auto within = [&](std::size_t size, std::size_t most, const char* what) {
      require(size <= most, call.name + " gives a " + what + " of " + std::to_string(size) +
                                ", the contract allows " + std::to_string(most));
    };
    within(heard.answer.certificate.size(), abi_limit::kCertificate, "certificate");
    within(heard.answer.handle.size(), abi_limit::kHandle, "handle");
    within(heard.answer.labels.size(), abi_limit::kLabels, "number of labels");
    for (const auto& label : heard.answer.labels) {
      within(label.name.size(), abi_limit::kLabelName, "label's name");
      within(label.value.size(), abi_limit::kLabelValue, "label's value");
    }
    for (const auto& note : heard.notes) within(note.size(), abi_limit::kNote, "note");
  });
}

void check_outcomes(Run& run) {
  const bool person = asks_person(Scene(run).connector);
  judge_answers(run, [person](const AnsweringCall& call, const Heard& heard) {
    require(heard.outcome >= CERTSPAN_OK && heard.outcome <= CERTSPAN_INTERNAL,
            call.name + " answers " + std::to_string(heard.outcome) + ", which is no outcome");
    require(heard.outcome != CERTSPAN_PENDING || may_answer_pending(call, person),
            call.name +
                " says pending; only an issuer may, and a validator with "
                "CERTSPAN_VALIDATOR_ASKS_PERSON");
    const bool fine = heard.outcome == CERTSPAN_OK || heard.outcome == CERTSPAN_PENDING;
    require(
        fine || !heard.answer.code.empty(),
        call.name + " says " + std::string(to_string(outcome_from_abi(heard.outcome))) + " without a code");
    const bool word = std::all_of(heard.answer.code.begin(), heard.answer.code.end(),
                                  [](char c) { return c > ' ' && c < 0x7f; });
    require(word, call.name + " gives the code \"" + heard.answer.code + "\", which is no machine word");
  });
}

void check_odd_items(Run& run) {
  Scene scene(run);
  scene.connector.begin();
  for (int round = 0; round < (run.subject.thorough ? kThoroughOddRounds : kOddRounds); ++round) {
    for (const AnsweringCall& call : answering_calls(scene.connector)) {
      for (auto& item : odd_items(scene.random, scene.sample)) {
        require_once(call, hear(scene.connector, call, item));
      }
    }
  }
  scene.connector.end();
}

void check_past_deadline(Run& run) {
  Scene scene(run);
  scene.connector.begin();
  for (const AnsweringCall& call : answering_calls(scene.connector)) {
    for (const auto left : {std::chrono::seconds(-1), std::chrono::seconds(0)}) {
      auto item = scene.item();
      item.time_left = left;
      const Heard heard = hear(scene.connector, call, item);
      require_once(call, heard);
      require(heard.took < kLateAnswer, call.name + " took " + std::to_string(heard.took.count()) +
                                            " ms with a deadline that had passed");
    }
  }
  scene.connector.end();
}

void check_concurrent_calls(Run& run) {
  Scene scene(run);
  scene.connector.begin();
  for (const AnsweringCall& call : answering_calls(scene.connector)) {
    std::vector<Heard> heard(kAtOnce);
    std::vector<std::thread> threads;
    for (int i = 0; i < kAtOnce; ++i) {
      auto item = scene.item();
      threads.emplace_back([&scene, &call, item, &mine = heard[static_cast<std::size_t>(i)]]() mutable {
        mine = hear(scene.connector, call, item);
      });
    }
    for (std::thread& thread : threads) thread.join();
    for (const Heard& one : heard) {
      const std::string fault = broken_once(call, one);
      require(fault.empty(), "of " + std::to_string(kAtOnce) + " calls at once, " + fault);
    }
  }
  scene.connector.end();
}

}  // namespace certspan::check
