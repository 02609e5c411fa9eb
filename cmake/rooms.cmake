# landwaiter_room(PATH [DEPS room...] [LIBS target...])
# One static library per folder and the folders in it, named after it: scanner/layer ->
# landwaiter_scanner_layer.
# Sources are globbed so that a new package source, feed or rule is one file and no CMake edit.
set_property(GLOBAL PROPERTY LANDWAITER_ROOMS "")

function(landwaiter_room path)
  cmake_parse_arguments(ROOM "" "" "DEPS;LIBS" ${ARGN})
  string(REPLACE "/" "_" name ${path})
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/${path}/*.cc ${CMAKE_SOURCE_DIR}/${path}/*/*.cc)
  set(scope PUBLIC)
  if(sources)
    add_library(landwaiter_${name} STATIC ${sources})
    landwaiter_unite(landwaiter_${name} "ON" ${sources})
  else()
    add_library(landwaiter_${name} INTERFACE)
    set(scope INTERFACE)
  endif()
  add_library(landwaiter::${name} ALIAS landwaiter_${name})
  target_link_libraries(landwaiter_${name} ${scope} landwaiter_flags)
  foreach(dep ${ROOM_DEPS})
    string(REPLACE "/" "_" dep_name ${dep})
    target_link_libraries(landwaiter_${name} ${scope} landwaiter_${dep_name})
  endforeach()
  target_link_libraries(landwaiter_${name} ${scope} ${ROOM_LIBS})
  set_property(GLOBAL APPEND PROPERTY LANDWAITER_ROOMS ${path})
endfunction()

# One test program per room that has tests under tests/unit/PATH/*_test.cc.
function(landwaiter_unit_tests)
  find_package(GTest REQUIRED)
  add_library(landwaiter_testing STATIC ${CMAKE_SOURCE_DIR}/tests/unit/main.cc
                                        ${CMAKE_SOURCE_DIR}/tests/unit/allocations.cc)
  target_link_libraries(landwaiter_testing PUBLIC landwaiter_flags GTest::gtest GTest::gmock)
  # Tables of cases are long to optimise and short to run: a third less time to compile.
  target_compile_options(landwaiter_testing PUBLIC -O1)
  get_property(rooms GLOBAL PROPERTY LANDWAITER_ROOMS)
  foreach(path ${rooms})
    string(REPLACE "/" "_" name ${path})
    file(GLOB sources CONFIGURE_DEPENDS
         ${CMAKE_SOURCE_DIR}/tests/unit/${path}/*.cc ${CMAKE_SOURCE_DIR}/tests/unit/${path}/*/*.cc)
    if(sources)
      add_executable(${name}_test ${sources})
      landwaiter_unite(${name}_test "TESTS;ON" ${sources})
      target_link_libraries(${name}_test PRIVATE landwaiter_${name} landwaiter_testing)
      set_target_properties(${name}_test PROPERTIES
        RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
      add_test(NAME ${path} COMMAND ${name}_test WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
      set_tests_properties(${path} PROPERTIES TIMEOUT 600)
    endif()
  endforeach()
endfunction()
