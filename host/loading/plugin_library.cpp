#define BOOST_DLL_USE_STD_FS

#include "host/loading/plugin_library.hpp"

#include <dlfcn.h>

#include <exception>
#include <string>
#include <string_view>
#include <system_error>

#include <boost/dll/shared_library.hpp>

#include "host/loading/abi_text.hpp"

namespace certspan {
namespace {

constexpr std::size_t kLongestReason = 2000;

/// RTLD_LOCAL is what Boost adds unless told otherwise. Its default is lazy binding, with which a missing
/// symbol ends the process at the first call. RTLD_NODELETE, which Boost has no word for, makes its
/// destructor harmless: exit handlers of threads and of libraries outlive any unloading.
constexpr auto kMode = static_cast<boost::dll::load_mode::type>(RTLD_NOW | RTLD_NODELETE);

/// For people only; nothing is decided by these words.
struct Hint {
  std::string_view words;
  const char* code;
  const char* what_to_do;
};
constexpr Hint kHints[] = {
    {"undefined symbol", "plugin.undefined_symbol",
     "the plugin was linked without a library that it uses; rebuild it with certspan_add_plugin(), which "
     "finds this at link time"},
    {"cannot open shared object file", "plugin.missing_library",
     "install the package that holds that library, or link it into the plugin"},
    {"' not found (required by", "plugin.missing_library",
     "the plugin was built on a newer system; rebuild it on this release"},
    {"failed to map segment", "plugin.load_failed",
     "the file system of `host: data_dir:` is mounted noexec, or a security module forbids it; see dmesg"},
};

Error load_error(const std::string& reason) {
  for (const Hint& hint : kHints) {
    if (reason.find(hint.words) != std::string::npos) {
      return {Outcome::Invalid, hint.code, reason + "; " + hint.what_to_do};
    }
  }
  return {Outcome::Invalid, "plugin.load_failed", reason + "; rebuild the plugin for this system"};
}

/// dlerror's text, to be asked right after the call that failed: Boost's error codes all say "Bad file
/// descriptor".
std::string last_reason() {
  const char* text = ::dlerror();
  return text == nullptr ? "the dynamic loader gives no reason" : clean_text(text, kLongestReason);
}

Error threw(const std::string& what) {
  return {Outcome::Invalid, "plugin.threw",
          "its static constructors threw " + what + "; this is for the plugin's vendor to repair"};
}

}  // namespace

Result<PluginLibrary> PluginLibrary::open(const std::filesystem::path& path) {
  try {
    boost::dll::shared_library library;
    std::error_code error;
    library.load(path, error, kMode);
    if (error) return tl::unexpected(load_error(last_reason()));
    if (!library.has(CERTSPAN_ENTRY_SYMBOL)) {
      return fail(Outcome::Invalid, "plugin.no_symbol",
                  last_reason() + "; define the entry and build with certspan_add_plugin()");
    }
    return PluginLibrary(&library.get<Entry>(CERTSPAN_ENTRY_SYMBOL));
  } catch (const std::exception& exception) {
    return tl::unexpected(threw("\"" + clean_text(exception.what(), kLongestReason) + "\""));
  } catch (...) {
    return tl::unexpected(threw("something that is no std::exception"));
  }
}

}  // namespace certspan
