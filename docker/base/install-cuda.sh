#!/bin/sh
# install-cuda.sh FLAVOUR LOCK: CUDA and cuDNN from hash-locked wheels, merged into /usr/local/cuda.
# Every gpu image runs this with the same inputs, so that engines keep the layer once.
set -eu

FLAVOUR=$1
LOCK=$2
CUDA=/usr/local/cuda
DRIVER=/usr/lib/$(uname -m)-linux-gnu/libcuda.so.1

case $FLAVOUR in
cpu) exit 0 ;;
gpu) ;;
*)
    echo "install-cuda: FLAVOUR must be cpu or gpu, not '$FLAVOUR'" >&2
    exit 1
    ;;
esac

WORK=$(mktemp -d /usr/local/cuda-wheels.XXXXXX) # not in /tmp: moved from here, never copied
trap 'rm -rf "$WORK"' EXIT
python3 -m venv "$WORK/venv"
TMPDIR=$WORK "$WORK/venv/bin/pip" install --no-cache-dir --no-compile --no-deps --require-hashes \
    --only-binary :all: --requirement "$LOCK"

mkdir -p "$CUDA/bin" "$CUDA/include" "$CUDA/lib64" "$CUDA/nvvm"
for WHEEL in "$WORK"/venv/lib/python3*/site-packages/nvidia/*/; do
    rm -f "$WHEEL/__init__.py" "$WHEEL"/*/__init__.py
    for PART in bin:bin include:include lib:lib64 nvvm:nvvm; do
        [ -d "$WHEEL/${PART%:*}" ] || continue
        find "$WHEEL/${PART%:*}" -mindepth 1 -maxdepth 1 -exec mv -n -t "$CUDA/${PART#*:}" {} +
        # A file left behind means that two wheels bring the same name.
        if ! rmdir "$WHEEL/${PART%:*}"; then
            echo "install-cuda: two wheels have the same file: see the line above" >&2
            exit 1
        fi
    done
done

# Programs that load libraries by their plain names: libgpuarray, Theano's cuDNN operations.
for FILE in "$CUDA"/lib64/lib*.so.*; do
    PLAIN=${FILE%%.so.*}.so
    [ -e "$PLAIN" ] || ln -s "${FILE##*/}" "$PLAIN"
done
# The driver is mounted at run time; until then this link leads nowhere.
ln -s "$DRIVER" "$CUDA/lib64/libcuda.so"
echo "$CUDA/lib64" >/etc/ld.so.conf.d/cuda.conf
ldconfig
