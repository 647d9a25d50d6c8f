/*
 * A small source with one action that does what the contract says, except for the one thing that WAYWARD
 * names. Takes "GET <route>" for a request to be submitted, and anything else for a mistake.
 */
#include <certspan/abi/actions.h>
#include <certspan/abi/plugin.h>
#include <certspan/abi/role_source.h>
#include <certspan/abi/service_submit.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define IS(fault) (strcmp(WAYWARD, fault) == 0)

struct certspan_instance {
  const certspan_host* host;
  const certspan_service_http_in* http;
  const certspan_service_submit* submit;
  int closed;
};

static atomic_int inside;

static certspan_string_view text(const char* words) {
  certspan_string_view view = {words, strlen(words)};
  return view;
}

static certspan_outcome validate_config(certspan_string_view settings, const certspan_fault_sink* faults) {
  (void)settings;
  (void)faults;
  return CERTSPAN_OK;
}

static certspan_outcome create(const certspan_host* host, certspan_string_view name,
                               certspan_string_view settings, const certspan_fault_sink* faults,
                               certspan_instance** instance) {
  certspan_instance* made = calloc(1, sizeof(*made));
  (void)name;
  (void)settings;
  (void)faults;
  made->host = host;
  made->http = host->service(host->context, CERTSPAN_SERVICE_HTTP_IN);
  made->submit = host->service(host->context, CERTSPAN_SERVICE_SUBMIT);
  *instance = made;
  return CERTSPAN_OK;
}

static certspan_outcome start(certspan_instance* instance, const certspan_fault_sink* faults) {
  (void)instance;
  (void)faults;
  return CERTSPAN_OK;
}

static void stop(certspan_instance* instance) {
  (void)instance;
}

static void destroy(certspan_instance* instance) {
  free(instance);
}

static certspan_outcome open_intake(certspan_instance* instance, const certspan_fault_sink* faults) {
  certspan_http_route route;
  memset(&route, 0, sizeof(route));
  route.struct_size = sizeof(route);
  route.listener = text("devices");
  route.path = text("/requests");
  route.max_body = 65536;
  instance->closed = 0;
  if (instance->http != 0 && instance->submit != 0) {
    return instance->http->add_route(instance->host->context, &route);
  }
  faults->add(faults->context, text(""), text("this host takes no requests"));
  return CERTSPAN_UNAVAILABLE;
}

static void close_intake(certspan_instance* instance) {
  static int* volatile nowhere;
  if (IS("closes_once") && instance->closed) *nowhere = 1;
  instance->closed = 1;
}

static void respond(certspan_instance* instance, certspan_http_exchange* exchange, uint32_t status) {
  certspan_http_response response;
  memset(&response, 0, sizeof(response));
  response.struct_size = sizeof(response);
  response.status = status;
  instance->http->respond(instance->host->context, exchange, &response);
}

static void take(certspan_instance* instance, const certspan_http_request* request,
                 certspan_http_exchange* exchange) {
  static const uint8_t key[32];
  certspan_submission submission;
  if (request->query.size != 0 || request->method.size != 3) {
    if (!IS("forgets_exchange")) respond(instance, exchange, 400);
    if (IS("ends_twice")) respond(instance, exchange, 400);
    return;
  }
  memset(&submission, 0, sizeof(submission));
  submission.struct_size = sizeof(submission);
  submission.key.data = key;
  submission.key.size = sizeof(key);
  submission.message = text("enrolment");
  submission.request = request->body;
  instance->submit->submit(instance->host->context, exchange, &submission, submission.key);
}

static void handle(certspan_instance* instance, const certspan_http_request* request,
                   certspan_http_exchange* exchange) {
  const struct timespec moment = {0, 2 * 1000 * 1000};
  const int others = inside++;
  if (IS("takes_turns")) nanosleep(&moment, 0);
  if (!IS("takes_turns") || others == 0) take(instance, request, exchange);
  --inside;
}

static void reply(certspan_instance* instance, const certspan_reply* reply, certspan_bytes_view context,
                  certspan_http_exchange* exchange) {
  (void)context;
  if (IS("forgets_reply") && reply->outcome == CERTSPAN_CANCELLED) return;
  respond(instance, exchange, reply->outcome == CERTSPAN_OK ? 200 : 403);
}

static certspan_outcome run(certspan_instance* instance, const char* name, certspan_string_view arguments,
                            const certspan_bytes_sink* result, const certspan_fault_sink* faults) {
  static const certspan_bytes_view nothing = {(const uint8_t*)"{}", 2};
  (void)instance;
  (void)arguments;
  if (!IS("any_action") && strcmp(name, "count") != 0) {
    faults->add(faults->context, text(""), text("there is no such action"));
    return CERTSPAN_UNSUPPORTED;
  }
  result->put(result->context, nothing);
  return CERTSPAN_OK;
}

#ifdef WAYWARD_OPEN_ARGUMENTS
#define ARGUMENTS "{\"type\": \"object\"}"
#else
#define ARGUMENTS "{\"type\": \"object\", \"additionalProperties\": false}"
#endif

static const certspan_role_source kSource = {
    sizeof(certspan_role_source), 0, open_intake, close_intake, handle, reply, NULL};
static const certspan_action kCount = {sizeof(certspan_action),
                                       CERTSPAN_ACTION_OFFLINE,
                                       "count",
                                       "Counts.",
                                       CERTSPAN_PERSON_VIEWER,
                                       0,
                                       ARGUMENTS};
static const certspan_action* const kAllActions[] = {&kCount};
static const certspan_actions kActions = {sizeof(certspan_actions), 1, kAllActions, run};

static const void* interface_table(const char* id) {
  if (strcmp(id, CERTSPAN_INTERFACE_ACTIONS) == 0) return &kActions;
  return strcmp(id, CERTSPAN_ROLE_SOURCE) == 0 ? &kSource : 0;
}

static const certspan_connector_type kIntake = {sizeof(certspan_connector_type),
                                                0,
                                                "intake",
                                                "Takes requests.",
                                                "{\"type\": \"object\", \"additionalProperties\": false}",
                                                validate_config,
                                                create,
                                                start,
                                                0,
                                                stop,
                                                destroy,
                                                interface_table};
static const certspan_connector_type* const kTypes[] = {&kIntake};
static const certspan_plugin kPlugin = {sizeof(certspan_plugin),
                                        CERTSPAN_ABI_MAJOR,
                                        CERTSPAN_ABI_MINOR,
                                        CERTSPAN_ABI_BUILD,
                                        1,
                                        BAD_ID,
                                        BAD_VERSION,
                                        kTypes};

const certspan_plugin* certspan_plugin_entry_v0(void) {
  return &kPlugin;
}
