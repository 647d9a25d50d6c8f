/* Takes "certspan.role.issuer/10" for "certspan.role.issuer/1". */
#define BAD_INTERFACE(id) (strncmp(id, CERTSPAN_ROLE_ISSUER, strlen(CERTSPAN_ROLE_ISSUER)) == 0)
#include "minimal_plugin.h"
