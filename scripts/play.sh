#!/usr/bin/env bash
# Builds the WebAssembly modules anew, and writes beside each the hash of the sources that it was built from: `play`, the
# playground's, and `lab`, that of pages that answer. `scripts/play.sh lab` builds one, without a name both are built.
#
# It needs a compiler for wasm32-unknown-unknown, wasm-opt and wasm-metadce (Debian's package binaryen) and zopfli, whose
# gzip is a twentieth smaller than gzip's:
# - where `rustup target add wasm32-unknown-unknown` works, nothing else;
# - else Debian's packages, unpacked into a folder that DEBIAN_WASM names, or downloaded into target/wasm/debian:
#   rustc-web libstd-rust-web-1.96 libstd-rust-web-dev rust-web-src libllvm22 binaryen zopfli libzopfli1 (859 MB unpacked).
set -euo pipefail
cd "$(dirname "$0")/.."
target=wasm32-unknown-unknown
folder=target/wasm
mkdir -p "$folder"
flags=() compiler=()
binaryen=
if [ -z "${DEBIAN_WASM:-}" ] && [ -d "$(rustc --print sysroot)/lib/rustlib/$target" ]; then
    :
else
    debian=${DEBIAN_WASM:-$PWD/$folder/debian}
    if [ ! -x "$debian/usr/bin/rustc" ]; then
        mkdir -p "$debian/packages"
        (cd "$debian/packages" &&
            apt-get download rustc-web libstd-rust-web-1.96 libstd-rust-web-dev rust-web-src libllvm22 binaryen \
                zopfli libzopfli1 &&
            for package in *.deb; do dpkg -x "$package" ..; done)
    fi
    # rustup's own linker for modules; its standard library is built from Debian's sources.
    linker=$(find "$(rustc --print sysroot)" -name rust-lld -type f | head -n 1)
    compiler=(LD_LIBRARY_PATH="$debian/usr/lib/x86_64-linux-gnu" RUSTC="$debian/usr/bin/rustc" RUSTC_BOOTSTRAP=1
        CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER="$linker")
    binaryen="env LD_LIBRARY_PATH=$debian/usr/lib/x86_64-linux-gnu $debian/usr/bin/"
    flags=(-Zbuild-std=std,panic_abort)
fi

# A module of a crate: its name, the level of the compiler, the compiler's flags, the level and the flags of wasm-opt.
module() {
    local crate=gradtape-$1 built=$folder/$target/release/gradtape_$1.wasm page=crates/gradtape-$1/page
    local features="--enable-bulk-memory --enable-sign-ext --enable-nontrapping-float-to-int --enable-mutable-globals
        --enable-multivalue --enable-reference-types $5"
    # Paths of this machine would stand in the messages of panics.
    env "${compiler[@]}" CARGO_PROFILE_RELEASE_OPT_LEVEL="$2" CARGO_PROFILE_RELEASE_LTO=fat \
        CARGO_PROFILE_RELEASE_CODEGEN_UNITS=1 CARGO_PROFILE_RELEASE_PANIC=abort CARGO_PROFILE_RELEASE_STRIP=false \
        CARGO_INCREMENTAL=0 \
        RUSTFLAGS="$3 --remap-path-prefix=$PWD=. --remap-path-prefix=${CARGO_HOME:-$HOME/.cargo}=cargo" \
        cargo rustc -p "$crate" --lib --crate-type cdylib --release --target "$target" --target-dir "$folder" "${flags[@]}"
    # What a page calls is kept; crates export more, and leave notes for other tools, which text does not have.
    exports "$1" > "$folder/$1.json"
    ${binaryen}wasm-metadce "$built" $features --graph-file "$folder/$1.json" -S -o "$folder/$1.wat" > "$folder/$1.unused"
    ${binaryen}wasm-opt "$4" $features "$folder/$1.wat" -o "$folder/$1.wasm"
    ${binaryen}zopfli -c "$folder/$1.wasm" > "$page/module.wasm.gz"
    ls -l "$built" "$folder/$1.wasm" "$page/module.wasm.gz"
    cargo test -p "$crate" --test all -- --ignored write_the_hash_of_the_sources
}

# The functions that a page calls, as the graph that wasm-metadce reads.
exports() {
    local names
    names=$(sed -n 's/^pub extern "C" fn \([a-z_]*\).*/\1/p' "crates/gradtape-$1/src/exports.rs")
    echo '['
    for name in memory $names; do
        echo "  {\"name\": \"$name\", \"export\": \"$name\"},"
    done
    echo "  {\"name\": \"page\", \"root\": true, \"reaches\": [$(printf '"%s", ' $names)\"memory\"]}"
    echo ']'
}

[ $# -gt 0 ] || set -- play lab
for name in "$@"; do
    case $name in
    play) module play 3 "-C target-feature=+simd128" -O3 --enable-simd ;;
    # A page is sent with its module, and asks for little at a time: for size, without vectors.
    lab) module lab z "" -Oz "" ;;
    *)
        echo "there is no module $name: play or lab" >&2
        exit 2
        ;;
    esac
done
