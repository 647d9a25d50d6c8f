// certspan new-plugin: a project of a vendor's own from the SDK's templates.

#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <iostream>
#include <utility>
#include <vector>

#include "host/app/commands.hpp"
#include "host/base/text_file.hpp"
#include "host/config/suggest.hpp"
#include "host/loading/plugin_file.hpp"

namespace certspan {
namespace {

namespace fs = std::filesystem;

/// What stands for what in a template.
using Words = std::vector<std::pair<std::string, std::string>>;

struct TemplateFile {
  fs::path path;  ///< in the project
  std::string text;
};

Error bad_option(const std::string& message) {
  return Error(Outcome::Invalid, "new_plugin.bad_option", message);
}

Result<void> one_of(const char* what, const std::string& word, const std::vector<std::string>& words) {
  if (std::ranges::find(words, word) != words.end()) return {};
  const std::string meant = did_you_mean(word, words);
  return tl::unexpected(bad_option(std::string("there is no template for ") + what + " \"" + word + "\"" +
                                   (meant.empty() ? "; there are " + listing(words) : "; " + meant)));
}

Result<void> check_id(const std::string& id) {
  const auto bad = [&](const std::string& why) {
    return tl::unexpected(bad_option("\"" + id + "\" can't be the plugin's id: " + why));
  };
  std::string lower = id;
  std::ranges::transform(lower, lower.begin(), [](unsigned char letter) { return std::tolower(letter); });
  if (lower != id && is_plugin_id(lower))
    return bad("ids are in lower case; did you mean \"" + lower + "\"?");
  if (!is_plugin_id(id) || id.front() < 'a' || id.front() > 'z') {
    return bad("it is your domain in reverse and a name, such as com.acme.ca: a-z, 0-9, \"-\" and \"_\"");
  }
  if (id.find('.') == std::string::npos) {
    return bad(
        "plain words are kept for Certspan's own plugins; put your domain before it, such as com.acme." + id);
  }
  return {};
}

/// A word for names in C and in settings.
std::string identifier(std::string word, const std::string& otherwise) {
  std::ranges::replace(word, '-', '_');
  return word.front() >= 'a' && word.front() <= 'z' ? word : otherwise + "_" + word;
}

std::string in_yaml(const fs::path& path) {
  std::string text;
  for (const char letter : path.string()) {
    if (letter == '"' || letter == '\\') text += '\\';
    text += letter;
  }
  return text;
}

Words words_for(const NewPluginOptions& options, const fs::path& directory) {
  const std::size_t last = options.id.rfind('.');
  const std::size_t before = last == 0 ? std::string::npos : options.id.rfind('.', last - 1);
  const std::size_t first = before == std::string::npos ? 0 : before + 1;
  const std::string vendor = identifier(options.id.substr(first, last - first), "vendor");
  std::string upper = options.role;
  std::ranges::transform(upper, upper.begin(), [](unsigned char letter) { return std::toupper(letter); });
  const bool issuer = options.role == "issuer";
  return {
      {"@ID@", options.id},
      {"@TYPE@", identifier(options.id.substr(last + 1), options.role)},
      {"@VENDOR@", vendor},
      {"@ROLE@", options.role},
      {"@ROLE_UPPER@", upper},
      {"@SUMMARY@", issuer ? "Orders certificates from the CA of " + vendor + "."
                           : "Asks the inventory of " + vendor + " whether a device may have a certificate."},
      {"@DIRECTORY@", in_yaml(directory)},
      {"@PLUGIN_DIR@", in_yaml(default_plugin_dirs().front())}};
}

std::string with_words(std::string text, const Words& words) {
  for (const auto& [placeholder, word] : words) {
    for (std::size_t at = 0; (at = text.find(placeholder, at)) != std::string::npos; at += word.size()) {
      text.replace(at, placeholder.size(), word);
    }
  }
  return text;
}

Result<void> read_templates(const fs::path& folder, const Words& words, std::vector<TemplateFile>& files) {
  std::error_code error;
  for (fs::recursive_directory_iterator entry(folder, error), end; !error && entry != end;
       entry.increment(error)) {
    if (entry->path().extension() != ".in") continue;
    CERTSPAN_TRY(std::string text, read_text_file(entry->path()));
    files.push_back(
        {fs::relative(entry->path(), folder, error).replace_extension(), with_words(std::move(text), words)});
  }
  if (!error) return {};
  return fail(Outcome::Unavailable, "new_plugin.no_templates",
              "can't read the templates in \"" + folder.string() + "\": " + error.message() +
                  "; is the package certspan-sdk-dev installed, and of this version?");
}

/// Beside a build's programs and beside installed ones alike.
fs::path template_dir() {
  std::error_code ignored;
  const auto prefix = fs::read_symlink("/proc/self/exe", ignored).parent_path().parent_path();
  const fs::path beside = prefix / "share" / "certspan" / "templates";
  return fs::is_directory(beside, ignored) ? beside : fs::path(CERTSPAN_TEMPLATE_DIR);
}

Result<std::vector<TemplateFile>> project_of(const NewPluginOptions& options, const fs::path& directory) {
  const Words words = words_for(options, directory);
  const std::string language = options.language == "c" ? "c" : "cpp";
  std::vector<TemplateFile> files;
  for (const std::string& part : {std::string("any"), language}) {
    CERTSPAN_CHECK(read_templates(template_dir() / part / "all", words, files));
    CERTSPAN_CHECK(read_templates(template_dir() / part / options.role, words, files));
  }
  return files;
}

Result<void> write_project(const std::vector<TemplateFile>& files, const fs::path& directory) {
  for (const TemplateFile& file : files) {
    std::error_code error;
    fs::create_directories((directory / file.path).parent_path(), error);
    if (error) {
      return fail(Outcome::Unavailable, "file.unwritable",
                  "can't make directory \"" + (directory / file.path).parent_path().string() +
                      "\": " + error.message());
    }
    CERTSPAN_CHECK(write_new_file(directory / file.path, file.text, 0644));
  }
  return {};
}

/// Made, or there already and empty. True: made.
Result<bool> make_project_directory(const fs::path& directory) {
  std::error_code error;
  const bool made = fs::create_directories(directory, error);
  if (error) {
    return fail(Outcome::Rejected, "new_plugin.cannot_write",
                "can't make directory \"" + directory.string() + "\": " + error.message());
  }
  if (fs::is_empty(directory, error)) return made;
  return fail(Outcome::Rejected, "new_plugin.not_empty",
              "\"" + directory.string() + "\" is not empty; name a new directory, nothing is overwritten");
}

/// All or nothing: a directory that was empty is empty again if something fails, one that was not there is
/// gone.
Result<std::vector<TemplateFile>> make_project(const NewPluginOptions& options) {
  CERTSPAN_CHECK(one_of("the role", options.role, {"issuer", "validator"}));
  CERTSPAN_CHECK(one_of("the language", options.language, {"c++", "c"}));
  CERTSPAN_CHECK(check_id(options.id));
  const fs::path directory = fs::absolute(options.directory).lexically_normal();
  CERTSPAN_TRY(auto files, project_of(options, directory));
  CERTSPAN_TRY(const bool made, make_project_directory(directory));
  auto written = write_project(files, directory);
  if (written) return files;
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(directory, ignored)) fs::remove_all(entry.path(), ignored);
  if (made) fs::remove(directory, ignored);
  return tl::unexpected(std::move(written).error());
}

void say_what_is_next(const NewPluginOptions& options) {
  std::cout << "wrote " << options.directory.string() << ": a plugin " << options.id << " with the role "
            << options.role << "\n\nnext, in that directory:\n  cmake -B build\n  cmake --build build\n"
            << "  ctest --test-dir build\n  README.md says what to change for yours\n";
}

}  // namespace

ExitCode command_new_plugin(const NewPluginOptions& options, bool json) {
  const auto files = make_project(options);
  if (!files) return complain(files.error());
  if (!json) {
    say_what_is_next(options);
    return ExitCode::Ok;
  }
  nlohmann::json names = nlohmann::json::array();
  for (const TemplateFile& file : *files) names.push_back(file.path.string());
  print_json({{"directory", options.directory.string()}, {"id", options.id}, {"files", names}});
  return ExitCode::Ok;
}

}  // namespace certspan
