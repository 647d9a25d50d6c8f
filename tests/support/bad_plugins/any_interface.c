/* Answers to every interface id with the one table that it has. */
#define BAD_INTERFACE(id) (id[0] != 0)
#include "minimal_plugin.h"
