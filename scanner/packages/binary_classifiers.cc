// What each row knows was seen in the program's own source (a macro that joins name and version) or
// in the images that carry it. To add one: a row here, its cases in binaries_test.cc.
#include "scanner/packages/binary_classifiers.h"

#include <array>
#include <vector>

#include "lib/base/text.h"
#include "scanner/packages/stanza.h"

namespace landwaiter::packages {
namespace {

using enum VersionSuffix;

constexpr BinaryClassifier With(std::string_view needs, BinaryClassifier row) {
  row.needs = needs;
  return row;
}
constexpr BinaryClassifier AtLeast(std::size_t numbers, BinaryClassifier row) {
  row.numbers = numbers;
  return row;
}
constexpr BinaryClassifier Numbered(BinaryClassifier row) {
  row.numbered = true;
  row.numbers = 3;
  return row;
}
constexpr BinaryClassifier GoModule(BinaryClassifier row) {
  row.type = "golang";
  row.numbers = 3;
  return row;
}
constexpr BinaryClassifier PhpPackage(BinaryClassifier row) {
  row.type = "composer";
  return row;
}

constexpr std::array kRows = std::to_array<BinaryClassifier>({
    // Languages and their runtimes.
    Numbered({"python?.*", "%0{}%0", "python", "python:python", kPrerelease}),
    Numbered({"libpython?.*so*", "%0{}%0", "python", "python:python", kPrerelease}),
    // The linker may keep it as the end of a longer text: "/opt/python/3.11.7".
    Numbered({"python?.*", "{}%0", "python", "python:python", kPrerelease}),
    Numbered({"libpython?.*so*", "{}%0", "python", "python:python", kPrerelease}),
    {"libpypy*.so*", "[PyPy {}", "pypy", "", kPrerelease},
    {"node", "node.js/v{}", "node", "nodejs:node.js"},
    {"deno", "Deno/{}", "deno", "deno:deno"},
    {"ruby", "ruby {} (", "ruby", "ruby-lang:ruby", kPrerelease},
    {"libruby*so*", "ruby {} (", "ruby", "ruby-lang:ruby", kPrerelease},
    {"perl", "/lib/perl5/{}", "perl", "perl:perl"},
    {"perl5*", "/lib/perl5/{}", "perl", "perl:perl"},
    {"php", "X-Powered-By: PHP/{}", "php", "php:php", kPrerelease},
    {"php-cgi", "X-Powered-By: PHP/{}", "php", "php:php", kPrerelease},
    {"php-fpm", "X-Powered-By: PHP/{}", "php", "php:php", kPrerelease},
    {"libphp*.so", "X-Powered-By: PHP/{}", "php", "php:php", kPrerelease},
    {"**/go/VERSION", "%^go{}", "go", "golang:go", kPrerelease},
    {"libstd-*.so", "(rustc version {} (", "rust", "rust-lang:rust"},
    {"rustc", "rustc {} (", "rust", "rust-lang:rust"},
    {"librustc_driver-*.so", "(rustc version {} (", "rust", "rust-lang:rust"},
    {"**/releases/*/OTP_VERSION", "%^{}", "erlang", "erlang:erlang\\/otp", kPrerelease},
    {"erlexec", "/src/otp_src_{}/erts/", "erlang", "erlang:erlang\\/otp", kPrerelease},
    {"erlexec", "/src/otp-{}/erts/", "erlang", "erlang:erlang\\/otp", kPrerelease},
    {"beam.smp", "/src/otp_src_{}/erts/", "erlang", "erlang:erlang\\/otp", kPrerelease},
    {"beam.smp", "/src/otp-{}/erts/", "erlang", "erlang:erlang\\/otp", kPrerelease},
    {"beam.smp", "%0{}%0Erlang/OTP", "erlang", "erlang:erlang\\/otp", kPrerelease},
    {"elixir", "ELIXIR_VERSION={}", "elixir", "elixir-lang:elixir", kPrerelease},
    {"**/elixir/ebin/elixir.app", "{vsn,\"{}\"}", "elixir", "elixir-lang:elixir", kPrerelease},
    {"libjulia-internal.so*", "__init__%0{}%0verify", "julia", "julialang:julia"},
    {"dart", "%0{} (stable)", "dart", "dart:dart_software_development_kit"},
    {"dart", "%0{} (beta)", "dart", "dart:dart_software_development_kit", kBuild},
    {"ghc*", "%0GHC {}%0", "ghc", "haskell:ghc"},
    {"ghc*", "%0libHSghc-{}-", "ghc", "haskell:ghc"},
    {"cabal", "%0Cabal-{}-", "cabal", "haskell:cabal"},
    {"stack", "Version {}, Git", "stack", "haskell:stack"},
    {"swipl", "swipl-{}/", "swi-prolog", "swi-prolog:swi-prolog"},
    {"lua*", "Lua {}  Copyright", "lua", "lua:lua"},
    {"liblua*.so*", "Lua {}  Copyright", "lua", "lua:lua"},
    {"luajit*", "LuaJIT {}", "luajit", "luajit:luajit", kPrerelease},
    {"cc1", "GCC: (GNU) {}", "gcc", "gnu:gcc"},
    {"gcc", "GCC: (GNU) {}", "gcc", "gnu:gcc"},

    // Java runtimes: the release file of a JDK, JRE or jlink image.
    {"release", "GRAALVM_VERSION=\"{}\"", "graalvm", "oracle:graalvm", kBuild},
    With("IMPLEMENTOR=\"Azul", {"release", "JAVA_VERSION=\"{}\"", "zulu", "azul:zulu", kBuild}),
    With("IMPLEMENTOR=\"Amazon",
         {"release", "JAVA_VERSION=\"{}\"", "corretto", "amazon:corretto", kBuild}),
    With("JVM_VARIANT=\"Openj9",
         {"release", "JAVA_VERSION=\"{}\"", "semeru", "ibm:semeru_runtime", kBuild}),
    With("BUILD_TYPE=\"commercial",
         {"release", "JAVA_VERSION=\"{}\"", "jdk", "oracle:jdk", kBuild}),
    {"release", "JAVA_VERSION=\"{}\"", "openjdk", "oracle:openjdk", kBuild},

    // Databases, caches, queues.
    {"valkey-server", "{}buildkitsandbox-%d", "valkey", "lfprojects:valkey"},
    {"valkey-server", "{}%h-%d", "valkey", "lfprojects:valkey"},
    With("valkey", {"redis-server", "{}buildkitsandbox-%d", "valkey", "lfprojects:valkey"}),
    With("valkey", {"redis-server", "{}%h-%d", "valkey", "lfprojects:valkey"}),
    {"keydb-server", "{}buildkitsandbox-%d", "keydb", "snapchat:keydb"},
    {"keydb-server", "{}%h-%d", "keydb", "snapchat:keydb"},
    {"redis-server", "{}buildkitsandbox-%d", "redis", "redis:redis"},
    {"redis-server", "{}%h-%d", "redis", "redis:redis"},
    {"redis-server", "Redis version {}", "redis", "redis:redis"},
    {"memcached", "memcached {}", "memcached", "memcached:memcached"},
    {"postgres", "PostgreSQL {} on ", "postgresql", "postgresql:postgresql", kPrerelease},
    {"postgres", "postgres (PostgreSQL) {}", "postgresql", "postgresql:postgresql", kPrerelease},
    {"mariadbd", "{}-MariaDB", "mariadb", "mariadb:mariadb"},
    {"mariadb", "{}-MariaDB", "mariadb", "mariadb:mariadb"},
    {"mysqld", "{}-MariaDB", "mariadb", "mariadb:mariadb"},
    {"mysql", "{}-MariaDB", "mariadb", "mariadb:mariadb"},
    {"mysqld", "/Percona-XtraDB-Cluster-{}", "percona-xtradb-cluster", "percona:xtradb_cluster"},
    {"mysql", "/Percona-XtraDB-Cluster-{}", "percona-xtradb-cluster", "percona:xtradb_cluster"},
    {"mysqld", "/percona-server-{}", "percona-server", "percona:percona_server"},
    {"mysql", "/percona-server-{}", "percona-server", "percona:percona_server"},
    {"xtrabackup", "/percona-xtrabackup-{}", "percona-xtrabackup", "percona:xtrabackup"},
    {"mysqld", "/mysql-{}/", "mysql", "oracle:mysql", kPrerelease},
    {"mysql", "/mysql-{}/", "mysql", "oracle:mysql", kPrerelease},
    AtLeast(3, {"mysql", "%0{}%0mysql", "mysql", "oracle:mysql", kPrerelease}),
    {"mongod", "{}%0tcmalloc", "mongodb", "mongodb:mongodb"},
    {"mongod", "{}%0heap_size", "mongodb", "mongodb:mongodb"},
    {"mongod", "{}%0cppdefines", "mongodb", "mongodb:mongodb"},
    {"arangod", "{} [linux]", "arangodb", "arangodb:arangodb", kBuild},
    {"arangod", "{} enterprise [linux]", "arangodb", "arangodb:arangodb", kBuild},
    {"arangosh", "{} [linux]", "arangodb", "arangodb:arangodb", kBuild},
    {"arangosh", "{} enterprise [linux]", "arangodb", "arangodb:arangodb", kBuild},
    {"**/rabbit-*/ebin/rabbit.app", "{vsn,\"{}\"}", "rabbitmq", "vmware:rabbitmq", kPrerelease},
    {"**/rabbit-*/ebin/rabbit.app", "{vsn, \"{}\"}", "rabbitmq", "vmware:rabbitmq", kPrerelease},
    {"slapd", "$OpenLDAP: slapd {}", "openldap", "openldap:openldap"},
    {"ldapsearch", "$OpenLDAP: ldapsearch {}", "openldap", "openldap:openldap"},

    // Servers and proxies.
    {"nginx", "nginx version: openresty/{}", "openresty", "openresty:openresty"},
    {"nginx", "freenginx version: freenginx/{}", "freenginx", ""},
    {"nginx", "Tengine version: Tengine/{}", "tengine", "alibaba:tengine"},
    {"nginx", "nginx version: nginx/{}", "nginx", "f5:nginx"},
    {"nginx-debug", "nginx version: nginx/{}", "nginx", "f5:nginx"},
    {"angie", "Angie version: Angie/{}", "angie", ""},
    {"httpd", "Apache/{} (", "httpd", "apache:http_server"},
    {"apache2", "Apache/{} (", "httpd", "apache:http_server"},
    {"haproxy", "HA-Proxy version {}", "haproxy", "haproxy:haproxy", kPrerelease},
    {"haproxy", "version {}, released 20", "haproxy", "haproxy:haproxy", kPrerelease},
    {"haproxy", "version {}-%w, released 20", "haproxy", "haproxy:haproxy", kPrerelease},
    {"haproxy", "%0{}-%w%0HAProxy version", "haproxy", "haproxy:haproxy", kPrerelease},
    {"haproxy", "%0{}-%w%0%*HAProxy version", "haproxy", "haproxy:haproxy", kPrerelease},
    {"lighttpd", "lighttpd/{}", "lighttpd", "lighttpd:lighttpd"},
    {"squid", "squid/{}", "squid", "squid-cache:squid"},
    {"varnishd", "varnish-{} revision", "varnish", "varnish-software:varnish_cache"},
    {"envoy", "%0{}%0%*envoy_reloadable_features", "envoy", "envoyproxy:envoy", kPrerelease},
    {"envoy", "%0{}%0%*ValidationError", "envoy", "envoyproxy:envoy", kPrerelease},
    {"fluent-bit", "%0{}%0Fluent", "fluent-bit", "treasuredata:fluent_bit"},
    {"fluent-bit", "%0{}%0%%sFluent", "fluent-bit", "treasuredata:fluent_bit"},
    {"proftpd", "ProFTPD Version {}", "proftpd", "proftpd:proftpd", kLetter},
    {"unbound", "unbound {}", "unbound", "nlnetlabs:unbound"},
    {"dnsmasq", "dnsmasq-{}", "dnsmasq", "thekelleys:dnsmasq", kPrerelease},

    // Go programs whose build information does not say which release they are.
    GoModule({"consul", "CONSUL_VERSION: {}", "github.com/hashicorp/consul", "hashicorp:consul"}),
    GoModule({"consul", "GitDescribe=v{}", "github.com/hashicorp/consul", "hashicorp:consul"}),
    GoModule({"helm", "%0v{}%0", "helm.sh/helm/v3", "helm:helm"}),
    GoModule({"traefik", "%0{}%0", "github.com/traefik/traefik", "traefik:traefik", kPrerelease}),
    GoModule({"traefik", "%0v{}%0", "github.com/traefik/traefik", "traefik:traefik", kPrerelease}),

    // Tools.
    {"busybox", "BusyBox v{}", "busybox", "busybox:busybox"},
    {"bash", "@(#)Bash version {}(", "bash", "gnu:bash"},
    {"curl", "curl/{}", "curl", "haxx:curl"},
    {"git", "git/{}%0", "git", "git-scm:git", kPrerelease},
    PhpPackage({"composer", "'pretty_version' => '{}'", "composer/composer", "getcomposer:composer",
                kPrerelease}),
    PhpPackage({"composer.phar", "'pretty_version' => '{}'", "composer/composer",
                "getcomposer:composer", kPrerelease}),
    PhpPackage({"wp", "wp-cli/wp-cli {}", "wp-cli/wp-cli", "wp-cli:wp-cli", kPrerelease}),
    {"getopt", "util-linux {}", "util-linux", "kernel:util-linux"},
    AtLeast(3, {"zstd", "%0v{}%0", "zstd", "facebook:zstandard"}),
    {"xz", "xz (XZ Utils) {}", "xz", "tukaani:xz"},
    With("bug-gzip@gnu.org", {"gzip", "%0{}%0", "gzip", "gnu:gzip"}),
    With("jq-%s", {"jq", "%0{}%0", "jq", "jqlang:jq"}),
    {"ffmpeg", "%%s version {}", "ffmpeg", "ffmpeg:ffmpeg"},
    {"libMagickCore*so*", "ImageMagick {} Q", "imagemagick", "imagemagick:imagemagick", kBuild},
    AtLeast(4, {"chrome", "%0{}%0Default", "chrome", "google:chrome"}),

    // Libraries that programs are linked with.
    {"openssl", "LibreSSL {}", "libressl", "openbsd:libressl"},
    {"openssl", "AWS-LC {})", "aws-lc", "amazon:aws_libcrypto"},
    {"openssl", "OpenSSL {}%_%d ", "openssl", "openssl:openssl", kPrerelease},
    {"openssl", "OpenSSL {}%_%d ", "openssl", "openssl:openssl", kLetter},
    {"libcrypto*so*", "LibreSSL {}", "libressl", "openbsd:libressl"},
    {"libcrypto*so*", "AWS-LC {})", "aws-lc", "amazon:aws_libcrypto"},
    {"libcrypto*so*", "OpenSSL {}%_%d ", "openssl", "openssl:openssl", kPrerelease},
    {"libcrypto*so*", "OpenSSL {}%_%d ", "openssl", "openssl:openssl", kLetter},
    {"libcurl*so*", "libcurl/{}", "curl", "haxx:libcurl"},
    {"libz.so*", " deflate {} Copyright", "zlib", "zlib:zlib"},
    {"libexpat.so*", "expat_{}", "expat", "libexpat_project:libexpat"},
    {"libpng1?.so*", "libpng version {} - ", "libpng", "libpng:libpng"},
    {"libjpeg.so*", "libjpeg-turbo version {} ", "libjpeg-turbo", "libjpeg-turbo:libjpeg-turbo"},
    {"libavcodec*so*", "FFmpeg version {}", "ffmpeg", "ffmpeg:ffmpeg"},
    {"libQt5Core.so*", "Qt {} (", "qt", "qt:qt"},
    {"libQt6Core.so*", "Qt {} (", "qt", "qt:qt"},
    {"libc.so.6", " release version {}.%0", "glibc", "gnu:glibc"},
    {"libc.so.6", " release version {}.\n", "glibc", "gnu:glibc"},
});

// Rows by the first byte of the base name, which no glob leaves open.
using Buckets = std::array<std::vector<std::size_t>, 256>;
const Buckets& BucketsByFirstByte() {
  static const Buckets kBuckets = [] {
    Buckets buckets;
    for (std::size_t i = 0; i < kRows.size(); ++i) {
      const std::string_view base = BaseName(kRows[i].file);
      buckets[static_cast<unsigned char>(base[0])].push_back(i);
    }
    return buckets;
  }();
  return kBuckets;
}

bool Asks(const BinaryClassifier& row, std::string_view path, std::string_view base) {
  // Nearly all names fail at the letters before the first wild card.
  const std::string_view glob = BaseName(row.file);
  if (!base.starts_with(glob.substr(0, glob.find_first_of("*?")))) return false;
  return text::GlobMatch(row.file, glob.size() == row.file.size() ? base : path);
}

}  // namespace

std::span<const BinaryClassifier> BinaryClassifiers() { return kRows; }

bool IsClassifiedFile(std::string_view path) {
  const std::string_view base = BaseName(path);
  if (base.empty()) return false;
  for (const std::size_t i : BucketsByFirstByte()[static_cast<unsigned char>(base[0])]) {
    if (Asks(kRows[i], path, base)) return true;
  }
  return false;
}

std::vector<const BinaryClassifier*> ClassifiersFor(std::string_view path) {
  std::vector<const BinaryClassifier*> rows;
  const std::string_view base = BaseName(path);
  if (base.empty()) return rows;
  for (const std::size_t i : BucketsByFirstByte()[static_cast<unsigned char>(base[0])]) {
    if (Asks(kRows[i], path, base)) rows.push_back(&kRows[i]);
  }
  return rows;
}

}  // namespace landwaiter::packages
