#!/bin/sh
# The part of apt-packages.txt (beside this file, or in the folder above) that building needs: what
# stands above the end-to-end tests.
set -eu
here=$(dirname "$0")
list=$here/apt-packages.txt
[ -e "$list" ] || list=$here/../apt-packages.txt
sed -e '/^# the end-to-end tests/,$d' -e 's/#.*//' "$list" | xargs echo
