// The instructions of a Dockerfile as an image's history tells them (OCI image-spec config.md,
// "history"; the texts are the builder's: BuildKit's, the classic builder's, Buildah's). Nobody has
// checked them, and an image's author may write there what he likes.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "model/inventory.h"

namespace landwaiter::policy {

struct Instruction {
  std::string name;   // "RUN", "COPY", …; "" for a step that no known builder writes so
  std::string value;  // its argument, white space and continued lines as one blank
};

/// One line of history. Never fails: what cannot be told has no name.
Instruction ParseInstruction(std::string_view created_by);

/// The names that policies may ask for.
inline constexpr std::string_view kInstructions[] = {
    "ADD",        "ARG",     "CMD", "COPY",  "ENTRYPOINT", "ENV",  "EXPOSE", "HEALTHCHECK", "LABEL",
    "MAINTAINER", "ONBUILD", "RUN", "SHELL", "STOPSIGNAL", "USER", "VOLUME", "WORKDIR"};

}  // namespace landwaiter::policy
