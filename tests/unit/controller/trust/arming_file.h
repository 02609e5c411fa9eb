// A file of webhooks.
#pragma once

namespace landwaiter::controller {

inline constexpr const char* kFile = R"(
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingWebhookConfiguration
metadata: {name: landwaiter}
webhooks:
- name: pods.landwaiter.io
  failurePolicy: Fail
  clientConfig:
    service: {name: landwaiter-webhook, namespace: landwaiter, path: /validate, port: 8443}
  rules: [{apiGroups: [""], apiVersions: [v1], operations: [CREATE], resources: [pods]}]
- name: workloads.landwaiter.io
  failurePolicy: Ignore
  clientConfig:
    service: {name: landwaiter-webhook, namespace: landwaiter, path: /validate, port: 8443}
)";

}  // namespace landwaiter::controller
