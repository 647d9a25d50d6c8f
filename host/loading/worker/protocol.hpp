#pragma once

#include <cstdint>

/// What host and worker say to each other. The worker ships with its host, so none of this is a promise.
namespace certspan::worker {

/// Calls of the host into the plugin.
enum class Call : std::uint8_t {
  ValidateConfig = 1,
  Create,
  Start,
  Drain,
  Stop,
  Destroy,
  OpenIntake,
  CloseIntake,
  Handle,
  Reply,
  Validate,
  Issue,
  Poll,
  Lookup,
  Cancel,
  BeforeIssue,
  AfterIssue,
  Deliver,
  Revoke,
  Gather,
  Chain,
  Find,
  Crl,
  NextCa,
  Status,
  Ping,
  Act,
};

/// What the plugin asks of the host, and what it tells.
enum class Service : std::uint8_t {
  Note = 1,
  Log,
  OpenSecret,
  StoreGet,
  StoreScan,
  StoreCommit,
  AddRoute,
  Respond,
  Submit,
  PollFor,
  Bring,
  IssuersChain,
  IssuersFind,
  IssuersCrl,
  IssuersNextCa,
  IssuersStatus,
  SendHttp,
  AnsweredByCa,
  ShutIn,  ///< on the control socket, first of all: what holds the worker
};

/// Descriptors that a worker begins with, besides its standard ones.
constexpr int kControlFd = 3;
constexpr int kImageFd = 4;

}  // namespace certspan::worker
