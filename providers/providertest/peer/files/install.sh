# install CACHE KIND...: brings what the servers of each KIND need onto a Debian
# machine; does nothing where all is there. Prints why it fails.
#
# Dovecot is installed, and so is isync (mbsync), a client to compare with.
# Cyrus and Courier cannot be beside Dovecot (Conflicts: imap-server), so their
# packages are only unpacked, in CACHE/KIND/root, and the system libraries that
# they need are installed.
set -euo pipefail
cache=$1
shift
export DEBIAN_FRONTEND=noninteractive
triplet=$(uname -m)-linux-gnu

fail() {
	echo "$*"
	exit 1
}

apt() { # WHAT COMMAND...
	local what=$1 out
	shift
	if ! out=$("$@" 2>&1); then
		fail "$what failed: $out
needed: Debian 12 with its package mirror; to prepare by hand: apt-get update && apt-get install dovecot-imapd isync bind9 knot unbound"
	fi
}

update() {
	command -v apt-get >/dev/null || fail "apt-get is missing: the servers come from Debian's packages"
	[ -n "${updated:-}" ] || apt "apt-get update" apt-get -q update
	updated=1
}

# RUNLEVEL=1: the packages' own services stay off.
install() {
	apt "apt-get install $*" env RUNLEVEL=1 apt-get -q install -y --no-install-recommends --no-upgrade "$@"
}

# what the examples for continuous integration call
tools() {
	if ! command -v curl >/dev/null || ! command -v jq >/dev/null; then
		update
		install curl jq
	fi
}

dovecot() {
	if [ ! -x /usr/lib/dovecot/imap ]; then
		update
		install dovecot-imapd
	fi
	local version
	version=$(/usr/sbin/dovecot --version)
	[[ "$version" = 2.3.* ]] || fail "this is Dovecot $version, and the tests' configuration is for 2.3, which Debian 12 has: run them there, for instance in the image golang:1.26-bookworm"
}

bind() {
	[ ! -x /usr/sbin/named ] || return 0
	update
	install bind9
}

knot() {
	[ ! -x /usr/sbin/knotd ] || return 0
	update
	install knot
}

unbound() {
	[ ! -x /usr/sbin/unbound ] || return 0
	update
	install unbound
}

mbsync() {
	[ ! -x /usr/bin/mbsync ] || return 0
	update
	install isync
}

# unpack KIND PACKAGE...: and installs the libraries that they depend on.
unpack() {
	local kind=$1 dir=$cache/$1 libraries deb
	shift
	update
	rm -rf "$dir"
	mkdir -p "$dir/packages" "$dir/root"
	cd "$dir/packages"
	# apt-get's own download user may not write here; that is only a remark
	apt "apt-get download $*" apt-get -q download "$@"
	for deb in *.deb; do dpkg-deb -x "$deb" "$dir/root"; done
	libraries=$(for deb in *.deb; do dpkg-deb -f "$deb" Depends; done | tr ',' '\n' |
		sed 's/|.*//; s/(.*//; s/ //g' | grep '^lib' | grep -vE '^lib(courier|gamin|fam)' | sort -u)
	# shellcheck disable=SC2086
	install $libraries
	cd /
}

cyrus() {
	[ ! -e "$cache/cyrus/complete" ] || return 0
	unpack cyrus cyrus-imapd cyrus-common sasl2-bin
	install libsasl2-modules-db
	touch "$cache/cyrus/complete"
}

courier() {
	[ ! -e "$cache/courier/complete" ] || return 0
	unpack courier courier-imap courier-base courier-authdaemon courier-authlib courier-authlib-userdb \
		libcourier-unicode4 gamin libgamin0
	merge_usr "$cache/courier/root"
	furnish "$cache/courier/root"
	touch "$cache/courier/complete"
}

# merge_usr ROOT: /bin, /lib … become links into /usr, as they are on the host.
merge_usr() {
	local root=$1 name
	for name in bin sbin lib lib64; do
		mkdir -p "$root/usr/$name"
		if [ -d "$root/$name" ] && [ ! -L "$root/$name" ]; then
			cp -a "$root/$name/." "$root/usr/$name/"
			rm -rf "${root:?}/$name"
		fi
		[ -L "$root/$name" ] || ln -s "usr/$name" "$root/$name"
	done
}

# furnish ROOT: what Courier needs of a system to run in a chroot, for its
# paths are built in.
furnish() {
	local root=$1 file
	mkdir -p "$root"/{dev,tmp,mail,run/courier/authdaemon,var/lib/courier,etc/courier}
	libraries "$root" | while IFS= read -r file; do
		mkdir -p "$root$(dirname "$file")"
		cp -L "$file" "$root$file"
	done
	printf '%s\n' /usr/lib "/usr/lib/$triplet" /usr/lib/courier-authlib >"$root/etc/ld.so.conf"
	ldconfig -r "$root"
	cp "$(command -v dash)" "$root/bin/sh"
	mknod -m 666 "$root/dev/null" c 1 3
	mknod -m 444 "$root/dev/urandom" c 1 9
	mknod -m 444 "$root/dev/random" c 1 8
	printf 'root:x:0:0::/:/bin/sh\nmail:x:8:8::/mail:/bin/sh\ncourier:x:8:8::/mail:/bin/sh\n' >"$root/etc/passwd"
	printf 'root:x:0:\nmail:x:8:\ncourier:x:8:\n' >"$root/etc/group"
	printf 'passwd: files\ngroup: files\nhosts: files\n' >"$root/etc/nsswitch.conf"
	printf '127.0.0.1 localhost\n' >"$root/etc/hosts"
	echo localhost >"$root/etc/courier/me"
	chmod 1777 "$root/tmp"
	chown -R 8:8 "$root/mail" "$root/run/courier" "$root/var/lib/courier"
}

# libraries ROOT: the host's libraries that ROOT's programs are linked with.
libraries() {
	local root=$1 own=$1/usr/lib:$1/usr/lib/courier-authlib:$1/usr/lib/$triplet file
	find "$root" -type f \( -perm -100 -o -name '*.so*' \) -print0 | while IFS= read -r -d '' file; do
		{ LD_LIBRARY_PATH=$own ldd "$file" 2>/dev/null || true; } |
			sed -n 's/.* => \(\/[^ ]*\) .*/\1/p; s/^\s*\(\/[^ ]*ld-linux[^ ]*\) .*/\1/p'
	done | sort -u | grep -v "^$root" || true
	echo "/lib/$triplet/libnss_files.so.2"
}

for kind in "$@"; do "$kind"; done
