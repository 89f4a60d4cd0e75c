package saturday

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

var update = flag.Bool("update", false, "write the transcripts in examples/")

// transcript is what a person typed and saw.
type transcript struct {
	w     *world
	lang  string
	began time.Time
	more  []string // what else is replaced, by what
	text  strings.Builder
}

// file is shown as by cat.
func (s *transcript) file(name string) {
	b, err := os.ReadFile(filepath.Join(s.w.dir, name))
	if err != nil {
		s.w.t.Fatal(err)
	}
	fmt.Fprintf(&s.text, "$ cat %s\n%s\n", name, b)
}

// run runs the program, which must succeed.
func (s *transcript) run(args ...string) {
	s.w.t.Helper()
	fmt.Fprintf(&s.text, "$ mxmove %s\n%s\n", strings.Join(args, " "), s.w.must(append(args, "--lang", s.lang)...))
}

// answered runs the program at a terminal, where the plan's number is typed
// when it asks for that. It ends where only the tail is left.
func (s *transcript) answered(args ...string) {
	w, t := s.w, s.w.t
	t.Helper()
	run := w.command(append(args, "--lang", s.lang)...)
	soon, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(soon, "script", "-qec", strings.Join(run.Args, " "), "/dev/null")
	cmd.Dir, cmd.Env = run.Dir, append(run.Env, "SHELL=/bin/sh")
	keys, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	term := &terminal{asks: regexp.MustCompile(`([0-9a-f]{4}-[0-9a-f]{4})[^:：]*[:：] $`), keys: keys}
	cmd.Stdout, cmd.Stderr = term, term
	err = cmd.Run()
	if exit := (*exec.ExitError)(nil); !errors.As(err, &exit) || exit.ExitCode() != 4 || !term.typed {
		t.Fatalf("mxmove %s: %v, typed %v\n%s", strings.Join(args, " "), err, term.typed, &term.text)
	}
	fmt.Fprintf(&s.text, "$ mxmove %s\n%s\n", strings.Join(args, " "), strings.ReplaceAll(term.text.String(), "\r", ""))
}

// terminal is the person in front of one.
type terminal struct {
	asks  *regexp.Regexp
	keys  io.Writer
	text  bytes.Buffer
	typed bool
}

func (p *terminal) Write(b []byte) (int, error) {
	n, err := p.text.Write(b)
	if found := p.asks.FindSubmatch(p.text.Bytes()); !p.typed && err == nil && found != nil {
		p.typed = true
		_, err = p.keys.Write(append(found[1], '\n'))
	}
	return n, err
}

// holds fails unless a file shows what was seen: each kind of line in one is
// in the other, whatever the numbers, the order, and what came by chance.
func (s *transcript) holds(name string) {
	t := s.w.t
	t.Helper()
	seen := s.fair()
	if *update {
		if err := os.WriteFile(name, []byte(seen), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	is, shown := shapes(seen), shapes(string(b))
	for _, shape := range slices.Sorted(maps.Keys(is)) {
		if _, ok := shown[shape]; !ok {
			t.Errorf("%s lacks: %s", name, is[shape])
		}
	}
	for _, shape := range slices.Sorted(maps.Keys(shown)) {
		if _, ok := is[shape]; !ok {
			t.Errorf("%s shows what was not seen: %s", name, shown[shape])
		}
	}
}

// evening is when the transcript's run begins.
var evening = time.Date(2026, 12, 5, 20, 0, 0, 0, time.UTC)

var (
	stamps = []struct {
		form *regexp.Regexp
		as   string
	}{
		{regexp.MustCompile(`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ`), "2006-01-02T15:04:05Z"},
		{regexp.MustCompile(`\d{8}T\d{6}Z`), "20060102T150405Z"},
		{regexp.MustCompile(`[A-Z][a-z][a-z] \d{4}-\d\d-\d\d \d\d:\d\d`), "Mon 2006-01-02 15:04"},
		{regexp.MustCompile(`\d{4}-\d\d-\d\d \d\d:\d\d:\d\d`), "2006-01-02 15:04:05"},
		{regexp.MustCompile(`at \d\d:\d\d:\d\d`), "at 15:04:05"},
		{regexp.MustCompile(`\d\d:\d\d:\d\d 再`), "15:04:05 再"},
		{regexp.MustCompile(`until \d{4}-\d\d-\d\d \d\d:\d\d \+`), "until 2006-01-02 15:04 +"},
		{regexp.MustCompile(`至 \d{4}-\d\d-\d\d \d\d:\d\d \+`), "至 2006-01-02 15:04 +"},
	}
	chinese = regexp.MustCompile(`(\d{4}-\d\d-\d\d) 周. (\d\d:\d\d)`)
	prefix  = regexp.MustCompile(`(?m)^\d\d:\d\d `)
	ours    = []struct {
		form *regexp.Regexp
		as   string
	}{
		{regexp.MustCompile(`\b[0-9a-f]{4}-[0-9a-f]{4}\b`), "7c1e-44b8"},
		{regexp.MustCompile(`pid \d+`), "pid 8812"},
		{regexp.MustCompile(`\b[0-9a-f]{32}\b`), "8f3a6c0d5b2e49718f3a6c0d5b2e4971"},
		{regexp.MustCompile(`\b[0-9a-f]{64}\b`), strings.Repeat("5e3d0f71", 8)},
		{regexp.MustCompile(`\b[0-9a-f]{16}\b`), "5e3d0f715e3d0f71"},
		{regexp.MustCompile(`进程 \d+`), "进程 8812"},
		{regexp.MustCompile(`(spec|配置) [0-9a-f]{6}\b`), "$1 07ab3e"},
		{regexp.MustCompile(`root@[A-Za-z0-9._-]+`), "zhang.wei@pc-07"},
	}
)

// fair is the text with the run's own times, numbers and names taken out.
func (s *transcript) fair() string {
	text, shift := s.text.String(), evening.Sub(s.began.UTC().Truncate(time.Minute))
	text = strings.NewReplacer(append([]string{s.w.dir, "/srv/acme", strconv.Itoa(s.w.source.TLSPort), "10993", strconv.Itoa(s.w.target.TLSPort), "20993"}, s.more...)...).Replace(text)
	for _, o := range ours {
		text = o.form.ReplaceAllString(text, o.as)
	}
	move := func(as string) func(string) string {
		return func(old string) string {
			at, err := time.Parse(as, old)
			if err != nil {
				return old // it only looks like a moment
			}
			return at.Add(shift).Format(as)
		}
	}
	text = chinese.ReplaceAllStringFunc(text, func(old string) string {
		m := chinese.FindStringSubmatch(old)
		at, err := time.Parse("2006-01-02 15:04", m[1]+" "+m[2])
		if err != nil {
			return old
		}
		at = at.Add(shift)
		return at.Format("2006-01-02 ") + "周" + string([]rune("日一二三四五六")[at.Weekday()]) + at.Format(" 15:04")
	})
	text = prefix.ReplaceAllStringFunc(text, move("15:04 "))
	for _, f := range stamps {
		text = f.form.ReplaceAllStringFunc(text, move(f.as))
	}
	return text
}

var (
	numbers = regexp.MustCompile(`<?\d[\d,.:]*`)
	units   = regexp.MustCompile(`0 (B|KiB|MiB)\b`)
	spans   = regexp.MustCompile(`0 ?[dhms天时分秒](?: 0 ?[dhms天时分秒])*`)
	spaces  = regexp.MustCompile(`[\s-]+`)
	looked  = regexp.MustCompile(`(\(|（)[^()（）]*(ago\)|前）)`)
	took    = regexp.MustCompile(`(?m)(: done|：完成)(,| in|，用时) [0-9][^;；]*$`)
	cached  = regexp.MustCompile(`(acme\.test.*0s)[:：].*`)
	// chance is what depends on how fast the machine is.
	chance = regexp.MustCompile(`KiB/s|B/s|nothing new|without anything new|没有新内容|not there yet|尚未就绪|looks again|再查看|\d of \d+ steps|\d/\d+ 步，`)
	label  = regexp.MustCompile(`^(\d\d:\d\d) +[\d/,-]* `)
)

// shapes are the kinds of sentence of a text, each with one that is so: where
// a line is broken depends on its numbers.
func shapes(text string) map[string]string {
	text = strings.ReplaceAll(text, "\n本命令", "   本命令")
	var whole []string
	skipped := false
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\n")
		if n := len(whole); n > 0 && strings.HasPrefix(line, "    ") {
			if !skipped {
				whole[n-1] += " " + strings.TrimSpace(line)
			}
		} else if skipped = chance.MatchString(line); !skipped {
			whole = append(whole, line)
		}
	}
	all := map[string]string{}
	for _, line := range whole {
		s := took.ReplaceAllString(looked.ReplaceAllString(label.ReplaceAllString(line, "$1 "), ""), "$1")
		s = numbers.ReplaceAllString(strings.ReplaceAll(s, "不到 ", ""), "0")
		s = spans.ReplaceAllString(units.ReplaceAllString(s, "0 B"), "0s")
		s = cached.ReplaceAllString(strings.ReplaceAll(s, "messages", "message"), "$1")
		all[spaces.ReplaceAllString(s, "")] = line
	}
	return all
}
