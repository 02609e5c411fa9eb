#!/bin/sh
# The packages of libraries whose code is in the program, so that no package of the image says so: they are
# headers alone, or linked statically. NAME VERSION ARCHITECTURE SOURCE SOURCE-VERSION HOW, one a line.
set -eu
boost=$(dpkg-query -W -f '${Depends}' libboost-dev | sed 's/[ ,(].*//')
list() {
  how=$1
  shift
  dpkg-query -W -f "\${Package} \${Version} \${Architecture} \${source:Package} \${source:Version} $how\n" "$@"
}
list headers "$boost" libcli11-dev nlohmann-json3-dev
list static libzstd-dev
