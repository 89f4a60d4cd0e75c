#!/usr/bin/env bash
# plan.sh: on the runner that has the state directory and the secrets: looks at
# both services and keeps the plan that is to be approved, with its checksum.
set -euo pipefail
dir=${MXMOVE_DIR:-.}

# without a committed lineage a lost state directory would be made anew
[ -f "$dir/mxmove.lineage" ] || {
	echo "$dir/mxmove.lineage is missing: run mxmove init on the runner and commit it" >&2
	exit 3
}
mxmove plan --dir "$dir" --out approved.plan
mxmove show --format markdown approved.plan >plan.md
sum=$(sha256sum approved.plan)
printf 'MXMOVE_PLAN_SHA256=%s\n' "${sum%% *}" | tee plan.env >>"${GITHUB_OUTPUT:-/dev/null}"
if [ -n "${GITHUB_STEP_SUMMARY-}" ]; then
	cat plan.md >>"$GITHUB_STEP_SUMMARY"
fi
