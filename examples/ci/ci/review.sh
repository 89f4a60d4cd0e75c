#!/usr/bin/env bash
# review.sh github|gitlab: plans a change from the masked snapshot that is
# committed beside the spec and keeps one comment about it up to date. Needs no
# secret and no mail server; curl, jq and mxmove must be at hand.
set -euo pipefail
host=$1
dir=${MXMOVE_DIR:-.}
marker="<!-- mxmove plan: $dir -->"

code=0
mxmove plan --dir "$dir" --against "$dir/masked.snapshot" --max-age "${MXMOVE_MAX_AGE:-168h}" \
	--format markdown >plan.body 2>plan.errors || code=$?
cat plan.errors >&2
{
	printf '%s\n' "$marker"
	if [ "$code" = 0 ]; then
		cat plan.body
	else # or the last comment would seem to be about this change
		printf '### mxmove plan: exit %s\n\n~~~~\n' "$code"
		cat plan.errors
		printf '~~~~\n'
	fi
} >plan.md

# api METHOD URL [curl's options]; the token never stands in a command line
api() {
	local method=$1 url=$2
	shift 2
	curl --silent --show-error --fail-with-body --request "$method" --config <(printf 'header = "%s"\n' "$auth") \
		--header 'Content-Type: application/json' "$@" "$url"
}

case $host in
github)
	auth="Authorization: Bearer ${GITHUB_TOKEN-}"
	all=$GITHUB_API_URL/repos/$GITHUB_REPOSITORY/issues/$PULL_REQUEST/comments
	one=$GITHUB_API_URL/repos/$GITHUB_REPOSITORY/issues/comments
	edit=PATCH
	mine='.user.login == "github-actions[bot]"'
	;;
gitlab) # a job token may not write notes: without MXMOVE_COMMENT_TOKEN the plan is an artefact
	auth="PRIVATE-TOKEN: ${MXMOVE_COMMENT_TOKEN-}"
	all=$CI_API_V4_URL/projects/$CI_PROJECT_ID/merge_requests/$CI_MERGE_REQUEST_IID/notes
	one=$all
	edit=PUT
	if [ -z "${MXMOVE_COMMENT_TOKEN-}" ]; then
		echo "no MXMOVE_COMMENT_TOKEN: the plan is in plan.md" >&2
		exit "$code"
	fi
	mine=".author.id == $(api GET "$CI_API_V4_URL/user" | jq .id)"
	;;
*)
	echo "review.sh github|gitlab" >&2
	exit 1
	;;
esac

# the comment of an earlier run, if there is one
id='' page=1 n=100
while [ -z "$id" ] && [ "$n" = 100 ]; do
	list=$(api GET "$all?per_page=100&page=$page")
	id=$(jq --arg marker "$marker" "map(select(($mine) and (.body | startswith(\$marker)))) | first | .id // empty" <<<"$list")
	n=$(jq length <<<"$list")
	page=$((page + 1))
done

jq --raw-input --slurp '{body: .}' plan.md >plan.json
if [ -n "$id" ]; then
	api "$edit" "$one/$id" --data @plan.json --output plan.answer || code=$((code ? code : 1))
else
	api POST "$all" --data @plan.json --output plan.answer || code=$((code ? code : 1))
fi
if [ -n "${GITHUB_STEP_SUMMARY-}" ]; then # also where a fork's token may not comment
	cat plan.md >>"$GITHUB_STEP_SUMMARY"
fi
exit "$code"
