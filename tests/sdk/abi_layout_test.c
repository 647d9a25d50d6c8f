/*
 * Holds the contract to what was recorded: size and place of every member of every struct, every signature
 * and every constant. A change is only taken together with a higher CERTSPAN_ABI_BUILD.
 *
 *   abi_layout_test GOLDEN          compares
 *   abi_layout_test --write GOLDEN  records, after CERTSPAN_ABI_BUILD was raised
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ABI_INCLUDES
#include "abi_members.inc"
#undef ABI_INCLUDES

#define TEXT_SIZE 131072

static char layout[TEXT_SIZE];
static char golden[TEXT_SIZE];
static size_t layout_size;

__attribute__((format(printf, 1, 2))) static void line(const char* format, ...) {
  va_list arguments;
  va_start(arguments, format);
  const int written = vsnprintf(layout + layout_size, TEXT_SIZE - layout_size, format, arguments);
  va_end(arguments);
  if (written < 0 || (size_t)written >= TEXT_SIZE - layout_size) {
    fprintf(stderr, "the layout does not fit TEXT_SIZE\n");
    exit(2);
  }
  layout_size += (size_t)written;
}

#define STRUCT(type) line("%s: %zu bytes\n", #type, sizeof(type));
#define MEMBER(type, member, declaration) \
  line("  %3zu +%zu  %s\n", offsetof(type, member), sizeof(((type*)0)->member), declaration);
#define NUMBER(name) line("%s = %" PRIu64 "\n", #name, (uint64_t)(name));
#define TEXT(name) line("%s = \"%s\"\n", #name, name);

static void describe(void) {
  line("build %d\n", CERTSPAN_ABI_BUILD);
#include "abi_members.inc"
}

static int record(const char* path) {
  int recorded_build = 0;
  FILE* file = fopen(path, "r");
  if (file != NULL) {
    if (fscanf(file, "build %d", &recorded_build) != 1) recorded_build = 0;
    fclose(file);
  }
  if (recorded_build >= CERTSPAN_ABI_BUILD) {
    fprintf(stderr,
            "raise CERTSPAN_ABI_BUILD in sdk/include/certspan/abi/base.h first: build %d is recorded\n",
            recorded_build);
    return 1;
  }
  file = fopen(path, "w");
  if (file == NULL || fwrite(layout, 1, layout_size, file) != layout_size || fclose(file) != 0) {
    fprintf(stderr, "cannot write %s\n", path);
    return 1;
  }
  return 0;
}

/* Prints the first line in which the texts differ. */
static void show_difference(void) {
  const char* is = layout;
  const char* was = golden;
  while (*is != '\0' && *was != '\0') {
    const size_t is_length = strcspn(is, "\n");
    const size_t was_length = strcspn(was, "\n");
    if (is_length != was_length || strncmp(is, was, is_length) != 0) break;
    is += is_length + (is[is_length] == '\n');
    was += was_length + (was[was_length] == '\n');
  }
  fprintf(stderr, "  recorded: %.*s\n  now:      %.*s\n", (int)strcspn(was, "\n"), was,
          (int)strcspn(is, "\n"), is);
}

static int compare(const char* path) {
  FILE* file = fopen(path, "r");
  if (file == NULL) {
    fprintf(stderr, "cannot read %s\n", path);
    return 1;
  }
  golden[fread(golden, 1, TEXT_SIZE - 1, file)] = '\0';
  fclose(file);
  if (strcmp(layout, golden) == 0) return 0;

  int recorded_build = 0;
  if (sscanf(golden, "build %d", &recorded_build) == 1 && recorded_build == CERTSPAN_ABI_BUILD) {
    fprintf(
        stderr,
        "the contract differs from what was recorded for build %d: a plugin built before would be misread.\n"
        "Raise CERTSPAN_ABI_BUILD in sdk/include/certspan/abi/base.h, then record it: abi_layout_test "
        "--write %s\n",
        recorded_build, path);
  } else {
    fprintf(stderr, "build %d of the contract is not recorded yet: abi_layout_test --write %s\n",
            CERTSPAN_ABI_BUILD, path);
  }
  show_difference();
  return 1;
}

int main(int argc, char** argv) {
  describe();
  if (argc == 3 && strcmp(argv[1], "--write") == 0) return record(argv[2]);
  if (argc == 2) return compare(argv[1]);
  fprintf(stderr, "usage: abi_layout_test [--write] GOLDEN\n");
  return 2;
}
