// Which Maven artifact a Java archive is: group, artifact and version out of what its build left in
// it. Pure functions of text. Inside this room only.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace landwaiter::packages {

struct Coordinates {
  std::string group;
  std::string artifact;
  std::string version;
  friend auto operator<=>(const Coordinates&, const Coordinates&) = default;
};

/// pom.properties as Maven's archiver writes it: groupId, artifactId and version in the format of
/// java.util.Properties. What is missing is taken from where the file stands,
/// "META-INF/maven/GROUP/ARTIFACT/pom.properties". nullopt where a value is missing, is an
/// unresolved expression, or fits into no inventory.
std::optional<Coordinates> ReadPomProperties(std::string_view text, std::string_view path);

/// The main section of a manifest (JAR File Specification, "Manifest Specification"), names in
/// lower case, the last of equal names. Lines that are none are passed over.
using ManifestAttributes = std::map<std::string, std::string, std::less<>>;
ManifestAttributes ReadManifest(std::string_view text);

/// "spring-core-5.3.17.jar" is spring-core 5.3.17: Maven's ARTIFACT-VERSION[-CLASSIFIER].EXTENSION,
/// also ARTIFACT_VERSION as OSGi has it. Without a version the whole name is the artifact.
struct ArchiveName {
  std::string_view artifact;
  std::string_view version;
};
ArchiveName ReadArchiveName(std::string_view file_name);

/// Identity of an archive without pom.properties. Artifact and version come from the file name
/// where it has a version, because titles in manifests are prose; the manifest gives the group, and
/// the version where the file name has none. nullopt where no version is known, for the Java
/// runtime's own archives, and for a name without a version of which no group is known.
std::optional<Coordinates> IdentifyArchive(const ManifestAttributes& manifest,
                                           std::string_view file_name);

/// True where the manifest says that the archive has this version.
bool HasVersion(const ManifestAttributes& manifest, std::string_view version);

/// True where Maven Central has an artifact under one group alone and its builds do not record it.
struct KnownArtifact {
  std::string_view group;
  std::string_view artifact;
};
std::optional<KnownArtifact> FindKnownArtifact(std::string_view artifact);

}  // namespace landwaiter::packages
