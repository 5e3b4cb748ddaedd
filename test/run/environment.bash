# What every script here shares: where things are, and the counting of tests.
# Sourced, never run. A script is started from anywhere and works in the tree.

set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
tree=$PWD
# from make only what the caller wrote as name=value, which is also in the environment
unset MAKEFLAGS MFLAGS MAKELEVEL GNUMAKEFLAGS
# LANG too, because the Perl tests of PostgreSQL drop the other
export LC_ALL=C.UTF-8 LANG=C.UTF-8
major=${CANOPY_PG_MAJOR:-15}
bin=/usr/lib/postgresql/$major/bin
# the server's user must reach our temporary folders, whatever root's TMPDIR is
[ "$(id -u)" != 0 ] || export TMPDIR=/tmp
umask 022

passed=0
failed=0

# Counts one test by the exit code of a command; shows what it prints only when it fails.
count_command() {
	local name=$1 output
	shift
	if output=$("$@" 2>&1 </dev/null); then
		passed=$((passed + 1))
		echo "ok      $name"
	else
		failed=$((failed + 1))
		printf 'FAILED  %s\n%s\n' "$name" "$output"
	fi
}

# Counts the assertions of a command that writes TAP; one that dies, or asserts nothing, is a failure.
count_tap() {
	local name=$1 output code=0 good bad
	shift
	output=$("$@" 2>&1 </dev/null) || code=$?
	good=$(grep -cE '^ok [0-9]+|^not ok [0-9]+.*# TODO' <<<"$output" || true)
	bad=$(grep -E '^not ok [0-9]+' <<<"$output" | grep -cv '# TODO' || true)
	if [ "$bad" = 0 ] && { [ $code != 0 ] || [ "$good" = 0 ]; }; then
		bad=1
	fi
	passed=$((passed + good))
	failed=$((failed + bad))
	if [ "$bad" = 0 ]; then
		echo "ok      $name ($good)"
	else
		printf 'FAILED  %s\n%s\n' "$name" "$output"
	fi
}

# Ends a suite: its count as the last line, and an exit code that says the same.
finish() {
	echo "$passed passed, $failed failed"
	[ $failed = 0 ]
	exit
}

# Ends a suite that has nothing to run.
need_files() {
	[ -e "$1" ] || { echo "no tests yet"; finish; }
}

# Goes on in a throw-away cluster: starts the script again there, unless it is there already.
enter_cluster() {
	[ -n "${CANOPY_CLUSTER:-}" ] || exec test/run/cluster "test/run/$(basename "$0")"
}

# A fresh database with the given name and extensions.
create_database() {
	psql -Xqc "CREATE DATABASE \"$1\""
	[ $# = 1 ] || printf 'CREATE EXTENSION %s;' "${@:2}" | psql -Xqd "$1"
}
