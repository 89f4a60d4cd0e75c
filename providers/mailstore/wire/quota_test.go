package wire

import (
	"context"
	"testing"
)

func TestQuota(t *testing.T) {
	for said, want := range map[string]Quota{
		`* QUOTA "User quota" (STORAGE 10 512)`:                    {10 << 10, 512 << 10},
		`* QUOTA "" (MESSAGE 3 1000 STORAGE 10 512)`:               {10 << 10, 512 << 10},
		"* QUOTA a (STORAGE 1 512)\nS: * QUOTA b (STORAGE 90 100)": {90 << 10, 100 << 10},
		`* QUOTA a ()`:                                  {},
		`* QUOTA a (STORAGE 0 0)`:                       {},
		`* QUOTA a (STORAGE x y)`:                       {},
		`* QUOTA a ((STORAGE) 1 2`:                      {},
		`* QUOTA a (STORAGE 1 99999999999999999999999)`: {},
		`* QUOTA a`:                                     {},
		`* OK nothing to tell`:                          {},
	} {
		c := talk(t, "IMAP4rev1 QUOTA", "C: w1 GETQUOTAROOT INBOX\nS: * QUOTAROOT INBOX a\nS: "+said+"\nS: w1 OK")
		if got, err := c.Quota(context.Background()); err != nil || got != want {
			t.Errorf("%s: %+v %v, want %+v", said, got, err, want)
		}
	}
	if got, err := talk(t, "IMAP4rev1 QUOTA", "C: w1 GETQUOTAROOT INBOX\nS: w1 NO not yours").Quota(context.Background()); err != nil || got != (Quota{}) {
		t.Errorf("refused: %+v %v", got, err)
	}
	if got, err := talk(t, "IMAP4rev1", "").Quota(context.Background()); err != nil || got != (Quota{}) {
		t.Errorf("without QUOTA: %+v %v", got, err)
	}
}
