// One function a feed; table.cc names them, nobody else.
#pragma once

#include <memory>

#include "scanner/advisories/feed.h"

namespace landwaiter::advisories {

std::unique_ptr<FeedReader> MakeOsvFeed();
std::unique_ptr<FeedReader> MakeKevFeed();

}  // namespace landwaiter::advisories
