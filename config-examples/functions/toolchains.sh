# shellcheck shell=bash
# Compilers for guest modules on Debian 12; sourced by the build scripts.
#
# C and WAT use Debian 12's own packages, installed on the machine. Go 1.24 and Rust 1.85 exist in Debian 13 only:
# their packages are downloaded through a private apt root, from the mirror the machine already uses, and unpacked
# into $toolchains. Nothing of Debian 13 is installed on the machine.

toolchains=${GOJINN_TOOLCHAINS:-${XDG_CACHE_HOME:-$HOME/.cache}/gojinn-toolchains}
export LC_ALL=C TZ=UTC

# installed PACKAGE...: installs those Debian 12 packages that are missing.
installed() {
    local package missing=()
    for package in "$@"; do
        dpkg-query --show --showformat='${Status}\n' "$package" 2>/dev/null | grep -q ' installed$' || missing+=("$package")
    done
    ((${#missing[@]} == 0)) && return
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
}

# unpacked FOLDER PACKAGE...: unpacks these Debian 13 packages into $toolchains/FOLDER, once.
unpacked() (
    folder=$toolchains/$1
    shift
    [[ -e $folder/.complete ]] && return
    installed ca-certificates debian-archive-keyring xz-utils
    # shellcheck disable=SC2016 # a field of apt's, not of the shell
    mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Origin: Debian' 'Codename: bookworm' | head -n 1)
    [[ -n $mirror ]] || { echo "no Debian 12 mirror among the machine's apt sources" >&2; return 1; }
    apt_root=$toolchains/apt
    mkdir -p "$apt_root"/{lists/partial,archives/partial}
    echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror trixie main" >"$apt_root/sources.list"
    : >"$apt_root/status"
    apt_options=(
        -qq
        -o Dir::Etc::SourceList="$apt_root/sources.list" -o Dir::Etc::SourceParts=/dev/null
        -o Dir::Etc::Preferences=/dev/null -o Dir::Etc::PreferencesParts=/dev/null
        -o Dir::State::Lists="$apt_root/lists" -o Dir::State::status="$apt_root/status"
        -o Dir::Cache="$apt_root" -o APT::Sandbox::User=root
    )
    rm -rf "$folder" "$apt_root/debs"
    mkdir -p "$folder" "$apt_root/debs"
    apt-get "${apt_options[@]}" update
    cd "$apt_root/debs" || return
    apt-get "${apt_options[@]}" download "$@"
    for deb in *.deb; do
        dpkg-deb -x "$deb" "$folder"
    done
    touch "$folder/.complete"
    rm -rf "$apt_root"
)

# compile_wat SOURCE BINARY
compile_wat() {
    installed wabt
    wat2wasm "$1" -o "$2"
}

# compile_c BINARY CLANG_ARGUMENT...
# A small stack below the data keeps the memory, which is reset after every request, small; an overflow traps.
compile_c() {
    installed clang lld wasi-libc libclang-rt-dev-wasm32
    local binary=$1
    shift
    clang --target=wasm32-wasi --sysroot=/usr -std=c17 -O2 -Wall -Wextra -Werror -ffile-prefix-map="$PWD"=. \
        -Wl,--strip-all -Wl,--stack-first -Wl,-z,stack-size=32768 -o "$binary" "$@"
    chmod a-x "$binary"
}

# compile_go BINARY GO_BUILD_ARGUMENT...: run in the folder of the go.mod.
compile_go() {
    unpacked go golang-1.24-go golang-1.24-src
    local binary=$1 go_root=$toolchains/go/usr/lib/go-1.24
    shift
    GOROOT=$go_root GOTOOLCHAIN=local GOFLAGS="" GOWORK=off GOPROXY=off GOENV=off \
        GOCACHE=$toolchains/go-cache GOPATH=$toolchains/go-path \
        CGO_ENABLED=0 GOOS=wasip1 GOARCH=wasm \
        "$go_root/bin/go" build -trimpath -buildvcs=false -ldflags="-s -w -buildid=" -o "$binary" "$@"
    chmod a-x "$binary"
}

# compile_rust SOURCE BINARY RUSTC_ARGUMENT...
# The stack is a sixteenth of what Rust reserves otherwise, for the same reason as in C.
compile_rust() {
    unpacked rust rustc libstd-rust-1.85 libstd-rust-dev-wasm32 lld-19 libllvm19 \
        libc6 libgcc-s1 libstdc++6 zlib1g libzstd1 libffi8 libedit2 libbsd0 libmd0 libtinfo6 libxml2 liblzma5 libz3-4
    local source=$1 binary=$2 rust_root=$toolchains/rust
    shift 2
    # These programs need Debian 13's libc, so each is started by Debian 13's loader.
    local loader=$rust_root/usr/lib64/ld-linux-x86-64.so.2 libraries=$rust_root/usr/lib/x86_64-linux-gnu
    libraries+=:$rust_root/usr/lib/llvm-19/lib
    cat >"$rust_root/linker" <<-END
	#!/bin/sh
	exec "$loader" --library-path "$libraries" --argv0 lld "$rust_root/usr/lib/llvm-19/bin/lld" "\$@"
	END
    chmod +x "$rust_root/linker"
    "$loader" --library-path "$libraries" "$rust_root/usr/bin/rustc" --sysroot "$rust_root/usr" \
        --edition=2021 --target=wasm32-wasip1 --remap-path-prefix="$PWD=." \
        -C linker="$rust_root/linker" -C linker-flavor=wasm-ld \
        -C opt-level=s -C lto=fat -C codegen-units=1 -C panic=abort -C strip=symbols \
        -C link-args="-z stack-size=65536" "$@" -o "$binary" "$source"
    chmod a-x "$binary"
}
