/* The half of the plugin that has to be C: the entry symbol, static tables, and calls of the host's function
 * pointers, which Go has no way to make. */
#include <certspan/plugin_identity.h>
#include <stdlib.h>
#include <string.h>

#include "_cgo_export.h"

/* Go's memory may not hold C's pointers and the other way round: C keeps a number that Go knows its connector
 * by. */
struct certspan_instance {
  uintptr_t connector;
};

/* --- answers --- */

void connector_accept(const certspan_answer_sink* sink, certspan_string_view user) {
  const certspan_label label = {{"user", 4}, user};
  certspan_answer answer;
  memset(&answer, 0, sizeof(answer));
  answer.struct_size = sizeof(answer);
  answer.outcome = CERTSPAN_OK;
  answer.labels = &label;
  answer.label_count = 1;
  sink->answer(sink->context, &answer);
}

void connector_refuse(const certspan_answer_sink* sink, certspan_outcome outcome, certspan_string_view code,
                      certspan_string_view message) {
  certspan_answer answer;
  memset(&answer, 0, sizeof(answer));
  answer.struct_size = sizeof(answer);
  answer.outcome = outcome;
  answer.code = code;
  answer.message = message;
  sink->answer(sink->context, &answer);
}

void connector_fault(const certspan_fault_sink* faults, certspan_string_view message) {
  const certspan_string_view whole = {"", 0};
  faults->add(faults->context, whole, message);
}

/* --- life --- */

static certspan_outcome validate_config(certspan_string_view settings, const certspan_fault_sink* faults) {
  return goCheckSettings(settings, (certspan_fault_sink*)faults);
}

static certspan_outcome create(const certspan_host* host, certspan_string_view name,
                               certspan_string_view settings, const certspan_fault_sink* faults,
                               certspan_instance** instance) {
  certspan_instance* self;
  (void)host;
  (void)name;
  *instance = NULL;
  self = calloc(1, sizeof(*self));
  if (self == NULL) return CERTSPAN_INTERNAL;
  self->connector = goCreate(settings, (certspan_fault_sink*)faults);
  if (self->connector == 0) {
    free(self);
    return CERTSPAN_INVALID;
  }
  *instance = self;
  return CERTSPAN_OK;
}

static certspan_outcome start(certspan_instance* instance, const certspan_fault_sink* faults) {
  (void)instance;
  (void)faults;
  return CERTSPAN_OK;
}

/* There are no goroutines to end. */
static void stop(certspan_instance* instance) {
  (void)instance;
}

static void destroy(certspan_instance* instance) {
  goDestroy(instance->connector);
  free(instance);
}

static void validate(certspan_instance* instance, const certspan_item* item,
                     const certspan_answer_sink* sink) {
  goValidate(instance->connector, item->request, (certspan_answer_sink*)sink);
}

/* --- what it is --- */

static const certspan_role_validator validator = {
    .struct_size = sizeof(certspan_role_validator),
    .validate = validate,
};

static const void* interface_table(const char* id) {
  return strcmp(id, CERTSPAN_ROLE_VALIDATOR) == 0 ? &validator : NULL;
}

static const char schema[] =
    "{\"type\": \"object\", \"additionalProperties\": false, \"properties\": {"
    "\"stolen\": {\"type\": \"array\", \"items\": {\"type\": \"string\"},"
    " \"description\": \"Common names that get no certificate. Default: none.\"},"
    "\"panic\": {\"type\": \"boolean\", \"description\": \"Whether its calls panic. Default: false.\"}}}";

static const certspan_connector_type type = {
    .struct_size = sizeof(certspan_connector_type),
    .name = "golang",
    .summary = "Refuses devices that were stolen.",
    .settings_schema = schema,
    .validate_config = validate_config,
    .create = create,
    .start = start,
    .stop = stop,
    .destroy = destroy,
    .interface_table = interface_table,
};
static const certspan_connector_type* const types[] = {&type};

static const certspan_plugin plugin = {
    .struct_size = sizeof(certspan_plugin),
    .abi_major = CERTSPAN_ABI_MAJOR,
    .abi_minor = CERTSPAN_ABI_MINOR,
    .abi_build = CERTSPAN_ABI_BUILD,
    .type_count = 1,
    .id = CERTSPAN_PLUGIN_ID,
    .version = CERTSPAN_PLUGIN_VERSION,
    .types = types,
};

const certspan_plugin* certspan_plugin_entry_v0(void) {
  return &plugin;
}
