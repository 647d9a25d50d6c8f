#include "minimal_plugin.h"

int bad_helper_answer(void);
int (*const kBadHelper)(void) = bad_helper_answer;
