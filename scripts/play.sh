#!/usr/bin/env bash
# Builds the playground's WebAssembly module anew, and writes beside it the hash of the sources that it was built from.
#
# It needs a compiler for wasm32-unknown-unknown and wasm-opt (Debian's package binaryen):
# - where `rustup target add wasm32-unknown-unknown` works, nothing else;
# - else Debian's packages, unpacked into a folder that DEBIAN_WASM names, or downloaded into target/wasm/debian:
#   rustc-web libstd-rust-web-1.96 libstd-rust-web-dev rust-web-src libllvm22 binaryen (859 MB unpacked).
set -euo pipefail
cd "$(dirname "$0")/.."
target=wasm32-unknown-unknown
folder=target/wasm
mkdir -p "$folder"
flags=()
optimise=wasm-opt
if [ -z "${DEBIAN_WASM:-}" ] && [ -d "$(rustc --print sysroot)/lib/rustlib/$target" ]; then
    :
else
    debian=${DEBIAN_WASM:-$PWD/$folder/debian}
    if [ ! -x "$debian/usr/bin/rustc" ]; then
        mkdir -p "$debian/packages"
        (cd "$debian/packages" &&
            apt-get download rustc-web libstd-rust-web-1.96 libstd-rust-web-dev rust-web-src libllvm22 binaryen &&
            for package in *.deb; do dpkg -x "$package" ..; done)
    fi
    # rustup's own linker for modules; its standard library is built from Debian's sources.
    export CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER
    CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER=$(find "$(rustc --print sysroot)" -name rust-lld -type f | head -n 1)
    export LD_LIBRARY_PATH=$debian/usr/lib/x86_64-linux-gnu RUSTC=$debian/usr/bin/rustc RUSTC_BOOTSTRAP=1
    optimise=$debian/usr/bin/wasm-opt
    flags=(-Zbuild-std=std,panic_abort)
fi
# Paths of this machine would stand in the messages of panics.
export RUSTFLAGS="-C target-feature=+simd128 --remap-path-prefix=$PWD=. --remap-path-prefix=${CARGO_HOME:-$HOME/.cargo}=cargo"
export CARGO_PROFILE_RELEASE_LTO=fat CARGO_PROFILE_RELEASE_CODEGEN_UNITS=1 CARGO_PROFILE_RELEASE_PANIC=abort
export CARGO_PROFILE_RELEASE_STRIP=false CARGO_INCREMENTAL=0
cargo rustc -p gradtape-play --lib --crate-type cdylib --release --target "$target" --target-dir "$folder" "${flags[@]}"
"$optimise" -O3 --enable-bulk-memory --enable-sign-ext --enable-nontrapping-float-to-int --enable-mutable-globals \
    --enable-multivalue --enable-reference-types --enable-simd \
    "$folder/$target/release/gradtape_play.wasm" -o "$folder/module.wasm"
gzip -9 --no-name --stdout "$folder/module.wasm" > crates/gradtape-play/page/module.wasm.gz
ls -l "$folder/$target/release/gradtape_play.wasm" "$folder/module.wasm" crates/gradtape-play/page/module.wasm.gz
unset RUSTC RUSTFLAGS RUSTC_BOOTSTRAP LD_LIBRARY_PATH ${!CARGO_PROFILE_RELEASE_@}
cargo test -p gradtape-play --test all -- --ignored write_the_hash_of_the_sources
