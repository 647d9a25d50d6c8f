/*
 * A small issuer that does what the contract says, except for the one thing that WAYWARD names. Its CA is
 * described in wayward.json: PUT /orders/KEY orders, GET asks, and the CA repeats the key in `ca-order`.
 */
#include <certspan/abi/plugin.h>
#include <certspan/abi/role_issuer.h>
#include <certspan/abi/service_http_out.h>
#include <certspan/abi/service_store.h>
#include <certspan/abi/services.h>
#include <fcntl.h>
#include <locale.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define IS(fault) (strcmp(WAYWARD, fault) == 0)

static const char kSchema[] =
    "{\"type\": \"object\", \"additionalProperties\": false, \"required\": [\"url\", \"api_key\"],"
    " \"properties\": {"
    "  \"url\": {\"type\": \"string\", \"description\": \"Where the CA is.\", \"examples\": "
    "[\"https://ca.example\"]"
#ifdef WAYWARD_MISSPELT
    ", \"minLenght\": 1"
#endif
    "},"
    "  \"api_key\": {\"type\": \"string\", \"x-certspan-secret\": true, \"description\": \"The token.\"}}}";

struct certspan_instance {
  const certspan_host* host;
  const certspan_service_log* log;
  const certspan_service_secrets* secrets;
  const certspan_service_store* store;
  const certspan_service_http_out* http;
  int started;
  int stopped;
  char* buffer;
};

static atomic_int lives;
static atomic_int running;
static atomic_int inside;
static int socket_fd = -1;

static certspan_string_view text(const char* words) {
  certspan_string_view view = {words, strlen(words)};
  return view;
}

static void complain(const certspan_fault_sink* faults, const char* pointer, const char* message) {
  faults->add(faults->context, text(pointer), text(message));
}

static void crash(void) {
  static int* volatile nowhere;
  *nowhere = 1;
}

/* Runs while the file is loaded. */
__attribute__((constructor)) static void on_load(void) {
  const struct timespec while_ago = {0, 150 * 1000 * 1000};
  if (IS("slow_to_load")) nanosleep(&while_ago, 0);
  if (IS("opens_at_load") && open("/dev/null", O_RDONLY) < 0) abort();
  if (IS("heavy_image")) {
    volatile char* kept = malloc(2u << 20);
    for (size_t i = 0; kept != 0 && i < 2u << 20; i += 1024) kept[i] = 1;
  }
}

static certspan_outcome validate_config(certspan_string_view settings, const certspan_fault_sink* faults) {
  if (IS("crashes_on_settings") && memchr(settings.data, '{', settings.size) == 0) crash();
  if (memmem(settings.data, settings.size, "https://ca.", 11) != 0) return CERTSPAN_OK;
  if (!IS("silent_refusal")) complain(faults, "/url", "is not where a CA is");
  return CERTSPAN_INVALID;
}

static certspan_outcome create(const certspan_host* host, certspan_string_view name,
                               certspan_string_view settings, const certspan_fault_sink* faults,
                               certspan_instance** instance) {
  (void)name;
  (void)settings;
  if ((IS("exact_host_only") && host->struct_size != sizeof(certspan_host)) ||
      (IS("five_lives") && ++lives > 5)) {
    complain(faults, "", "not on this host");
    return CERTSPAN_UNAVAILABLE;
  }
  certspan_instance* made = calloc(1, sizeof(*made));
  made->host = host;
  made->log = host->service(host->context, CERTSPAN_SERVICE_LOG);
  made->secrets = host->service(host->context, CERTSPAN_SERVICE_SECRETS);
  made->store = host->service(host->context, CERTSPAN_SERVICE_STORE);
  made->http = host->service(host->context, CERTSPAN_SERVICE_HTTP_OUT);
  if (IS("leaks")) {
    static void* volatile kept;
    kept = malloc(100);
  }
  if (IS("needs_log")) made->log->enabled(host->context, CERTSPAN_LOG_INFO);
  *instance = made;
  return CERTSPAN_OK;
}

static void* sleep_for_ever(void* nothing) {
  for (;;) pause();
  return nothing;
}

static void misbehave_in_start(void) {
  if (IS("leaves_thread")) {
    pthread_t thread;
    pthread_create(&thread, 0, sleep_for_ever, 0);
    pthread_detach(thread);
  }
  if (IS("leaves_descriptor") && open("/dev/null", O_RDONLY) < 0) abort();
  if (IS("closes_foreign")) close(5);
  if (IS("handles_signals")) signal(SIGUSR1, SIG_IGN);
  if (IS("unblocks_signals")) {
    sigset_t none;
    sigemptyset(&none);
    pthread_sigmask(SIG_SETMASK, &none, 0);
  }
  if (IS("sets_locale")) setlocale(LC_ALL, "C.UTF-8");
  if (IS("sets_variable")) setenv("ACME_HOME", "/opt/acme", 1);
  if (IS("forks") && fork() == 0) _exit(0);
  if (IS("opens_socket")) close(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (IS("goes_elsewhere")) {
    char before[4096];
    if (getcwd(before, sizeof(before)) == 0 || chdir("/") != 0 || chdir(before) != 0) return;
  }
}

/* One of all plugins of this machine that call themselves so. */
static int take_socket(void) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  snprintf(address.sun_path + 1, sizeof(address.sun_path) - 1, "wayward-%d", getpid());
  socket_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  return bind(socket_fd, (const struct sockaddr*)(const void*)&address, sizeof(address)) == 0;
}

struct secret {
  char text[64];
};

static void copy_secret(void* context, certspan_bytes_view value) {
  struct secret* secret = context;
  snprintf(secret->text, sizeof(secret->text), "%.*s", (int)value.size, (const char*)value.data);
}

/* The secret behind api_key; 0: it can't be opened. */
static int open_secret(certspan_instance* instance, struct secret* secret) {
  const certspan_bytes_sink sink = {sizeof(sink), 0, secret, copy_secret};
  if (instance->secrets == 0) return 0;
  return instance->secrets->open(instance->host->context, text("KEY"), &sink) == CERTSPAN_OK;
}

static certspan_outcome start(certspan_instance* instance, const certspan_fault_sink* faults) {
  static const certspan_bytes_view mark = {(const uint8_t*)"started", 7};
  const certspan_store_write write = {mark, CERTSPAN_STORE_ANY, mark, 0};
  struct secret secret = {""};
  instance->buffer = malloc(64);
  misbehave_in_start();
  if (instance->store != 0 && instance->store->commit(instance->host->context, &write, 1) != CERTSPAN_OK) {
    if (IS("never_recovers")) instance->log = 0;
    complain(faults, "", "the store is full");
    return CERTSPAN_UNAVAILABLE;
  }
  if (!open_secret(instance, &secret) && !IS("trusts_secrets")) {
    complain(faults, "/api_key", "can't be opened");
    return CERTSPAN_UNAVAILABLE;
  }
  if ((IS("alone") && running != 0) || (IS("one_socket") && running == 0 && !take_socket())) {
    complain(faults, "", "is running already");
    return CERTSPAN_UNAVAILABLE;
  }
  ++running;
  instance->started = 1;
  return CERTSPAN_OK;
}

static void stop(certspan_instance* instance) {
  if (IS("exits_in_stop")) exit(0);
  if (IS("stops_once") && instance->stopped) crash();
  instance->stopped = 1;
  if (IS("never_recovers") && instance->store != 0 && instance->log == 0) crash();
  if (instance->started && --running == 0 && socket_fd >= 0) {
    close(socket_fd);
    socket_fd = -1;
  }
  instance->started = 0;
  free(instance->buffer);
  instance->buffer = 0;
}

static void destroy(certspan_instance* instance) {
  free(instance);
}

/* What came of one exchange. */
struct reply {
  uint32_t status;
  uint32_t failure;
  uint64_t exchange;
  int of_ca;
  const char* key;
  uint8_t body[8192];
  uint64_t size;
};

static void on_result(void* context, const certspan_http_out_result* result) {
  struct reply* reply = context;
  reply->status = result->status;
  reply->failure = result->failure;
  reply->exchange = result->exchange;
  for (uint64_t i = 0; i < result->field_count; ++i) {
    const certspan_label* field = &result->fields[i];
    if (field->name.size == 8 && memcmp(field->name.data, "ca-order", 8) == 0) {
      reply->of_ca = field->value.size == strlen(reply->key) &&
                     memcmp(field->value.data, reply->key, field->value.size) == 0;
    }
  }
  reply->size = result->body.size < sizeof(reply->body) ? result->body.size : sizeof(reply->body);
  if (reply->size != 0) memcpy(reply->body, result->body.data, reply->size);
}

static certspan_outcome send_order(certspan_instance* instance, const certspan_item* item, int asks,
                                   struct reply* reply) {
  char key[80];
  char url[128];
  int size = 0;
  for (uint64_t i = 0; i < item->key.size && i < 32; ++i) {
    size += snprintf(key + size, sizeof(key) - (size_t)size, "%02x", item->key.data[i]);
  }
  if (IS("order_per_attempt")) snprintf(key + size, sizeof(key) - (size_t)size, "%x", item->attempt);
  snprintf(url, sizeof(url), "https://ca.example/orders/%s", key);
  reply->key = key;
  certspan_http_out_request request;
  memset(&request, 0, sizeof(request));
  request.struct_size = sizeof(request);
  request.flags = asks ? CERTSPAN_HTTP_OUT_ASKS_ONLY : 0;
  request.method = text(asks ? "GET" : "PUT");
  request.url = text(url);
  const certspan_http_out_sink sink = {sizeof(sink), 0, reply, on_result};
  const certspan_outcome sent = instance->http->send(instance->host->context, &request, &sink);
  reply->key = 0;
  return sent;
}

struct answering {
  const certspan_answer_sink* sink;
  const certspan_answer* answer;
};

static void* answer_there(void* context) {
  const struct answering* answering = context;
  answering->sink->answer(answering->sink->context, answering->answer);
  return 0;
}

static void give(const certspan_answer_sink* sink, const certspan_answer* answer) {
  struct answering answering = {sink, answer};
  pthread_t thread;
  if (IS("never_answers")) return;
  if (IS("answers_elsewhere") && pthread_create(&thread, 0, answer_there, &answering) == 0) {
    pthread_join(thread, 0);
    return;
  }
  sink->answer(sink->context, answer);
  if (IS("answers_twice")) sink->answer(sink->context, answer);
}

static void say(const certspan_answer_sink* sink, certspan_outcome outcome, const char* code) {
  certspan_answer answer;
  memset(&answer, 0, sizeof(answer));
  answer.struct_size = sizeof(answer);
  answer.outcome = IS("strange_outcome") ? 42 : outcome;
  answer.code = text(IS("no_code") ? "" : code);
  give(sink, &answer);
}

static void say_done(const certspan_answer_sink* sink, const struct reply* reply) {
  static uint8_t handle[5000];
  static struct reply first;
  certspan_answer answer;
  memset(&answer, 0, sizeof(answer));
  answer.struct_size = sizeof(answer);
  if (IS("same_certificate") && first.size == 0) first = *reply;
  if (IS("same_certificate")) reply = &first;
  answer.certificate.data = reply->body;
  answer.certificate.size = IS("empty_certificate") ? 0 : reply->size;
  if (IS("no_handle") || IS("huge_handle")) {
    answer.outcome = CERTSPAN_PENDING;
    answer.certificate.size = 0;
    memcpy(handle, reply->body, reply->size < sizeof(handle) ? reply->size : sizeof(handle));
    answer.handle.data = handle;
    answer.handle.size = IS("huge_handle") ? sizeof(handle) : 0;
  }
  give(sink, &answer);
}

/* What an order came to. */
static void judge(certspan_instance* instance, const certspan_answer_sink* sink, certspan_outcome sent,
                  const struct reply* reply) {
  if (sent == CERTSPAN_UNAVAILABLE || sent == CERTSPAN_INVALID) {
    say(sink, IS("refused_is_rejected") ? CERTSPAN_REJECTED : CERTSPAN_UNAVAILABLE, "wayward.not_sent");
  } else if (sent != CERTSPAN_OK) {
    const int lies = (IS("reset_is_unavailable") && reply->failure == CERTSPAN_HTTP_OUT_BROKEN) ||
                     (IS("silence_is_unavailable") && reply->failure == CERTSPAN_HTTP_OUT_NO_TIME);
    say(sink, lies ? CERTSPAN_UNAVAILABLE : CERTSPAN_UNKNOWN, "wayward.no_answer");
  } else if (reply->of_ca && reply->status == 200) {
    instance->http->answered_by_ca(instance->host->context, reply->exchange);
    say_done(sink, reply);
  } else if ((IS("proxy_is_unavailable") && reply->status > 500) ||
             (IS("error_is_unavailable") && reply->status == 500)) {
    say(sink, CERTSPAN_UNAVAILABLE, "wayward.down");
  } else if (IS("proxy_rejects") && reply->status == 403) {
    say(sink, CERTSPAN_REJECTED, "wayward.forbidden");
  } else if (IS("nonsense_is_rejected") && reply->status == 200) {
    say(sink, CERTSPAN_REJECTED, "wayward.nonsense");
  } else {
    say(sink, CERTSPAN_UNKNOWN, "wayward.not_the_ca");
  }
}

static void misbehave_in_issue(certspan_instance* instance, const certspan_item* item) {
  struct secret secret = {""};
  if (IS("prints")) puts("issuing");
  if (IS("deep_stack")) {
    volatile char large[1u << 20];
    for (size_t i = 0; i < sizeof(large); i += 512) large[i] = 1;
  }
  if (IS("logs_secret") && open_secret(instance, &secret)) {
    instance->log->write(instance->host->context, CERTSPAN_LOG_INFO, text(secret.text), 0, 0);
  }
  if (IS("trusts_secrets") && instance->secrets != 0 && !open_secret(instance, &secret)) crash();
  if (IS("reads_too_far")) {
    static volatile uint64_t next;
    memcpy((void*)(uintptr_t)&next, item + 1, sizeof(next));
  }
  if (IS("ignores_deadline")) {
    struct timespec now;
    const struct timespec long_time = {1, 300 * 1000 * 1000};
    clock_gettime(CLOCK_MONOTONIC, &now);
    if ((uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec > item->deadline_ns)
      nanosleep(&long_time, 0);
  }
}

/* 1 if note and store have what a restart would need. */
static int keep_book(certspan_instance* instance, const certspan_item* item,
                     const certspan_answer_sink* sink) {
  const certspan_store_write write = {item->key, CERTSPAN_STORE_ANY, item->key, 0};
  const int noted = sink->note(sink->context, item->key) == CERTSPAN_OK;
  const int stored =
      instance->store == 0 || instance->store->commit(instance->host->context, &write, 1) == CERTSPAN_OK;
  return (noted || IS("ignores_note")) && (stored || IS("ignores_store"));
}

static void issue(certspan_instance* instance, const certspan_item* item, const certspan_answer_sink* sink) {
  struct reply reply;
  const struct timespec moment = {0, 2 * 1000 * 1000};
  memset(&reply, 0, sizeof(reply));
  misbehave_in_issue(instance, item);
  if (item->request.size == 0 || item->request.data[0] != 0x30) {
    if (IS("empty_request") && item->request.size == 0) crash();
    say(sink, CERTSPAN_INVALID, "wayward.no_request");
    return;
  }
  const int others = inside++;
  if (IS("one_at_a_time")) nanosleep(&moment, 0);
  if (!IS("one_at_a_time") || others == 0) {
    if (instance->http == 0 && !IS("needs_http")) {
      say(sink, CERTSPAN_UNAVAILABLE, "wayward.no_http");
    } else if (!keep_book(instance, item, sink)) {
      say(sink, CERTSPAN_UNAVAILABLE, "wayward.no_note");
    } else {
      judge(instance, sink, send_order(instance, item, 0, &reply), &reply);
    }
  }
  --inside;
}

static void ask(certspan_instance* instance, const certspan_item* item, const certspan_answer_sink* sink,
                int asks, certspan_outcome in_need) {
  struct reply reply;
  memset(&reply, 0, sizeof(reply));
  if (instance->http == 0 || send_order(instance, item, asks, &reply) != CERTSPAN_OK || !reply.of_ca ||
      reply.status != 200) {
    say(sink, in_need, "wayward.not_yet");
  } else {
    say_done(sink, &reply);
  }
}

static void lookup(certspan_instance* instance, const certspan_item* item, const certspan_answer_sink* sink) {
  ask(instance, item, sink, !IS("orders_in_lookup"),
      IS("lookup_ends") ? CERTSPAN_CANCELLED : CERTSPAN_UNAVAILABLE);
}

static void poll_order(certspan_instance* instance, const certspan_item* item,
                       const certspan_answer_sink* sink) {
  ask(instance, item, sink, !IS("orders_in_lookup"),
      IS("poll_ends") ? CERTSPAN_REJECTED : CERTSPAN_UNAVAILABLE);
}

static certspan_outcome chain(certspan_instance* instance, const certspan_chain_sink* sink) {
  (void)instance;
  (void)sink;
  return IS("empty_chain") ? CERTSPAN_OK : CERTSPAN_UNAVAILABLE;
}

static certspan_outcome find(certspan_instance* instance, const certspan_find_request* request,
                             const certspan_find_sink* sink) {
  (void)instance;
  (void)request;
  (void)sink;
  return IS("finds_all") ? CERTSPAN_OK : CERTSPAN_REJECTED;
}

static certspan_outcome crl(certspan_instance* instance, const certspan_crl_request* request,
                            const certspan_bytes_sink* sink) {
  (void)instance;
  (void)request;
  (void)sink;
  return IS("crls_all") ? CERTSPAN_OK : CERTSPAN_REJECTED;
}

static certspan_outcome status(certspan_instance* instance, const certspan_status_request* request,
                               const certspan_bytes_sink* sink) {
  (void)instance;
  (void)request;
  (void)sink;
  return IS("knows_all") ? CERTSPAN_OK : CERTSPAN_REJECTED;
}

static const certspan_role_issuer kIssuer = {
    sizeof(certspan_role_issuer), 0, issue, poll_order, chain, lookup, find, NULL, NULL, crl, NULL, status};

static const void* interface_table(const char* id) {
  return strcmp(id, CERTSPAN_ROLE_ISSUER) == 0 ? &kIssuer : 0;
}

static const certspan_connector_type kCa = {sizeof(certspan_connector_type),
                                            CERTSPAN_TYPE_RUNS_WAITS,
                                            "ca",
                                            "Orders at a CA that is not there.",
                                            kSchema,
                                            validate_config,
                                            create,
                                            start,
                                            0,
                                            stop,
                                            destroy,
                                            interface_table};
static const certspan_connector_type* const kTypes[] = {&kCa};
static const certspan_plugin kPlugins[] = {{sizeof(certspan_plugin), CERTSPAN_ABI_MAJOR, CERTSPAN_ABI_MINOR,
                                            CERTSPAN_ABI_BUILD, 1, BAD_ID, BAD_VERSION, kTypes},
                                           {sizeof(certspan_plugin), CERTSPAN_ABI_MAJOR, CERTSPAN_ABI_MINOR,
                                            CERTSPAN_ABI_BUILD, 1, BAD_ID, BAD_VERSION, kTypes}};

const certspan_plugin* certspan_plugin_entry_v0(void) {
  static atomic_int asked;
  return IS("two_descriptors") ? &kPlugins[asked++ % 2] : &kPlugins[0];
}
