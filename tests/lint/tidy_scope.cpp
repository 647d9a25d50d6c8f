// A plugin of clang-tidy that keeps its checks out of the headers of the system.
//
// clang-tidy 14 runs every check over everything that a file includes and then drops what it found in the
// headers of the system; for a file of ours that includes Boost that is nine tenths of its time. Here a
// consumer that runs before the checks sets what they walk through to the declarations that stand in our own
// files, as clangd does it.

#include <memory>
#include <string>
#include <vector>

#include <clang/AST/ASTConsumer.h>
#include <clang/AST/ASTContext.h>
#include <clang/Basic/SourceManager.h>
#include <clang/Frontend/CompilerInstance.h>
#include <clang/Frontend/FrontendPluginRegistry.h>

namespace {

class OwnDeclarations final : public clang::ASTConsumer {
 public:
  explicit OwnDeclarations(const clang::SourceManager& sources) : sources_(sources) {}

  bool HandleTopLevelDecl(clang::DeclGroupRef group) override {
    for (clang::Decl* declaration : group) {
      if (!sources_.isInSystemHeader(declaration->getLocation())) own_.push_back(declaration);
    }
    return true;
  }

  void HandleTranslationUnit(clang::ASTContext& context) override { context.setTraversalScope(own_); }

 private:
  const clang::SourceManager& sources_;
  std::vector<clang::Decl*> own_;
};

class Scope final : public clang::PluginASTAction {
 protected:
  std::unique_ptr<clang::ASTConsumer> CreateASTConsumer(clang::CompilerInstance& compiler,
                                                        llvm::StringRef) override {
    return std::make_unique<OwnDeclarations>(compiler.getSourceManager());
  }
  bool ParseArgs(const clang::CompilerInstance&, const std::vector<std::string>&) override { return true; }
  ActionType getActionType() override { return AddBeforeMainAction; }
};

const clang::FrontendPluginRegistry::Add<Scope> kScope("tidy-scope",
                                                       "check only what stands in our own files");

}  // namespace
