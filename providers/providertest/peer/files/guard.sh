# guard DIR COMMAND...: runs COMMAND in a session of its own until standard
# input ends or says a line; then ends it with all its processes. Without a
# line the test has died, and DIR goes too.
dir=$1
shift
# A handler, not '': what is ignored here would be ignored by the server too.
trap : HUP INT TERM PIPE
setsid "$@" </dev/null &
server=$!

# The processes of the session, and those that have left it but live in the
# server's own root (Courier's). The dead that nobody has collected do not count:
# in a container there may be no init that does.
members() {
	for process in /proc/[0-9]*; do
		{ read -r stat <"$process/stat"; } 2>/dev/null || continue
		# shellcheck disable=SC2086
		set -- ${stat##*) } # state, parent, group, session …
		if [ "$1" != Z ] && { [ "$4" = "$server" ] || [ "$process/root" -ef "$dir/root" ]; }; then
			echo "${process#/proc/}"
		fi
	done
}
send() {
	for pid in $(members); do kill -s "$1" "$pid" 2>/dev/null; done
}
gone() { [ -z "$(members)" ]; }

read -r word
send TERM
rounds=0
until gone; do
	rounds=$((rounds + 1))
	[ "$rounds" -ne 100 ] || send KILL
	[ "$rounds" -lt 200 ] || exit 1
	sleep 0.02
done
wait
[ "$word" = stop ] || rm -rf -- "$dir"
