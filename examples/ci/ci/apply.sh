#!/usr/bin/env bash
# apply.sh: on the same runner, after the approval: carries out exactly the plan
# that was approved. Exit code 4: incomplete, safe to run again.
set -euo pipefail
dir=${MXMOVE_DIR:-.}

printf '%s  approved.plan\n' "${MXMOVE_PLAN_SHA256:?of the approved plan}" | sha256sum --check --status || {
	echo "approved.plan is not the plan that was approved" >&2
	exit 3
}
mxmove apply --dir "$dir" approved.plan
