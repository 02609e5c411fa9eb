// Programs by their content: what each row of the table sees, and what it must not take for it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "scanner/packages/binary_classifiers.h"
#include "tests/unit/scanner/packages/records.h"

namespace landwaiter::packages {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

FileReading ReadBinary(std::string_view path, const std::string& bytes) {
  return ReadSpooled("binaries", path, bytes);
}

// NUL is written "|" in the cases.
std::string Bytes(std::string_view text) {
  std::string bytes(text);
  std::replace(bytes.begin(), bytes.end(), '|', '\0');
  return bytes;
}

// "name version" of what is found among other bytes, "" for nothing.
std::string Found(std::string_view path, std::string_view text) {
  const std::string bytes =
      "\x7f"
      "ELF" +
      std::string(100, '\xcc') + Bytes(text) + std::string(100, '\xcc');
  const FileReading reading = ReadBinary(path, bytes);
  EXPECT_NE(reading.state, ReadingState::kFailed) << reading.reason;
  return reading.packages.empty() ? "" : NamesOf(reading)[0];
}

struct ProgramCase {
  const char* name;
  const char* path;
  const char* bytes;
  const char* found;
};

class ProgramTest : public testing::TestWithParam<ProgramCase> {};

TEST_P(ProgramTest, IsKnownByItsContent) {
  EXPECT_EQ(Found(GetParam().path, GetParam().bytes), GetParam().found);
}

TEST_P(ProgramTest, IsNotKnownByItsNameAlone) {
  EXPECT_EQ(Found(GetParam().path, "|no version 1.2.3 of it|"), "");
  EXPECT_EQ(Found("usr/bin/something-else", GetParam().bytes), "");
}

INSTANTIATE_TEST_SUITE_P(
    Languages, ProgramTest,
    testing::Values(
        ProgramCase{"Python", "usr/local/bin/python3.11", "|2.7.1|3.11.4|", "python 3.11.4"},
        ProgramCase{"PythonLibrary", "usr/local/lib/libpython3.7m.so.1.0", "|3.7.4|",
                    "python 3.7.4"},
        ProgramCase{"PythonCandidate", "bin/python3.13", "|3.13.0rc1|", "python 3.13.0rc1"},
        ProgramCase{"PythonOfItsFolder", "opt/python/3.11.7/lib/libpython3.11.so.1.0",
                    "|/opt/python/3.11.7|", "python 3.11.7"},
        ProgramCase{"PyPy", "opt/pypy/bin/libpypy3.9-c.so", "[PyPy 7.3.11 with GCC", "pypy 7.3.11"},
        ProgramCase{"Node", "usr/local/bin/node", "|node.js/v20.10.0|", "node 20.10.0"},
        ProgramCase{"Deno", "usr/bin/deno", "Deno/1.41.0", "deno 1.41.0"},
        ProgramCase{"Ruby", "usr/local/bin/ruby",
                    "ruby 2.7.7p221 (2022-11-24 revision 168ec2b1e5) [x86_64-linux]",
                    "ruby 2.7.7p221"},
        ProgramCase{"RubyLibrary", "usr/local/lib/libruby.so.3.2.2",
                    "ruby 3.2.2 (2023-03-30 revision e51014f9c0)", "ruby 3.2.2"},
        ProgramCase{"Perl", "usr/local/bin/perl", "|/usr/local/lib/perl5/5.36.0/x86_64-linux-gnu|",
                    "perl 5.36.0"},
        ProgramCase{"PerlUnderItsVersion", "usr/local/bin/perl5.37.8",
                    "|/usr/local/lib/perl5/5.37.8|", "perl 5.37.8"},
        ProgramCase{"Php", "usr/local/bin/php", "X-Powered-By: PHP/8.2.13|", "php 8.2.13"},
        ProgramCase{"PhpFpm", "usr/local/sbin/php-fpm", "X-Powered-By: PHP/8.3.0RC6|",
                    "php 8.3.0RC6"},
        ProgramCase{"PhpCgi", "usr/local/bin/php-cgi", "X-Powered-By: PHP/8.2.13|", "php 8.2.13"},
        ProgramCase{"PhpModule", "usr/lib/apache2/modules/libphp.so", "X-Powered-By: PHP/8.1.26|",
                    "php 8.1.26"},
        ProgramCase{"Rust", "usr/local/rustup/lib/libstd-0123456789abcdef.so",
                    "clang LLVM (rustc version 1.74.0 (79e9716c9 2023-11-13))", "rust 1.74.0"},
        ProgramCase{"RustDriver", "lib/librustc_driver-0123456789abcdef.so",
                    "(rustc version 1.74.0 (79e9716c9 2023-11-13))", "rust 1.74.0"},
        ProgramCase{"RustCompiler", "usr/bin/rustc", "rustc 1.74.0 (79e9716c9 2023-11-13)",
                    "rust 1.74.0"},
        ProgramCase{"Erlang", "usr/local/lib/erlang/erts-13.2/bin/erlexec",
                    "|/usr/src/otp_src_25.3.2.6/erts/etc/common|", "erlang 25.3.2.6"},
        ProgramCase{"ErlangEmulator", "usr/lib/erlang/erts-14.1/bin/beam.smp",
                    "||26.1.2||||Erlang/OTP", "erlang 26.1.2"},
        ProgramCase{"Elixir", "usr/local/bin/elixir", "ELIXIR_VERSION=1.15.7\nset -e",
                    "elixir 1.15.7"},
        ProgramCase{"ElixirLibrary", "usr/local/lib/elixir/lib/elixir/ebin/elixir.app",
                    "{vsn,\"1.16.0-rc.1\"}", "elixir 1.16.0-rc.1"},
        ProgramCase{"Julia", "usr/local/julia/lib/julia/libjulia-internal.so.1.9.4",
                    "__init__|1.9.4|verify", "julia 1.9.4"},
        ProgramCase{"Dart", "usr/lib/dart/bin/dart", "Dart,GC\"|3.5.2 (stable) (Wed", "dart 3.5.2"},
        ProgramCase{"DartBeta", "usr/lib/dart/bin/dart", "|3.6.0-216.1.beta (beta)",
                    "dart 3.6.0-216.1.beta"},
        ProgramCase{"Ghc", "opt/ghc/9.4.7/bin/ghc-9.4.7", "|GHC 9.4.7|", "ghc 9.4.7"},
        ProgramCase{"GhcOfItsLibrary", "opt/ghc/bin/ghc", "|libHSghc-8.10.4-ghc8.10.4.so|",
                    "ghc 8.10.4"},
        ProgramCase{"Cabal", "opt/cabal/bin/cabal", "|Cabal-3.10.1.0-inplace", "cabal 3.10.1.0"},
        ProgramCase{"Stack", "usr/local/bin/stack", "Version 2.9.3, Git revision", "stack 2.9.3"},
        ProgramCase{"SwiProlog", "usr/bin/swipl", "|/usr/lib/swipl-9.1.19/|", "swi-prolog 9.1.19"},
        ProgramCase{"Lua", "usr/local/bin/lua",
                    "$LuaVersion: Lua 5.4.6  Copyright (C) 1994-2023 Lua.org", "lua 5.4.6"},
        ProgramCase{"LuaJit", "usr/local/bin/luajit-2.1", "LuaJIT 2.1.0-beta3 -- Copyright",
                    "luajit 2.1.0-beta3"},
        ProgramCase{"Gcc", "usr/local/bin/gcc", "|GCC: (GNU) 13.2.0|", "gcc 13.2.0"},
        ProgramCase{"GccCompiler", "usr/local/libexec/gcc/cc1", "|GCC: (GNU) 13.2.0|",
                    "gcc 13.2.0"}),
    [](const auto& info) { return info.param.name; });

INSTANTIATE_TEST_SUITE_P(
    DatabasesAndServers, ProgramTest,
    testing::Values(
        ProgramCase{"Redis", "usr/local/bin/redis-server",
                    "|7.0.14buildkitsandbox-1702957741000000000|", "redis 7.0.14"},
        ProgramCase{"RedisBuiltOnANumber", "usr/local/bin/redis-server",
                    "|4.0.11841ce7054bd9-1542359302000000000|", "redis 4.0.11"},
        ProgramCase{"OldRedis", "usr/bin/redis-server", "Server started, Redis version 2.8.23",
                    "redis 2.8.23"},
        // Pitfall 128: a fork is no version of what it forked.
        ProgramCase{"Valkey", "usr/local/bin/valkey-server",
                    "valkey8.0.1buildkitsandbox-1764887574000000000", "valkey 8.0.1"},
        ProgramCase{"ValkeyAsRedis", "usr/local/bin/redis-server",
                    "|8.0.1buildkitsandbox-1764887574000000000|valkey-server|", "valkey 8.0.1"},
        ProgramCase{"KeyDb", "usr/local/bin/keydb-server",
                    "|6.3.4buildkitsandbox-1764887574000000000|", "keydb 6.3.4"},
        ProgramCase{"Memcached", "usr/local/bin/memcached", "|memcached 1.6.22|",
                    "memcached 1.6.22"},
        ProgramCase{"Postgres", "usr/local/bin/postgres",
                    "PostgreSQL 16.1 on x86_64-pc-linux-musl, compiled by gcc", "postgresql 16.1"},
        ProgramCase{"PostgresByItsVersionText", "opt/pg/bin/postgres",
                    "postgres (PostgreSQL) 9.6.24\n", "postgresql 9.6.24"},
        ProgramCase{"MariaDb", "usr/sbin/mariadbd", "|10.6.15-MariaDB|", "mariadb 10.6.15"},
        ProgramCase{"MariaDbAsMysql", "usr/sbin/mysqld", "|5.5.5-10.6.15-MariaDB|",
                    "mariadb 10.6.15"},
        ProgramCase{"Mysql", "usr/sbin/mysqld", "/release/mysql-8.0.35/sql/mysqld.cc",
                    "mysql 8.0.35"},
        ProgramCase{"MysqlClient", "usr/bin/mysql", "shutdown|8.0.37||||mysql_real_escape",
                    "mysql 8.0.37"},
        ProgramCase{"PerconaServer", "usr/sbin/mysqld",
                    "/usr/src/percona-server-8.0.35-27/mysql-8.0.35/x", "percona-server 8.0.35"},
        ProgramCase{"PerconaCluster", "usr/sbin/mysqld",
                    "/BUILD/Percona-XtraDB-Cluster-8.0.34/percona-server-8.0.34/",
                    "percona-xtradb-cluster 8.0.34"},
        ProgramCase{"XtraBackup", "usr/bin/xtrabackup", "/percona-xtrabackup-8.0.35-30/",
                    "percona-xtrabackup 8.0.35"},
        ProgramCase{"MongoDb", "usr/bin/mongod", "|6.0.12|tcmalloc|", "mongodb 6.0.12"},
        ProgramCase{"MongoDb7", "usr/bin/mongod", "|7.0.28||heap_size|", "mongodb 7.0.28"},
        ProgramCase{"ArangoDb", "usr/bin/arangosh", "|3.12.0-2 [linux]", "arangodb 3.12.0-2"},
        ProgramCase{"ArangoDbEnterprise", "usr/sbin/arangod", "|3.11.8 enterprise [linux]",
                    "arangodb 3.11.8"},
        ProgramCase{"RabbitMq", "opt/rabbitmq/plugins/rabbit-3.12.10/ebin/rabbit.app",
                    "{application,rabbit,[{vsn,\"3.12.10\"},", "rabbitmq 3.12.10"},
        ProgramCase{"OpenLdap", "usr/local/libexec/slapd", "@(#) $OpenLDAP: slapd 2.6.6 (Aug",
                    "openldap 2.6.6"},
        ProgramCase{"LdapSearch", "usr/bin/ldapsearch", "$OpenLDAP: ldapsearch 2.4.45 (",
                    "openldap 2.4.45"},
        ProgramCase{"Nginx", "usr/sbin/nginx", "|nginx version: nginx/1.25.3|", "nginx 1.25.3"},
        ProgramCase{"OpenResty", "usr/local/openresty/nginx/sbin/nginx",
                    "|nginx version: openresty/1.21.4.1|", "openresty 1.21.4.1"},
        ProgramCase{"FreeNginx", "usr/sbin/nginx", "|freenginx version: freenginx/1.27.0|",
                    "freenginx 1.27.0"},
        ProgramCase{"Tengine", "usr/sbin/nginx",
                    "|Tengine version: Tengine/3.1.0|nginx version: nginx/1.24.0|",
                    "tengine 3.1.0"},
        ProgramCase{"Angie", "usr/sbin/angie", "|Angie version: Angie/1.4.0|", "angie 1.4.0"},
        ProgramCase{"Httpd", "usr/local/apache2/bin/httpd", "|Apache/2.4.58 (Unix)|",
                    "httpd 2.4.58"},
        ProgramCase{"HaProxy", "usr/local/sbin/haproxy",
                    "| version 2.9.1-8b8ab0d, released 2023/12/15|", "haproxy 2.9.1"},
        ProgramCase{"HaProxyDevelopment", "usr/local/sbin/haproxy",
                    "| version 3.1-dev0, released 2024/05/29|", "haproxy 3.1-dev0"},
        ProgramCase{"OldHaProxy", "usr/local/sbin/haproxy", "HA-Proxy version 1.8.22 2019/10/25",
                    "haproxy 1.8.22"},
        ProgramCase{"Lighttpd", "usr/sbin/lighttpd", "|lighttpd/1.4.73|", "lighttpd 1.4.73"},
        ProgramCase{"Squid", "usr/sbin/squid", "|squid/6.6|", "squid 6.6"},
        ProgramCase{"Varnish", "usr/sbin/varnishd", "(varnish-7.4.2 revision cd1d10ab53a6)",
                    "varnish 7.4.2"},
        ProgramCase{"Envoy", "usr/local/bin/envoy", "|1.34.5||x|envoy_reloadable_features|",
                    "envoy 1.34.5"},
        ProgramCase{"FluentBit", "fluent-bit/bin/fluent-bit", "|2.2.1|||Fluent Bit",
                    "fluent-bit 2.2.1"},
        ProgramCase{"FluentBitFormatted", "fluent-bit/bin/fluent-bit", "|3.0.2|%sFluent Bit",
                    "fluent-bit 3.0.2"},
        ProgramCase{"ProFtpd", "usr/sbin/proftpd", "|ProFTPD Version 1.3.8b|", "proftpd 1.3.8b"},
        ProgramCase{"Unbound", "usr/sbin/unbound", "|unbound 1.19.0|", "unbound 1.19.0"},
        ProgramCase{"Dnsmasq", "usr/sbin/dnsmasq", "|dnsmasq-2.90|", "dnsmasq 2.90"},
        ProgramCase{"Consul", "bin/consul", "CONSUL_VERSION: 1.15.2",
                    "github.com/hashicorp/consul v1.15.2"},
        ProgramCase{"Helm", "usr/bin/helm", "||v3.11.1||", "helm.sh/helm/v3 v3.11.1"},
        ProgramCase{"Traefik", "traefik", "|2.9.6|", "github.com/traefik/traefik v2.9.6"},
        ProgramCase{"OldTraefik", "traefik", "|v1.7.34|", "github.com/traefik/traefik v1.7.34"}),
    [](const auto& info) { return info.param.name; });

INSTANTIATE_TEST_SUITE_P(
    ToolsAndLibraries, ProgramTest,
    testing::Values(
        ProgramCase{"BusyBox", "bin/busybox", "BusyBox v1.36.1 (2023-11-07", "busybox 1.36.1"},
        ProgramCase{"Bash", "usr/local/bin/bash", "@(#)Bash version 5.2.15(1) release GNU|",
                    "bash 5.2.15"},
        ProgramCase{"Curl", "usr/bin/curl", "|curl/8.4.0|", "curl 8.4.0"},
        ProgramCase{"CurlLibrary", "usr/lib/libcurl.so.4.8.0", "|libcurl/8.4.0|", "curl 8.4.0"},
        ProgramCase{"Git", "usr/local/bin/git", "|git/2.43.0|", "git 2.43.0"},
        ProgramCase{"Composer", "usr/bin/composer",
                    "'root' => array('name' => 'composer/composer', 'pretty_version' => '2.6.5',",
                    "composer/composer 2.6.5"},
        ProgramCase{"WordPressTool", "usr/local/bin/wp", "wp-cli/wp-cli 2.9.0",
                    "wp-cli/wp-cli 2.9.0"},
        ProgramCase{"UtilLinux", "usr/bin/getopt", "|util-linux 2.39.2|", "util-linux 2.39.2"},
        ProgramCase{"Zstd", "usr/local/bin/zstd", "|v1.5.5|", "zstd 1.5.5"},
        ProgramCase{"Xz", "usr/local/bin/xz", "|xz (XZ Utils) 5.4.5|", "xz 5.4.5"},
        ProgramCase{"Gzip", "bin/gzip", "Report bugs to <bug-gzip@gnu.org>.|1.13|", "gzip 1.13"},
        ProgramCase{"Jq", "usr/bin/jq", "|1.7.1|jq-%s\n|", "jq 1.7.1"},
        ProgramCase{"Ffmpeg", "usr/local/bin/ffmpeg", "|%s version 6.1.1|", "ffmpeg 6.1.1"},
        ProgramCase{"FfmpegLibrary", "usr/lib/libavcodec.so.59", "|FFmpeg version 5.1.9|",
                    "ffmpeg 5.1.9"},
        ProgramCase{"ImageMagick", "usr/local/lib/libMagickCore-7.Q16HDRI.so.10.0.1",
                    "ImageMagick 7.1.1-15 Q16-HDRI x86_64", "imagemagick 7.1.1-15"},
        ProgramCase{"Chrome", "opt/google/chrome/chrome", "|127.0.6533.119|Default|",
                    "chrome 127.0.6533.119"},
        ProgramCase{"OpenSsl", "usr/local/bin/openssl", "|OpenSSL 3.2.0 23 Nov 2023|",
                    "openssl 3.2.0"},
        ProgramCase{"OpenSslLibrary", "usr/local/lib/libcrypto.so.1.1",
                    "|OpenSSL 1.1.1w  11 Sep 2023|", "openssl 1.1.1w"},
        ProgramCase{"OpenSslBeta", "bin/openssl", "|OpenSSL 3.2.0-beta1 26 Oct 2023|",
                    "openssl 3.2.0-beta1"},
        ProgramCase{"AwsLc", "usr/bin/openssl", "|OpenSSL 1.1.1 (compatible; AWS-LC 1.69.0)|",
                    "aws-lc 1.69.0"},
        ProgramCase{"LibreSsl", "usr/bin/openssl", "|LibreSSL 3.8.2|", "libressl 3.8.2"},
        ProgramCase{"Zlib", "usr/local/lib/libz.so.1.3",
                    " deflate 1.3 Copyright 1995-2023 Jean-loup Gailly", "zlib 1.3"},
        ProgramCase{"Expat", "usr/local/lib/libexpat.so.1.8.10", "|expat_2.5.0|", "expat 2.5.0"},
        ProgramCase{"Png", "usr/local/lib/libpng16.so.16.40.0",
                    " libpng version 1.6.40 - June 21, 2023", "libpng 1.6.40"},
        ProgramCase{"JpegTurbo", "usr/local/lib/libjpeg.so.62.3.0",
                    "libjpeg-turbo version 3.0.1 (build 20231120)", "libjpeg-turbo 3.0.1"},
        ProgramCase{"Qt", "usr/local/lib/libQt6Core.so.6.5.0",
                    "Qt 6.5.0 (x86_64-little_endian-lp64", "qt 6.5.0"},
        ProgramCase{"Glibc", "lib/x86_64-linux-gnu/libc.so.6",
                    "GNU C Library (GNU libc) stable release version 2.38.\nCopyright",
                    "glibc 2.38"}),
    [](const auto& info) { return info.param.name; });

struct ReleaseCase {
  const char* name;
  const char* text;
  const char* found;
  const char* cpe;
};

class JavaReleaseTest : public testing::TestWithParam<ReleaseCase> {};

TEST_P(JavaReleaseTest, NamesTheRuntimeAndItsVendor) {
  const FileReading reading = ReadBinary("opt/java/openjdk/release", GetParam().text);
  EXPECT_THAT(NamesOf(reading), ElementsAre(GetParam().found));
  EXPECT_EQ(reading.packages[0].cpe, GetParam().cpe);
}

INSTANTIATE_TEST_SUITE_P(
    Table, JavaReleaseTest,
    testing::Values(
        ReleaseCase{"Temurin", "IMPLEMENTOR=\"Eclipse Adoptium\"\nJAVA_VERSION=\"17.0.9\"\n",
                    "openjdk 17.0.9", "cpe:2.3:a:oracle:openjdk:17.0.9:*:*:*:*:*:*:*"},
        ReleaseCase{"Java8", "JAVA_VERSION=\"1.8.0_392\"\nOS_NAME=\"Linux\"\n", "openjdk 1.8.0_392",
                    "cpe:2.3:a:oracle:openjdk:1.8.0:update392:*:*:*:*:*:*"},
        ReleaseCase{"Zulu", "IMPLEMENTOR=\"Azul Systems, Inc.\"\nJAVA_VERSION=\"21.0.1\"\n",
                    "zulu 21.0.1", "cpe:2.3:a:azul:zulu:21.0.1:*:*:*:*:*:*:*"},
        ReleaseCase{"Corretto", "IMPLEMENTOR=\"Amazon.com Inc.\"\nJAVA_VERSION=\"11.0.21\"\n",
                    "corretto 11.0.21", "cpe:2.3:a:amazon:corretto:11.0.21:*:*:*:*:*:*:*"},
        ReleaseCase{"Oracle", "BUILD_TYPE=\"commercial\"\nJAVA_VERSION=\"21.0.1\"\n", "jdk 21.0.1",
                    "cpe:2.3:a:oracle:jdk:21.0.1:*:*:*:*:*:*:*"},
        ReleaseCase{"GraalVm", "JAVA_VERSION=\"17.0.9\"\nGRAALVM_VERSION=\"23.0.2\"\n",
                    "graalvm 23.0.2", "cpe:2.3:a:oracle:graalvm:23.0.2:*:*:*:*:*:*:*"}),
    [](const auto& info) { return info.param.name; });

TEST(BinariesTest, TextsThatAreVersionsFromTheirFirstByte) {
  EXPECT_THAT(NamesOf(ReadBinary("usr/local/go/VERSION", "go1.21.4\ntime 2023")),
              ElementsAre("go 1.21.4"));
  EXPECT_THAT(NamesOf(ReadBinary("usr/local/lib/erlang/releases/26/OTP_VERSION", "26.1.2\n")),
              ElementsAre("erlang 26.1.2"));
  EXPECT_THAT(NamesOf(ReadBinary("usr/local/go/VERSION", "x go1.21.4")), IsEmpty());
  EXPECT_EQ(WantedBy("opt/app/VERSION"), "") << "a VERSION of something else";
}

struct NearMissCase {
  const char* name;
  const char* path;
  const char* bytes;
};

class NearMissTest : public testing::TestWithParam<NearMissCase> {};

TEST_P(NearMissTest, IsNothing) { EXPECT_EQ(Found(GetParam().path, GetParam().bytes), ""); }

INSTANTIATE_TEST_SUITE_P(
    Table, NearMissTest,
    testing::Values(NearMissCase{"OtherPython", "bin/python3.11", "|3.10.4|3.1.1|13.11.4|3.11|"},
                    NearMissCase{"NotDelimited", "bin/python3.11", "|3.11.4x"},
                    NearMissCase{"NumbersInLongerNumbers", "usr/bin/node", "node.js/v20"},
                    NearMissCase{"LetterBefore", "usr/bin/node", "node.js/vv20.1.0"},
                    NearMissCase{"HostNameTooShort", "bin/redis-server", "|7.0.14host-1702957741|"},
                    NearMissCase{"NoTime", "bin/redis-server", "|7.0.14buildkitsandbox-x|"},
                    NearMissCase{"BoringSsl", "bin/openssl",
                                 "OpenSSL 1.1.1 (compatible; BoringSSL)"},
                    NearMissCase{"DebianGcc", "usr/bin/gcc", "GCC: (Debian 12.2.0-14) 12.2.0"},
                    NearMissCase{"GzipOfSomebodyElse", "bin/gzip", "|1.13|"},
                    NearMissCase{"GapTooWide", "bin/envoy",
                                 "|1.34.5|this has no NUL behind and is no such feature|"},
                    NearMissCase{"ReleaseNotes", "usr/share/doc/release", "release 17.0.9 is out"},
                    NearMissCase{"TooFewNumbers", "traefik", "|2.9|"},
                    NearMissCase{"MirrorOfAVersion", "bin/busybox", "BusyBox v.1.36.1"}),
    [](const auto& info) { return info.param.name; });

TEST(BinariesTest, FillsInTheRest) {
  const FileReading reading = ReadBinary("usr/sbin/nginx", "nginx version: nginx/1.25.3");
  ASSERT_EQ(reading.packages.size(), 1u);
  const Package& nginx = reading.packages[0];
  EXPECT_EQ(nginx.type, "generic");
  EXPECT_EQ(nginx.path, "usr/sbin/nginx");
  EXPECT_EQ(nginx.found_by, "binaries");
  EXPECT_EQ(nginx.cpe, "cpe:2.3:a:f5:nginx:1.25.3:*:*:*:*:*:*:*");
  EXPECT_EQ(ReadBinary("bin/composer", "'pretty_version' => '2.6.5'").packages[0].type, "composer");
}

TEST(BinariesTest, FindsVersionsAcrossPiecesOfTheFile) {
  const std::string text = "|node.js/v20.10.0|";
  constexpr std::size_t kPiece = 1u << 20;
  for (std::size_t at = kPiece - 30; at < kPiece + 10; ++at) {
    std::string bytes(at, 'x');
    bytes += text + std::string(3 * kPiece, 'x');
    EXPECT_THAT(NamesOf(ReadBinary("bin/node", bytes)), ElementsAre("node 20.10.0")) << at;
  }
}

TEST(BinariesTest, AnyBytesAreReadInTime) {
  for (const std::string_view unit : {"1.", ".", "1.1|", "|1.1|", "OpenSSL 1.1 1 ", "1"}) {
    std::string bytes;
    while (bytes.size() < 4u << 20) bytes += Bytes(unit);
    for (const char* path : {"bin/envoy", "bin/python3.11", "bin/openssl", "bin/redis-server"}) {
      ReadBinary(path, bytes);
    }
  }
}

TEST(BinariesTest, EveryRowCanBeRead) {
  std::set<std::string_view> names;
  for (const BinaryClassifier& row : BinaryClassifiers()) {
    EXPECT_NE(row.pattern.find("{}"), std::string_view::npos) << row.file;
    EXPECT_EQ(row.pattern.find("{}"), row.pattern.rfind("{}")) << row.file;
    EXPECT_LT(row.pattern.size(), 64u) << row.file;
    const std::string_view base = row.file.substr(row.file.rfind('/') + 1);
    EXPECT_EQ(base.find_first_of("*?["), base.find_first_of("*?[", 1)) << row.file;
    EXPECT_TRUE(row.cpe.empty() || row.cpe.find(':') != std::string_view::npos) << row.file;
    names.insert(row.name);
  }
  EXPECT_GE(names.size(), 60u);
}

}  // namespace
}  // namespace landwaiter::packages
