package render

import (
	"io"
	"testing"

	"github.com/mxmove/mxmove/config/text"
)

// BenchmarkMany writes a plan for 10,000 mailboxes in each form.
func BenchmarkMany(b *testing.B) {
	plan, cat := manySite(), text.Load(text.English)
	for _, f := range []form{{"text", "", Plan}, {"comment", "", Markdown}, {"runsheet", "", HTML}} {
		b.Run(f.name, func(b *testing.B) {
			for b.Loop() {
				if err := f.show(io.Discard, cat, plan, options(100)); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
