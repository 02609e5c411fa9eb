// Artifacts whose builds leave neither pom.properties nor their group in the archive, or a wrong
// one, under the group that Maven Central has them in. Those that have advisories matter.
#include <algorithm>
#include <array>

#include "scanner/packages/java_identity.h"

namespace landwaiter::packages {
namespace {

struct Row {
  std::string_view name;  // of the file; "name-*" stands for all that begin so
  std::string_view group;
  std::string_view artifact = {};  // where it differs from the file's
};

// The most exact row counts: a whole name before a beginning, a long beginning before a short one.
constexpr std::array kRows = std::to_array<Row>({
    // Spring is built by Gradle.
    {"spring-aop", "org.springframework"},
    {"spring-aspects", "org.springframework"},
    {"spring-batch-*", "org.springframework.batch"},
    {"spring-beans", "org.springframework"},
    {"spring-boot", "org.springframework.boot"},
    {"spring-boot-*", "org.springframework.boot"},
    {"spring-cloud-*", "org.springframework.cloud"},
    {"spring-context", "org.springframework"},
    {"spring-context-*", "org.springframework"},
    {"spring-core", "org.springframework"},
    {"spring-data-*", "org.springframework.data"},
    {"spring-expression", "org.springframework"},
    {"spring-integration-*", "org.springframework.integration"},
    {"spring-jcl", "org.springframework"},
    {"spring-jdbc", "org.springframework"},
    {"spring-jms", "org.springframework"},
    {"spring-kafka", "org.springframework.kafka"},
    {"spring-ldap-core", "org.springframework.ldap"},
    {"spring-messaging", "org.springframework"},
    {"spring-orm", "org.springframework"},
    {"spring-oxm", "org.springframework"},
    {"spring-rabbit", "org.springframework.amqp"},
    {"spring-security-*", "org.springframework.security"},
    {"spring-session-*", "org.springframework.session"},
    {"spring-test", "org.springframework"},
    {"spring-tx", "org.springframework"},
    {"spring-web", "org.springframework"},
    {"spring-webflux", "org.springframework"},
    {"spring-webmvc", "org.springframework"},
    {"spring-websocket", "org.springframework"},
    {"spring-ws-*", "org.springframework.ws"},
    // Tomcat is built by Ant; its own lib folder has other names than Maven Central.
    {"catalina", "org.apache.tomcat", "tomcat-catalina"},
    {"catalina-ha", "org.apache.tomcat", "tomcat-catalina-ha"},
    {"catalina-tribes", "org.apache.tomcat", "tomcat-tribes"},
    {"jasper", "org.apache.tomcat", "tomcat-jasper"},
    {"jasper-el", "org.apache.tomcat", "tomcat-jasper-el"},
    {"tomcat-*", "org.apache.tomcat"},
    {"tomcat-embed-*", "org.apache.tomcat.embed"},
    {"ant", "org.apache.ant"},
    {"ant-launcher", "org.apache.ant"},
    // Gradle builds.
    {"elasticsearch", "org.elasticsearch"},
    {"kafka-clients", "org.apache.kafka"},
    {"kafka_2.12", "org.apache.kafka"},
    {"kafka_2.13", "org.apache.kafka"},
    {"kotlin-stdlib", "org.jetbrains.kotlin"},
    {"kotlin-stdlib-*", "org.jetbrains.kotlin"},
    {"lucene-*", "org.apache.lucene"},
    {"micrometer-*", "io.micrometer"},
    {"mockito-core", "org.mockito"},
    {"okhttp", "com.squareup.okhttp3"},
    {"okio", "com.squareup.okio"},
    {"okio-jvm", "com.squareup.okio"},
    {"opensearch", "org.opensearch"},
    {"reactor-core", "io.projectreactor"},
    {"reactor-netty-*", "io.projectreactor.netty"},
    {"solr-*", "org.apache.solr"},
    // Ant builds, repackaged by hand.
    {"bcpg-*", "org.bouncycastle"},
    {"bcpkix-*", "org.bouncycastle"},
    {"bcprov-*", "org.bouncycastle"},
    {"derby", "org.apache.derby"},
    {"h2", "com.h2database"},
    {"hsqldb", "org.hsqldb"},
    {"jna", "net.java.dev.jna"},
    {"jna-platform", "net.java.dev.jna"},
    {"jsch", "com.jcraft"},
    {"mchange-commons-java", "com.mchange"},
    {"mssql-jdbc", "com.microsoft.sqlserver"},
    {"mysql-connector-j", "com.mysql"},
    {"mysql-connector-java", "mysql"},
    {"ojdbc8", "com.oracle.database.jdbc"},
    {"ojdbc11", "com.oracle.database.jdbc"},
    {"postgresql", "org.postgresql"},
    {"velocity", "org.apache.velocity"},
    {"xalan", "xalan"},
    {"xercesImpl", "xerces"},
    {"xmlbeans", "org.apache.xmlbeans"},
    {"xstream", "com.thoughtworks.xstream"},
    {"zookeeper", "org.apache.zookeeper"},
    // Their manifests name what is no group.
    {"asm", "org.ow2.asm"},
    {"asm-*", "org.ow2.asm"},
    {"caffeine", "com.github.ben-manes.caffeine"},
    {"commons-collections4", "org.apache.commons"},
    {"commons-compress", "org.apache.commons"},
    {"commons-configuration2", "org.apache.commons"},
    {"commons-csv", "org.apache.commons"},
    {"commons-dbcp2", "org.apache.commons"},
    {"commons-email", "org.apache.commons"},
    {"commons-exec", "org.apache.commons"},
    {"commons-jexl3", "org.apache.commons"},
    {"commons-lang3", "org.apache.commons"},
    {"commons-math3", "org.apache.commons"},
    {"commons-pool2", "org.apache.commons"},
    {"commons-text", "org.apache.commons"},
    {"commons-vfs2", "org.apache.commons"},
    {"commons-beanutils", "commons-beanutils"},
    {"commons-cli", "commons-cli"},
    {"commons-codec", "commons-codec"},
    {"commons-collections", "commons-collections"},
    {"commons-configuration", "commons-configuration"},
    {"commons-dbcp", "commons-dbcp"},
    {"commons-digester", "commons-digester"},
    {"commons-fileupload", "commons-fileupload"},
    {"commons-httpclient", "commons-httpclient"},
    {"commons-io", "commons-io"},
    {"commons-jxpath", "commons-jxpath"},
    {"commons-lang", "commons-lang"},
    {"commons-logging", "commons-logging"},
    {"commons-net", "commons-net"},
    {"commons-pool", "commons-pool"},
    {"commons-validator", "commons-validator"},
    {"guava", "com.google.guava"},
    {"logback-*", "ch.qos.logback"},
    {"log4j", "log4j"},
    {"log4j-api", "org.apache.logging.log4j"},
    {"log4j-core", "org.apache.logging.log4j"},
    {"log4j-1.2-api", "org.apache.logging.log4j"},
    {"slf4j-*", "org.slf4j"},
    {"jcl-over-slf4j", "org.slf4j"},
    {"jul-to-slf4j", "org.slf4j"},
    {"log4j-over-slf4j", "org.slf4j"},
});

// How exactly a row names the artifact; 0 where it does not.
std::size_t Exactness(const Row& row, std::string_view artifact) {
  if (!row.name.ends_with('*')) return row.name == artifact ? SIZE_MAX : 0;
  const std::string_view front = row.name.substr(0, row.name.size() - 1);
  return artifact.starts_with(front) ? front.size() : 0;
}

}  // namespace

std::optional<KnownArtifact> FindKnownArtifact(std::string_view artifact) {
  const auto* best = std::max_element(kRows.begin(), kRows.end(), [&](const Row& a, const Row& b) {
    return Exactness(a, artifact) < Exactness(b, artifact);
  });
  if (Exactness(*best, artifact) == 0) return std::nullopt;
  const bool renamed = !best->artifact.empty();
  return KnownArtifact{best->group, renamed ? best->artifact : artifact};
}

}  // namespace landwaiter::packages
