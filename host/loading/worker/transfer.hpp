#pragma once

#include <certspan/abi/role_deliverer.h>
#include <certspan/abi/role_issuer.h>
#include <certspan/abi/role_processor.h>
#include <certspan/abi/role_revoker.h>
#include <certspan/abi/role_source.h>
#include <certspan/abi/service_http_in.h>
#include <certspan/abi/service_http_out.h>
#include <certspan/abi/service_store.h>
#include <certspan/abi/service_submit.h>
#include <certspan/abi/work_item.h>

#include "host/loading/worker/frame.hpp"

/// The structs of the contract as fields of a frame: said once, for the one who writes and the one who reads.
/// A reader sets each struct's size; what it gets is borrowed from it.
namespace certspan::worker {

template <typename Io>
void transfer(Io& io, typename Io::template Field<certspan_bytes_view> bytes) {
  io.view(bytes);
}

template <typename Io>
void transfer(Io& io, typename Io::template Field<certspan_label> label) {
  io.view(label.name);
  io.view(label.value);
}

template <typename Io>
void transfer(Io& io, typename Io::template Field<certspan_item> item) {
  io.number(item.attempt);
  io.number(item.deadline_ns);
  io.view(item.id);
  io.view(item.key);
  io.view(item.source);
  io.view(item.pipeline);
  io.view(item.message);
  io.view(item.transaction_id);
  io.view(item.request);
  io.view(item.signer);
  io.view(item.profile);
  io.view(item.handle);
  io.view(item.note);
  io.list(item.labels, item.label_count);
}

template <typename Io>
void transfer(Io& io, typename Io::template Field<certspan_answer> answer) {
  io.number(answer.outcome);
  io.number(answer.retry_after_ms);
  io.view(answer.code);
  io.view(answer.message);
  io.view(answer.certificate);
  io.view(answer.handle);
  io.list(answer.labels, answer.label_count);
}

template <typename Io>
void transfer(Io& io, typename Io::template Field<certspan_issued> issued) {
  io.view(issued.issuer);
  io.view(issued.certificate);
  io.list(issued.chain, issued.chain_count);
}

template <typename Io>
void transfer(Io& io, typename Io::template Field<certspan_delivery> delivery) {
  io.number(delivery.outcome);
  io.view(delivery.code);
  io.view(delivery.message);
  io.view(delivery.issuer);
  io.view(delivery.certificate);
}

template <typename Io>
void transfer(Io& io, typename Io::template Field<certspan_revocation> revocation) {
  io.number(revocation.reason);
  io.number(revocation.at_ms);
  io.view(revocation.key);
  io.view(revocation.certificate);
  io.list(revocation.labels, revocation.label_count);
}

template <typename Io>
void transfer(Io& io, typename Io::template Field<certspan_find_request> request) {
  io.view(request.issuer);
  io.view(request.serial);
}

template <typename Io>
void transfer(Io& io, typename Io::template Field<certspan_crl_request> request) {
  io.number(request.flags);
  io.view(request.issuer);
  io.view(request.authority_key_id);
  io.number(request.partition);
  io.number(request.partitions);
}

template <typename Io>
void transfer(Io& io, typename Io::template Field<certspan_status_request> request) {
  io.view(request.cert_id);
}

template <typename Io>
void transfer(Io& io, typename Io::template Field<certspan_reply> reply) {
  io.number(reply.outcome);
  io.view(reply.id);
  io.view(reply.transaction_id);
  io.view(reply.code);
  io.view(reply.certificate);
  io.list(reply.chain, reply.chain_count);
}

template <typename Io>
void transfer(Io& io, typename Io::template Field<certspan_http_request> request) {
  io.number(request.flags);
  io.view(request.method);
  io.view(request.path);
  io.view(request.query);
  io.view(request.content_type);
  io.view(request.remote_address);
  io.view(request.body);
  io.view(request.authorization);
}

template <typename Io>
void transfer(Io& io, typename Io::template Field<certspan_http_response> response) {
  io.number(response.status);
  io.number(response.retry_after_s);
  io.view(response.content_type);
  io.view(response.body);
  io.list(response.fields, response.field_count);
}

template <typename Io>
void transfer(Io& io, typename Io::template Field<certspan_http_route> route) {
  io.number(route.flags);
  io.view(route.listener);
  io.view(route.path);
  io.number(route.max_body);
}

template <typename Io>
void transfer(Io& io, typename Io::template Field<certspan_submission> submission) {
  io.view(submission.key);
  io.view(submission.poll_key);
  io.view(submission.message);
  io.view(submission.transaction_id);
  io.view(submission.request);
  io.view(submission.signer);
  io.list(submission.labels, submission.label_count);
}

template <typename Io>
void transfer(Io& io, typename Io::template Field<certspan_store_write> write) {
  io.view(write.key);
  io.number(write.expected_revision);
  io.view(write.value);
  io.number(write.flags);
}

template <typename Io>
void transfer(Io& io, typename Io::template Field<certspan_http_out_field> field) {
  io.view(field.name);
  io.view(field.value);
  io.view(field.token);
}

template <typename Io>
void transfer(Io& io, typename Io::template Field<certspan_http_out_tls> tls) {
  io.view(tls.trust);
  io.view(tls.certificate);
  io.view(tls.key);
  io.view(tls.key_token);
}

/// All but `tls`, which is another struct and may be missing.
template <typename Io>
void transfer(Io& io, typename Io::template Field<certspan_http_out_request> request) {
  io.number(request.flags);
  io.number(request.deadline_ns);
  io.number(request.max_answer);
  io.view(request.method);
  io.view(request.url);
  io.list(request.fields, request.field_count);
  io.view(request.body);
}

template <typename Io>
void transfer(Io& io, typename Io::template Field<certspan_http_out_result> result) {
  io.number(result.status);
  io.number(result.failure);
  io.number(result.exchange);
  io.list(result.fields, result.field_count);
  io.view(result.body);
  io.view(result.message);
}

}  // namespace certspan::worker
