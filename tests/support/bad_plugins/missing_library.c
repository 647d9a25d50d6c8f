#include "minimal_plugin.h"

int bad_helper_answer(void);
int (*const bad_helper)(void) = bad_helper_answer;
