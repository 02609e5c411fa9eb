#include "cli/commands.h"

namespace landwaiter::cli {

// One declaration and one row a command, in the order in which --help lists them.

namespace {
constexpr Command kEnd{nullptr};
constexpr Command kCommands[] = {
    kEnd,
};
}  // namespace

std::span<const Command> Commands() { return {kCommands, std::size(kCommands) - 1}; }

}  // namespace landwaiter::cli
