package main

import (
	"bytes"
	"context"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// callAt is call with another clock.
func callAt(at time.Time, args ...string) ended {
	var out, errors bytes.Buffer
	e := call{}.env(&out, &errors)
	e.Now = func() time.Time { return at }
	code := run(context.Background(), e, args)
	return ended{code, out.String(), errors.String()}
}

// A plan from a snapshot is reckoned as of its observation: the same words
// whenever and wherever it is made, in every form.
func TestOfflineIsTheSameAtAnyTime(t *testing.T) {
	dir := largeSite(t, 40)
	early, late := observedAt().Add(time.Minute), observedAt().Add(9*30*24*time.Hour).UTC()
	for _, snapshot := range []string{"acme.snapshot", "masked.snapshot"} {
		for _, form := range []string{"text", "markdown", "html", "json"} {
			for _, lang := range []string{"en", "zh-CN"} {
				args := []string{"plan", "--dir", dir, "--against", filepath.Join(dir, snapshot), "--format", form, "--lang", lang}
				first, second := callAt(early, args...), callAt(late, args...)
				if first.code != 0 || first.out != second.out {
					t.Errorf("%s, %s, %s: exit code %d, the same: %v\n%s", snapshot, form, lang, first.code, first.out == second.out, first.errors)
				}
				if first.errors != "" || !strings.Contains(strings.Join(strings.Fields(second.errors), " "), "2026-12-03 16:04 +0800") {
					t.Errorf("%s: fresh %q, stale %q", form, first.errors, second.errors)
				}
				if form != "json" && !strings.Contains(first.out, map[string]string{"en": "times are reckoned from then", "zh-CN": "时间均以此刻计算"}[lang]) {
					t.Errorf("%s, %s does not say when:\n%s", form, lang, first.out)
				}
			}
		}
	}
}

func TestSnapshotTooOld(t *testing.T) {
	dir := largeSite(t, 2)
	args := []string{"plan", "--dir", dir, "--against", filepath.Join(dir, "acme.snapshot"), "--max-age", "72h"}
	if got := callAt(observedAt().Add(72*time.Hour), args...); got.code != 0 || got.errors != "" {
		t.Errorf("not older: exit code %d\n%s", got.code, got.errors)
	}
	got := callAt(observedAt().Add(72*time.Hour+time.Second), args...)
	if got.code != 3 || got.out != "" || !strings.Contains(got.errors, "snapshot.old") || !strings.Contains(got.errors, "3 d old") {
		t.Errorf("older: exit code %d\n%s%s", got.code, got.out, got.errors)
	}
}

// The offset that a moment was written with stays, also where it happens to be
// the local one of that day.
func TestFixed(t *testing.T) {
	berlin := time.FixedZone("CET", 3600)
	at := fixed(time.Date(2026, 12, 3, 16, 4, 0, 0, berlin))
	if at.Format(momentForm) != "2026-12-03 16:04 +0100" || at.AddDate(0, 7, 0).Format(momentForm) != "2027-07-03 16:04 +0100" || at.Location() == time.Local {
		t.Error(at)
	}
}
