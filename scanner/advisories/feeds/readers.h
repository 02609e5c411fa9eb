// One function a feed; table.cc names them, nobody else.
#pragma once

#include <memory>

#include "scanner/advisories/feed.h"

namespace landwaiter::advisories {

std::unique_ptr<FeedReader> MakeAlmaFeed();
std::unique_ptr<FeedReader> MakeAmazonFeed();
std::unique_ptr<FeedReader> MakeArchFeed();
std::unique_ptr<FeedReader> MakeAzureFeed();
std::unique_ptr<FeedReader> MakeDebianFeed();
std::unique_ptr<FeedReader> MakeEndOfLifeFeed();
std::unique_ptr<FeedReader> MakeEpssFeed();
std::unique_ptr<FeedReader> MakeKevFeed();
std::unique_ptr<FeedReader> MakeNvdFeed();
std::unique_ptr<FeedReader> MakeOracleFeed();
std::unique_ptr<FeedReader> MakeOsvFeed();
std::unique_ptr<FeedReader> MakePhotonFeed();
std::unique_ptr<FeedReader> MakeRedHatCpeFeed();
std::unique_ptr<FeedReader> MakeRedHatOvalFeed();
std::unique_ptr<FeedReader> MakeRedHatVexFeed();
std::unique_ptr<FeedReader> MakeRejectionsFeed();
std::unique_ptr<FeedReader> MakeRockyFeed();
std::unique_ptr<FeedReader> MakeSecdbFeed();
std::unique_ptr<FeedReader> MakeSuseFeed();
std::unique_ptr<FeedReader> MakeUbuntuVexFeed();

}  // namespace landwaiter::advisories
