#!/usr/bin/env bash
# For machines that cannot reach rustup's downloads: makes a tool chain that compiles to wasm out of Debian's packages
# (Debian 12 or newer, as root) and links it in rustup under the name given. `cargo xtask` calls this by itself.
set -euo pipefail
name=${1:?usage: debian-wasm-std.sh NAME}
target=wasm32-unknown-unknown

export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
# The versions move with Debian's updates: take the newest linker there is.
lld=$(apt-cache search --names-only '^lld-[0-9]+$' | cut -d' ' -f1 | sort -V | tail -n 1)
apt-get install -y -qq --no-install-recommends rustc-web cargo-web rust-web-src rust-web-llvm "$lld"

# Debian has no standard library for wasm. Building any crate with build-std makes one.
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/src"
printf '[package]\nname = "empty"\nversion = "0.1.0"\nedition = "2021"\n' >"$work/Cargo.toml"
: >"$work/src/lib.rs"
# The library must hold bitcode, or linking with fat LTO fails.
env RUSTC_BOOTSTRAP=1 RUSTC=/usr/bin/rustc RUSTFLAGS=-Cembed-bitcode=yes CARGO_TARGET_DIR="$work/target" \
  /usr/bin/cargo build --release --manifest-path "$work/Cargo.toml" --target "$target" -Z build-std=std,panic_abort,panic_unwind

# In the place where rustc looks, it is an installed target like any other.
library=$(/usr/bin/rustc --print sysroot)/lib/rustlib/$target/lib
mkdir -p "$library"
cp "$work/target/$target/release/deps/"*.rlib "$library/"
rm -f "$library/"libempty-*.rlib
rustup toolchain link "$name" /usr
