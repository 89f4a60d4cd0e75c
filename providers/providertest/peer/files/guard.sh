# guard DIR COMMAND...: runs COMMAND in a session of its own until standard
# input ends or says a line; then ends it with all its processes. Without a
# line the test has died, and DIR goes too.
dir=$1
shift
# A handler, not '': what is ignored here would be ignored by the server too.
trap : HUP INT TERM PIPE
setsid "$@" </dev/null &
server=$!

# The session, and what has left it but lives in the server's own root (Courier).
members() {
	for root in /proc/[0-9]*/root; do
		[ "$(readlink "$root" 2>/dev/null)" = "$dir/root" ] || continue
		pid=${root#/proc/}
		echo "${pid%/root}"
	done
}
send() {
	kill -s "$1" -- "-$server" 2>/dev/null
	[ ! -d "$dir/root" ] || for pid in $(members); do kill -s "$1" "$pid" 2>/dev/null; done
}
gone() {
	kill -s 0 -- "-$server" 2>/dev/null && return 1
	[ ! -d "$dir/root" ] || [ -z "$(members)" ]
}

read -r word
send TERM
rounds=0
until gone; do
	rounds=$((rounds + 1))
	[ "$rounds" -ne 250 ] || send KILL
	[ "$rounds" -lt 500 ] || exit 1
	sleep 0.02
done
wait
[ "$word" = stop ] || rm -rf -- "$dir"
