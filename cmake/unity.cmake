# LANDWAITER_UNITY compiles the sources of a target a dozen at a time, so that a header is parsed once for twelve
# files: half the time. ON (the sanitizers' builds) does so for all, TESTS (.ci/run's release build) for the
# unit tests alone. OFF, the default, compiles each source on its own: one changed file costs one file. The
# product is compiled that way in every release build, so that a missing include is found.
set(LANDWAITER_UNITY OFF CACHE STRING "Compile a dozen sources at a time: OFF, TESTS or ON")

# Sources that stand alone: their private names are those of a neighbour. In these folders that is the
# pattern (each package source has its kName and Parse); a single file is added where `make sanitize`
# says "redefinition" or "ambiguous".
set(LANDWAITER_ALONE
  scanner/packages/ scanner/versions/ scanner/image/cloud/ tests/unit/scanner/packages/
  tests/unit/scanner/secrets/ tests/unit/controller/notify/ tests/unit/controller/watch/
  tests/unit/controller/runtime/ tests/unit/controller/report_api/
  controller/report_api/ controller/notify/ controller/runtime/ controller/watch/ scanner/matching/vex/
  cli/db_update.cc
  cli/diff.cc
  cli/query.cc
  cli/report_client.cc
  cli/report_print.cc
  cli/request.cc
  cli/scan.cc
  controller/scan_maker.cc
  controller/scan_reconciler.cc
  controller/trust/certificate_folder.cc
  controller/trust/webhook_file.cc
  lib/http/server_tls.cc
  lib/kube/credentials.cc
  lib/store/postgres_outbox.cc
  lib/store/postgres_store.cc
  lib/store/sqlite_outbox.cc
  model/collected_json.cc
  model/inventory.cc
  model/scan_request.cc
  policy/exceptions.cc
  policy/formats.cc
  policy/rules/
  policy/test_file.cc
  report/
  resources/registry_watch.cc
  scanner/advisories/database.cc
  scanner/advisories/database_export.cc
  scanner/advisories/database_import.cc
  scanner/advisories/feeds/
  scanner/advisories/lmdb_file.cc
  scanner/image/docker_config.cc
  scanner/image/docker_save.cc
  scanner/image/manifest.cc
  scanner/image/platforms.cc
  scanner/image/registry.cc
  scanner/image/registry_list.cc
  scanner/image/tar_index.cc
  scanner/image/tar_writer.cc
  scanner/layer/stack.cc
  scanner/layer/tar_header.cc
  scanner/service/scan_image.cc
  scanner/service/scanner_role.cc
  tests/unit/cli/interrupt_test.cc
  tests/unit/controller/policy_reconciler_test.cc
  tests/unit/controller/role_trouble_test.cc
  tests/unit/controller/scan_maker_test.cc
  tests/unit/controller/scanner_client_test.cc
  tests/unit/controller/trust/renewal_test.cc
  tests/unit/scanner/advisories/database_archive_test.cc
  tests/unit/scanner/advisories/feeds/osv_record_test.cc
  tests/unit/scanner/advisories/lying_archive_test.cc
  tests/unit/scanner/image/hosts_toml_test.cc
  tests/unit/scanner/image/real_registry_test.cc
  tests/unit/scanner/layer/
  tests/unit/scanner/matching/products_test.cc
  tests/unit/scanner/matching/states_test.cc
  tests/unit/scanner/service/scan_files_test.cc
  tests/unit/webhook/unreadable_test.cc)

# landwaiter_unite(TARGET WHEN SOURCE...): the sources of the target but those that stand alone, united
# where LANDWAITER_UNITY has one of the values WHEN ("ON", "TESTS;ON").
function(landwaiter_unite target when)
  if(NOT LANDWAITER_UNITY IN_LIST when)
    return()
  endif()
  set_target_properties(${target} PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE 12)
  foreach(source ${ARGN})
    file(RELATIVE_PATH path ${CMAKE_SOURCE_DIR} ${source})
    foreach(alone ${LANDWAITER_ALONE})
      string(FIND ${path} ${alone} at)
      if(at EQUAL 0)
        set_source_files_properties(${source} PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)
        break()
      endif()
    endforeach()
  endforeach()
endfunction()
