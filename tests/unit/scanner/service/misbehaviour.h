// Children that do wrong, for the tests of what their parent makes of it. Only this test program
// knows them: they are its own commands.
#pragma once

#include <string>
#include <vector>

namespace landwaiter::service::testing {

/// Runs the misbehaviour that the arguments name, if they name one; does not return then.
void RunMisbehaviour(int argc, char** argv);

/// One packet with any number of descriptors.
void SendDescriptors(int socket, const std::string& bytes, const std::vector<int>& fds);

}  // namespace landwaiter::service::testing
