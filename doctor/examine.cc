#include "doctor/examine.h"

#include <nlohmann/json.hpp>

#include "doctor/look.h"
#include "doctor/print.h"

namespace landwaiter::doctor {

Result<Diagnosis> Examine(kube::Api& api, const Where& where, bool json, TimePoint now,
                          const Cancellation& cancel) {
  const auto seen = Look(api, where, now, cancel);
  if (!seen) return seen.error();
  return Diagnose(*seen, where.skip, json);
}

}  // namespace landwaiter::doctor
