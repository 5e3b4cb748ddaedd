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
umask 022

# Temporary folders are in memory if there is enough of it and programs may be there: a new database
# takes a tenth of the time. The server's user must reach them, whatever root's TMPDIR is.
if [ -z "${CANOPY_TMPDIR:-}" ]; then
	CANOPY_TMPDIR=/tmp
	[ "$(id -u)" = 0 ] || CANOPY_TMPDIR=${TMPDIR:-/tmp}
	read -r free options < <(findmnt -bnro AVAIL,OPTIONS -M /dev/shm 2>/dev/null) || free=0
	if [ "$free" -ge 4000000000 ] && [[ $options != *noexec* ]] &&
		[ "$(awk '$1 == "MemAvailable:" { print $2 }' /proc/meminfo)" -ge 8000000 ]; then
		CANOPY_TMPDIR=/dev/shm
	fi
fi
export CANOPY_TMPDIR TMPDIR=$CANOPY_TMPDIR

# where the library is that a server is to find; SANITIZE=yes means the one that "test/run/build sanitized" makes
stage=build/stage
[ "${SANITIZE:-}" != yes ] || stage=build/sanitized/stage

# Writes what is in the environment of a server that uses that library: its libraries are in
# DIRECTORY, and what the sanitizers find goes into files that begin with REPORT.
sanitizer_environment() {
	local directory=$1 report=abort_on_error=1:print_stacktrace=1:log_path=$2
	cp build/sanitized/start.so "$directory"
	echo "LD_PRELOAD=\"$(gcc -print-file-name=libasan.so) $(gcc -print-file-name=libubsan.so) $directory/start.so\""
	echo "ASAN_OPTIONS=\"$report:detect_leaks=0:detect_stack_use_after_return=0:quarantine_size_mb=32\""
	echo "UBSAN_OPTIONS=\"$report\""
}

# Shows what the sanitizers have reported into files of a folder; fails when there is anything.
no_reports() {
	local found
	found=$(find "$1" -type f -exec cat {} +)
	printf '%s' "$found"
	[ -z "$found" ]
}

passed=0
failed=0

# What is left to do when the script ends, however it ends; the last that was added comes first.
at_exit=()
clean_up() {
	local command
	stop_tests
	for command in "${at_exit[@]}"; do
		eval "$command" || true
	done
}
when_done() {
	at_exit=("$1" "${at_exit[@]}")
}
trap clean_up EXIT
trap 'exit 1' HUP INT TERM

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

# How many tests run at a time.
workers=${CANOPY_WORKERS:-$(nproc)}
results=
started=0
declare -A running=()

# Runs a counting function with its arguments in the background, in a process group of its own,
# as soon as a worker is free. What it prints is printed when it ends; finish waits for the last.
# Tests that share a server need different names for their databases and roles.
start_test() {
	if [ -z "$results" ]; then
		results=$(mktemp -d)
		when_done 'rm -rf "$results"'
	fi
	[ ${#running[@]} -lt "$workers" ] || end_test
	started=$((started + 1))
	set -m
	(
		set +m
		at_exit=()
		running=()
		passed=0
		failed=0
		"$@"
		echo "$passed $failed" > "$results/$started.count"
	) > "$results/$started" 2>&1 </dev/null &
	set +m
	running[$!]="$started $*"
}

# Waits for one of them, prints what it printed and adds what it counted; one that ends without
# a count was killed, which is a failure.
end_test() {
	local pid number name good=0 bad=1
	wait -n -p pid "${!running[@]}" || true
	read -r number name <<<"${running[$pid]}"
	unset "running[$pid]"
	cat "$results/$number"
	if [ -e "$results/$number.count" ]; then
		read -r good bad < "$results/$number.count"
	else
		echo "FAILED  ended without a count: $name"
	fi
	passed=$((passed + good))
	failed=$((failed + bad))
}

end_tests() {
	while [ ${#running[@]} != 0 ]; do
		end_test
	done
}

# Ends those that still run, as an interrupt would; after a minute of cleaning up they are killed.
stop_tests() {
	local pid tries
	for pid in "${!running[@]}"; do
		kill -TERM -- "-$pid" 2>/dev/null || true
	done
	for pid in "${!running[@]}"; do
		for ((tries = 0; tries < 600; tries++)); do
			kill -0 -- "-$pid" 2>/dev/null || break
			sleep 0.1
		done
		kill -KILL -- "-$pid" 2>/dev/null || true
	done
}

# Ends a suite: its count as the last line, and an exit code that says the same.
finish() {
	end_tests
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

# A fresh database with the given name, a copy of another one if that is named.
create_database() {
	psql -Xqc "CREATE DATABASE \"$1\" ${2:+TEMPLATE \"$2\"}"
}
