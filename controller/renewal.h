// What a newer database that says the same of an image makes of its status: the database's name and
// age, and nothing else. Pure.
#pragma once

#include <optional>

#include "controller/judge.h"
#include "lib/base/clock.h"

namespace landwaiter::controller {

/// `after`: the newer database and when it was looked at; its findings are not. The outcome is what
/// Judge would say of the image with the same findings. nullopt where it is to be judged after all:
/// the status is not of the database before, is not the ordinary one of a scanned image, or lacks a
/// judgement; an exception that it rests on has ended, or a policy judges by the time that has gone
/// by; the newer database is not newer, or the older one was too old for a policy, which may think
/// otherwise now.
std::optional<resources::ImageScanStatus> Renewed(const resources::ImageScan& scan,
                                                  const Policies& policies,
                                                  const MatchBasis& before,
                                                  const StoredMatch& after, TimePoint now);

}  // namespace landwaiter::controller
