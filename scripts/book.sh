#!/bin/sh
# Builds the book as pages in target/book, with the playground in it, which no other copy of is kept.
#
#     cargo install mdbook --version 0.5.4 --locked
#     scripts/book.sh target/debug/gradtape [MDBOOK]
set -eu
here=$(dirname "$0")/..
"${2:-mdbook}" build "$here/docs/book"
"$1" play --out "$here/target/book/play.html"
