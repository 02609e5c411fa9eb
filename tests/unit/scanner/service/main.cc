// This test program is also the child that it starts, honest and not.
#include <gtest/gtest.h>

#include <csignal>

#include "scanner/service/scan_in_child.h"
#include "tests/unit/scanner/service/misbehaviour.h"

int main(int argc, char** argv) {
  if (landwaiter::service::IsScanChild(argc, argv)) return landwaiter::service::RunScanChild();
  landwaiter::service::testing::RunMisbehaviour(argc, argv);
  signal(SIGPIPE, SIG_IGN);  // as a child does
  testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
