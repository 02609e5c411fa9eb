// What policies have collected, in an inventory's JSON. Inside model/inventory.cc only.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "model/inventory.h"

namespace landwaiter {

class JsonFields;

/// Lists that are empty are left out.
void AddCollected(const Inventory& inventory, nlohmann::json& json);
/// What is wrong is told to `fields`. `inventory` has its layers already.
void ReadCollected(JsonFields& fields, Inventory& inventory);

}  // namespace landwaiter
