// What the start of a process leaves mapped: the loader has looked into each of 50 libraries, and
// 15 MB of their pages then count as memory of every child of a scan, though it needs few of them
// again.
#pragma once

namespace landwaiter::service {

/// Takes the pages of code and constants that are as their files have them out of this process's
/// memory (madvise(2), MADV_DONTNEED); whichever is needed again comes back from the page cache.
/// What the loader has written into (relocations, data) stays. Does what it can: nothing depends on
/// it.
void ForgetStartPages();

}  // namespace landwaiter::service
