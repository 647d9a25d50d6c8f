#include "minimal_plugin.h"

/* Of a library that the linker was not told of. Kept alive by its address, as a function table would. */
int vendor_helper_sign(int);
int (*const kBadHelper)(int) = vendor_helper_sign;
