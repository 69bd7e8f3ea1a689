#!/usr/bin/env bash
# Brings a CPython that this machine lacks, from the Debian release that has it, into build/pythons/VERSION, and says
# where it is. Its packages are only unpacked, with the C library that they need: nothing else on the machine changes.
# usage: scripts/other-pythons.sh VERSION     (3.13 or 3.14; on Debian or Ubuntu, x86-64, as root)
set -euo pipefail
version=${1:-}
case $version in
    3.13) release=trixie ;;
    3.14) release=forky ;;
    *) echo "pythons: Debian has no Python '$version' to fetch; install it another way (pyenv, uv)" >&2; exit 1 ;;
esac
tree=$PWD/build/pythons/$version
python=$tree/usr/bin/linewarden-python
if [ -x "$python" ]; then
    echo "$python"
    exit 0
fi
if ! command -v apt-get >/dev/null || [ "$(id -u)" -ne 0 ]; then
    echo "pythons: Python $version is fetched only on Debian or Ubuntu and as root; install it another way (pyenv, uv)" >&2
    exit 1
fi
if ! command -v debootstrap >/dev/null; then
    DEBIAN_FRONTEND=noninteractive apt-get install --yes --quiet debootstrap >&2
fi
echo "pythons: Python $version from Debian $release (about 100 packages)" >&2

debs=$(mktemp -d)
trap 'rm -rf "$debs" "$tree.part"' EXIT
# It resolves the packages and checks signatures. An older debootstrap does not know the release's name, but `sid` fits.
debootstrap --variant=minbase --download-only --include="python$version,python$version-venv" \
    "$release" "$debs" http://deb.debian.org/debian /usr/share/debootstrap/scripts/sid >"$debs.log" 2>&1 ||
    { tail -n 5 "$debs.log" >&2; exit 1; }
rm -rf "$tree" "$tree.part" "$debs.log"
mkdir -p "$tree.part"
for deb in "$debs"/var/cache/apt/archives/*.deb; do dpkg-deb --extract "$deb" "$tree.part"; done

# The wheels of pip that `venv` installs are looked for in a fixed place: name the one in the tree.
sed -i "s#'/usr/share/python-wheels#'$tree/usr/share/python-wheels#" "$tree.part/usr/lib/python$version"/_sysconfigdata*.py
# A program finds its C library by a fixed path as well, so it is started through the loader in the tree. The name that
# it was called by is kept: by that Python knows its environment.
cat >"$tree.part/usr/bin/linewarden-python" <<END
#!/bin/sh
exec "$tree/usr/lib64/ld-linux-x86-64.so.2" --argv0 "\$0" --library-path "$tree/usr/lib/x86_64-linux-gnu" \\
    "$tree/usr/bin/python$version" "\$@"
END
chmod +x "$tree.part/usr/bin/linewarden-python"
mv "$tree.part" "$tree"
"$python" -c pass
echo "$python"
