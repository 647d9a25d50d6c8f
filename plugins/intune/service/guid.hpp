// Random GUIDs, as Microsoft's services want each call to have one.
#pragma once

#include <string>

namespace certspan::intune {

/// RFC 9562 version 4: "0f8fad5b-d9cb-469f-a165-70867728950e".
std::string new_guid();

}  // namespace certspan::intune
