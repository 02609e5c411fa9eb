#include "model/inventory_codec.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>

#include "lib/base/binary.h"
#include "lib/base/json.h"
#include "lib/base/text.h"
#include "lib/base/utf8.h"
#include "model/collected_fields.h"
#include "model/inventory_bounds.h"

namespace landwaiter {
namespace {

// The number is the version: another one with every change of the fields below.
constexpr std::string_view kFormat = "landwaiter inventory ";
constexpr std::string_view kMagic = "landwaiter inventory 4\n";
/// Without malware and integrity.
constexpr std::string_view kMagic3 = "landwaiter inventory 3\n";
/// Without what policies have collected; still read, for stores hold it.
constexpr std::string_view kMagic2 = "landwaiter inventory 2\n";
/// Nor ImageInventory::readers and Package::source_assumed.
constexpr std::string_view kMagic1 = "landwaiter inventory 1\n";
static_assert(kMagic.starts_with(kFormat));
static_assert(kMagic.substr(kFormat.size(), 1) ==
              kInventoryMediaType.substr(kInventoryMediaType.size() - 1));

/// The number in a first line; 0 where there is none that a program would write.
unsigned VersionIn(std::string_view line) {
  const std::string_view number = line.substr(kFormat.size());
  unsigned version = 0;
  const char* end = number.data() + number.size();
  const auto [at, error] = std::from_chars(number.data(), end, version);
  return error == std::errc() && at == end ? version : 0;
}

/// Why bytes are none of these, or of another version: that of a newer or older program.
Error NotRead(std::string_view bytes) {
  constexpr std::size_t kShown = 32;  // of a line whose end may be far
  if (!bytes.starts_with(kFormat)) return InvalidArgument("inventory: does not begin as one");
  const std::string_view line = bytes.substr(0, std::min(bytes.find('\n'), kShown));
  std::string message =
      "inventory: is written as '" + text::Printable(line) + "', which this program does not read";
  const bool later = VersionIn(line) > VersionIn(kMagic.substr(0, kMagic.size() - 1));
  return later ? Unsupported(std::move(message)) : InvalidArgument(std::move(message));
}

/// Records are large: so many are made room for before their bytes have been seen.
constexpr std::size_t kReserved = 4096;

/// As a JSON text that is written and read again.
std::string Utf8Of(const std::string& value) {
  if (IsUtf8(value)) return value;
  const auto replaced = ParseJson(DumpJson(nlohmann::json(value)), {value.size() * 6 + 2, 1});
  return replaced ? replaced->get<std::string>() : std::string();
}

// Both sides have the same functions, so that one list of fields serves for writing and for
// reading; the bounds count when reading.
class Writer : public BinaryWriter {
 public:
  using BinaryWriter::BinaryWriter;

  void String(const char* /*name*/, const std::string& value, std::size_t /*max*/) {
    if (IsUtf8(value)) return Text(value);
    Text(Utf8Of(value));
  }
  void Strings(const char* name, const std::vector<std::string>& list, std::size_t /*items*/,
               std::size_t max) {
    Number(list.size());
    for (const std::string& item : list) String(name, item, max);
  }
  void Map(const char* name, const std::map<std::string, std::string>& map, std::size_t /*items*/,
           std::size_t max) {
    std::map<std::string, std::string> sound;  // as the keys are sorted after their replacing
    for (const auto& [key, value] : map) sound.insert_or_assign(Utf8Of(key), value);
    Number(sound.size());
    for (const auto& [key, value] : sound) {
      String(name, key, max);
      String(name, value, max);
    }
  }
  /// What is written has every field.
  static bool Since(int /*version*/) { return true; }
  void Bool(const char* /*name*/, bool value) { Number(value ? 1 : 0); }
  void Uint(const char* /*name*/, std::uint64_t value) { Number(value); }
  void Layer(int value, std::size_t /*layers*/) {
    Number(static_cast<std::uint64_t>(value) + 1);  // from -1
  }
  void State(CoverageState state) { Number(static_cast<std::uint64_t>(state)); }
  template <class T>
  void Choice(const char* /*name*/, T value, T /*last*/) {
    Number(static_cast<std::uint64_t>(value));
  }
  void Numbers(const char* /*name*/, const std::vector<std::uint64_t>& list,
               std::size_t /*items*/) {
    Number(list.size());
    for (const std::uint64_t item : list) Number(item);
  }
  void Wanted(const char* name, const Collection& collection) {
    String(name, ToJson(collection), kMaxCollectionBytes);
  }
  void Name(const char* name, const Digest& digest) {
    String(name, digest.ToString(), bounds::kDigest);
  }
  void Name(const char* name, const Platform& platform) {
    String(name, platform.ToString(), bounds::kPlatform);
  }
  void Required(const char* name, const std::string& value, std::size_t max) {
    String(name, value, max);
  }
  template <class T, class Fn>
  void Optional(const char* /*name*/, const std::optional<T>& value, Fn each) {
    Number(value ? 1 : 0);
    if (value) each(*value);
  }
  template <class T, class Fn>
  void Objects(const char* /*name*/, const std::vector<T>& list, std::size_t /*items*/, Fn each) {
    Number(list.size());
    for (const T& item : list) each(item);
  }
};

class Reader : public BinaryReader {
 public:
  using BinaryReader::BinaryReader;

  /// Reads on as of that version of the form.
  void AsOf(int version) { version_ = version; }
  /// Whether the bytes have the fields that came with `version`.
  bool Since(int version) const { return version_ >= version; }

  void String(const char* name, std::string& value, std::size_t max) {
    const std::string_view text = Text();
    if (text.size() > max || !IsUtf8(text)) return Wrong(name);
    value.assign(text);
    Check(name);
  }
  void Required(const char* name, std::string& value, std::size_t max) {
    String(name, value, max);
    if (value.empty()) Wrong(name);
  }
  void Strings(const char* name, std::vector<std::string>& list, std::size_t items,
               std::size_t max) {
    Objects(name, list, items, [&](std::string& item) { String(name, item, max); });
  }
  void Map(const char* name, std::map<std::string, std::string>& map, std::size_t items,
           std::size_t max) {
    std::string key;
    for (std::uint64_t left = CountOf(name, items); left > 0 && !failed(); --left) {
      String(name, key, max);
      // Written in order: each name once.
      if (!map.empty() && map.rbegin()->first >= key) return Wrong(name);
      String(name, map.emplace_hint(map.end(), key, std::string())->second, max);
    }
  }
  void Bool(const char* name, bool& value) {
    value = Below(2) == 1;
    Check(name);
  }
  void Uint(const char* name, std::uint64_t& value) {
    value = Number();
    Check(name);
  }
  void Layer(int& value, std::size_t layers) {
    value = static_cast<int>(Below(layers + 1)) - 1;
    Check("layer");
  }
  void State(CoverageState& state) {
    state =
        static_cast<CoverageState>(Below(static_cast<std::uint64_t>(CoverageState::kStale) + 1));
    Check("state");
  }
  template <class T>
  void Choice(const char* name, T& value, T last) {
    value = static_cast<T>(Below(static_cast<std::uint64_t>(last) + 1));
    Check(name);
  }
  void Numbers(const char* name, std::vector<std::uint64_t>& list, std::size_t items) {
    Objects(name, list, items, [&](std::uint64_t& item) { Uint(name, item); });
  }
  void Wanted(const char* name, Collection& collection) {
    std::string text;
    String(name, text, kMaxCollectionBytes);
    auto read = CollectionFromJson(text);
    if (!read || ToJson(*read) != text) return Wrong(name);  // there is one way to write it
    collection = *std::move(read);
  }
  void Name(const char* name, Digest& digest) { ParseTo(name, digest); }
  void Name(const char* name, Platform& platform) { ParseTo(name, platform); }
  template <class T, class Fn>
  void Optional(const char* name, std::optional<T>& value, Fn each) {
    bool there = false;
    Bool(name, there);
    if (there) each(value.emplace());
  }
  template <class T, class Fn>
  void Objects(const char* name, std::vector<T>& list, std::size_t items, Fn each) {
    const std::uint64_t count = CountOf(name, items);
    list.reserve(std::min<std::uint64_t>(count, kReserved));
    for (std::uint64_t left = count; left > 0 && !failed(); --left) each(list.emplace_back());
  }

  /// The first field that was wrong, nullptr for none.
  const char* wrong() const { return wrong_; }

 private:
  void Wrong(const char* name) {
    Fail();
    Check(name);
  }
  void Check(const char* name) {
    if (failed() && wrong_ == nullptr) wrong_ = name;
  }
  std::uint64_t CountOf(const char* name, std::size_t items) {
    const std::uint64_t count = Count();
    if (count > items) Wrong(name);
    Check(name);
    return failed() ? 0 : count;
  }
  template <class T>
  void ParseTo(const char* name, T& value) {
    auto parsed = T::Parse(Text());
    if (!parsed) return Wrong(name);
    value = *std::move(parsed);
  }

  const char* wrong_ = nullptr;
  int version_ = 4;
};

// The bindings name every field of a record: one that is added breaks them, so that none is
// forgotten.
template <class Codec, class T>
void PackageFields(Codec& c, T& package, std::size_t layers) {
  auto& [type, name, version, architecture, source_name, source_version, purl, path, within,
         found_by, licenses, owner, module, vendor, cpe, layer, dev, source_assumed] = package;
  c.Required("type", type, bounds::kWord);
  c.Required("name", name, bounds::kName);
  c.String("version", version, bounds::kName);
  c.String("architecture", architecture, bounds::kWord);
  c.String("sourceName", source_name, bounds::kName);
  c.String("sourceVersion", source_version, bounds::kName);
  c.String("purl", purl, bounds::kText);
  c.String("path", path, bounds::kText);
  c.String("within", within, bounds::kText);
  c.String("foundBy", found_by, bounds::kWord);
  c.Strings("licenses", licenses, bounds::kLicenses, bounds::kText);
  c.String("owner", owner, bounds::kName);
  c.String("module", module, bounds::kName);
  c.String("vendor", vendor, bounds::kName);
  c.String("cpe", cpe, bounds::kName);
  c.Layer(layer, layers);
  c.Bool("dev", dev);
  if (c.Since(2)) c.Bool("sourceAssumed", source_assumed);
}

template <class Codec, class T>
void SystemFields(Codec& c, T& os) {
  auto& [family, version, codename, pretty_name, variant] = os;
  c.String("family", family, bounds::kShort);
  c.String("version", version, bounds::kShort);
  c.String("codename", codename, bounds::kShort);
  c.String("prettyName", pretty_name, bounds::kName);
  c.String("variant", variant, bounds::kWord);
}

template <class Codec, class T>
void ConfigFields(Codec& c, T& config) {
  auto& [user, uid, exposed_ports, env, entrypoint, cmd, volumes, working_dir, labels, healthcheck,
         created, history] = config;
  c.String("user", user, bounds::kText);
  c.Optional("uid", uid, [&](auto& number) { c.Uint("uid", number); });
  c.Strings("exposedPorts", exposed_ports, bounds::kConfigItems, bounds::kText);
  c.Strings("env", env, bounds::kConfigItems, bounds::kLong);
  c.Strings("entrypoint", entrypoint, bounds::kConfigItems, bounds::kLong);
  c.Strings("cmd", cmd, bounds::kConfigItems, bounds::kLong);
  c.Strings("volumes", volumes, bounds::kConfigItems, bounds::kText);
  c.String("workingDir", working_dir, bounds::kText);
  c.Map("labels", labels, bounds::kConfigItems, bounds::kLong);
  c.Bool("healthcheck", healthcheck);
  c.String("created", created, bounds::kWord);
  c.Objects("history", history, bounds::kHistory, [&](auto& entry) {
    auto& [created_by, comment, empty_layer] = entry;
    c.String("createdBy", created_by, bounds::kLong);
    c.String("comment", comment, bounds::kLong);
    c.Bool("emptyLayer", empty_layer);
  });
}

template <class Codec, class T>
void LayerFields(Codec& c, T& layer) {
  auto& [digest, diff_id, media_type, size_bytes, created_by, content_sets] = layer;
  c.Name("layers.digest", digest);
  c.Name("diffID", diff_id);
  c.String("mediaType", media_type, bounds::kShort);
  c.Uint("sizeBytes", size_bytes);
  c.String("createdBy", created_by, bounds::kLong);
  c.Strings("contentSets", content_sets, kMaxContentSets, kMaxContentSetBytes);
}

template <class Codec, class T>
void PlatformFields(Codec& c, T& inventory) {
  auto& [platform, manifest_digest, image_id, size_bytes, os, config, layers, packages,
         repositories, coverage, hints, declared_base, files, passwd, secrets, malware, integrity] =
      inventory;
  c.Name("platform", platform);
  c.Name("manifestDigest", manifest_digest);
  c.Name("imageID", image_id);
  c.Uint("sizeBytes", size_bytes);
  c.Optional("os", os, [&](auto& system) { SystemFields(c, system); });
  ConfigFields(c, config);
  c.Objects("layers", layers, bounds::kLayers, [&](auto& layer) { LayerFields(c, layer); });
  c.Optional("declaredBase", declared_base, [&](auto& base) {
    auto& [name, named_digest] = base;
    c.String("declaredBase.name", name, bounds::kText);
    c.String("declaredBase.digest", named_digest, bounds::kDigest);
  });
  const std::size_t layer_count = layers.size();
  const auto package_fields = [&](auto& package) { PackageFields(c, package, layer_count); };
  c.Objects("packages", packages, kMaxInventoryPackages, package_fields);
  c.Objects("hints", hints, kMaxHints, package_fields);
  c.Strings("repositories", repositories, bounds::kRepositories, bounds::kShort);
  c.Objects("coverage", coverage, bounds::kCoverage, [&](auto& line) {
    auto& [source, state, reason, count] = line;
    c.Required("source", source, bounds::kSource);
    c.State(state);
    c.String("reason", reason, bounds::kText);
    c.Uint("packages", count);
  });
  if (c.Since(3)) CollectedFields(c, files, passwd, secrets, layer_count);
  if (!c.Since(4)) return;
  c.Objects("malware", malware, kMaxMalware,
            [&](auto& found) { MalwareFields(c, found, layer_count); });
  c.Objects("integrity", integrity, kMaxIntegrity,
            [&](auto& found) { IntegrityFields(c, found, layer_count); });
}

template <class Codec, class T>
void ImageFields(Codec& c, T& image) {
  auto& [digest, media_type, platforms, readers, collected, malware_database] = image;
  c.Name("digest", digest);
  c.String("mediaType", media_type, bounds::kShort);
  if (c.Since(2)) c.String("readers", readers, bounds::kWord);
  if (c.Since(3)) c.Wanted("collected", collected);
  if (c.Since(4)) c.String("malwareDatabase", malware_database, bounds::kShort);
  c.Objects("platforms", platforms, bounds::kPlatforms,
            [&](auto& platform) { PlatformFields(c, platform); });
}

}  // namespace

std::string EncodeImageInventory(const ImageInventory& inventory) {
  Writer writer;
  writer.Raw(kMagic);
  ImageFields(writer, inventory);
  return writer.Take();
}

void EncodeImageInventory(const ImageInventory& inventory, const BinaryWriter::Sink& sink) {
  Writer writer(sink);
  writer.Raw(kMagic);
  ImageFields(writer, inventory);
  sink(writer.Take());
}

Result<ImageInventory> DecodeImageInventory(std::string_view bytes) {
  Reader reader(bytes);
  ImageInventory inventory;
  if (bytes.starts_with(kMagic1)) {
    reader.Skip(kMagic1);
    reader.AsOf(1);
  } else if (bytes.starts_with(kMagic2)) {
    reader.Skip(kMagic2);
    reader.AsOf(2);
  } else if (bytes.starts_with(kMagic3)) {
    reader.Skip(kMagic3);
    reader.AsOf(3);
  } else if (!reader.Skip(kMagic)) {
    return NotRead(bytes);
  }
  ImageFields(reader, inventory);
  if (reader.wrong() != nullptr) {
    return InvalidArgument("inventory: " + std::string(reader.wrong()) +
                           ": breaks off, or is out of its bounds");
  }
  if (!reader.AtEnd()) return InvalidArgument("inventory: bytes follow its end");
  if (inventory.platforms.empty()) return InvalidArgument("inventory: platforms: is empty");
  return inventory;
}

}  // namespace landwaiter
