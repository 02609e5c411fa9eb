#!/bin/sh
# The packages of libraries that are headers alone, so that their code is in the program and no package
# of the image says so: NAME VERSION ARCHITECTURE SOURCE SOURCE-VERSION, one a line.
set -eu
boost=$(dpkg-query -W -f '${Depends}' libboost-dev | sed 's/[ ,(].*//')
dpkg-query -W -f '${Package} ${Version} ${Architecture} ${source:Package} ${source:Version}\n' \
  "$boost" libcli11-dev nlohmann-json3-dev
