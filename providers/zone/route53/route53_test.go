package route53

import (
	"encoding/xml"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/mxmove/mxmove/providers/zone/vendor"
)

// Of the vendor's own test suite for signatures of version 4.
func TestTheVendorsOwnSuite(t *testing.T) {
	const session = "AQoDYXdzEPT//////////wEXAMPLEtc764bNrC9SAPBSM22wDOk4x4HIZ8j4FZTwdQWLWsKWHGBuFqwAeMicRXmxfpSPfIeoIYRqTflfKD8YUuwthAx7mSEI/qkPpKPi/kMcGdQrmGdeehM4IC1NtBmUpp2wUE8phUZampKsburEDy0KPkyQDYwT7WZ0wq5VSXDvp75YU9HFvlRd8Tx6q6fE8YQcHNVXAkiY9q6d+xo0rKwT38xVqr7ZD0u0iPPkUL64lIZbqBAz+scqKmlzm8FDrypNC9Yjc8fPOLn9FX9KSYvKTr4rvx3iSIlTJabIQwj2ICCR/oLxBA=="
	at := time.Date(2015, 8, 30, 12, 36, 0, 0, time.UTC)
	for _, c := range []struct{ method, url, session, want string }{
		{"GET", "https://example.amazonaws.com/", "", "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"},
		{"POST", "https://example.amazonaws.com/", "", "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"},
		{"GET", "https://example.amazonaws.com/?Param1=value1&Param2=value2", "", "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500"},
		{"POST", "https://example.amazonaws.com/", session, "85d96828115b5dc0cfc3bd16ad9e210dd772bbebba041836c64533a82be05ead"},
	} {
		more := ""
		if c.session != "" {
			more = ";x-amz-security-token"
		}
		req, err := http.NewRequest(c.method, c.url, nil)
		if err != nil {
			t.Fatal(err)
		}
		sign(req, nil, "us-east-1", "service", key{"AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", c.session}, at)
		want := "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, SignedHeaders=host;x-amz-date" + more + ", Signature=" + c.want
		if got := req.Header.Get("Authorization"); got != want {
			t.Errorf("%s %s: %s\nwant %s", c.method, c.url, got, want)
		}
	}
}

func TestWhatCodesMean(t *testing.T) {
	plain := func(code string) string {
		return `<?xml version="1.0"?><ErrorResponse xmlns="https://route53.amazonaws.com/doc/2013-04-01/"><Error><Type>Sender</Type><Code>` + code + `</Code><Message>m</Message></Error></ErrorResponse>`
	}
	batch := func(message string) string {
		return `<InvalidChangeBatch xmlns="https://route53.amazonaws.com/doc/2013-04-01/"><Messages><Message>[` + message + `]</Message></Messages></InvalidChangeBatch>`
	}
	for _, c := range []struct {
		status int
		body   string
		want   vendor.Kind
	}{
		{400, plain("Throttling"), vendor.Busy},
		{400, plain("PriorRequestNotComplete"), vendor.Busy},
		{500, plain("InternalFailure"), vendor.Lost},
		{404, plain("NoSuchHostedZone"), vendor.NoZone},
		{403, plain("SignatureDoesNotMatch"), vendor.Refused},
		{403, plain("AccessDenied"), vendor.Refused},
		{400, plain("InvalidInput"), vendor.Invalid},
		{200, plain("InternalFailure"), vendor.Lost},
		{400, batch("Tried to delete resource record set [name='a.', type='MX'] but the values provided do not match the current values"), vendor.Stale},
		{400, batch("Tried to create resource record set [name='a.', type='MX'] but it already exists"), vendor.Stale},
		{400, batch("Tried to delete resource record set [name='a.', type='MX'] but it was not found"), vendor.Stale},
		{400, batch("FATAL problem: InvalidCharacterString"), vendor.Invalid},
		{503, "<html>", vendor.Lost},
		{200, "no xml", vendor.Lost},
	} {
		if err := judge(c.status, []byte(c.body), &struct{ A string }{}); !vendor.Is(err, c.want) {
			t.Errorf("%s: %v, want %s", c.body, err, c.want)
		}
	}
}

// What was listed is removed by its own spelling; what is new has ours.
func TestSpellingsAreKept(t *testing.T) {
	ttl := uint32(300)
	was := records(set{Name: `\052.acme.test.`, Type: "MX", TTL: &ttl, ResourceRecords: &struct{ ResourceRecord []value }{[]value{{"10 Mx.Old.Test."}, {"020 b.old.test"}}}})
	if len(was) != 2 || was[0].Name != "*.acme.test" || was[0].Pref != 10 || was[0].Value != "mx.old.test" || was[1].Pref != 20 || was[1].Value != "b.old.test" {
		t.Fatalf("%+v", was)
	}
	e := vendor.Between(was, []vendor.Record{{Name: "*.acme.test", Type: "MX", Pref: 10, Value: "mx.old.test", TTL: 60}, {Name: "*.acme.test", Type: "MX", Pref: 5, Value: "new.test", TTL: 60}})
	before, after := setOf(e.Was), setOf(e.After())
	if got := fmt.Sprint(before.ResourceRecords.ResourceRecord, *before.TTL); got != "[{10 Mx.Old.Test.} {020 b.old.test}] 300" {
		t.Error(got)
	}
	if got := fmt.Sprint(after.ResourceRecords.ResourceRecord, *after.TTL); got != "[{10 Mx.Old.Test.} {5 new.test.}] 60" {
		t.Error(got)
	}
}

func TestTextsAreOctal(t *testing.T) {
	r := vendor.Record{Name: "a.test", Type: "TXT", Value: "v=\"1\" \\ é", TTL: 60}
	s := setOf([]vendor.Record{r})
	if got := s.ResourceRecords.ResourceRecord[0].Value; got != `"v=\"1\" \\ \303\251"` {
		t.Error(got)
	}
	if back := records(s); len(back) != 1 || back[0].Value != r.Value {
		t.Errorf("%+v", back)
	}
}

// Sets that are no plain values are marked.
func TestOddSets(t *testing.T) {
	var out struct{ S []set }
	err := xml.Unmarshal([]byte(`<R><S><Name>a.test.</Name><Type>MX</Type><SetIdentifier>one</SetIdentifier><Weight>0</Weight><TTL>60</TTL><ResourceRecords><ResourceRecord><Value>5 x.</Value></ResourceRecord></ResourceRecords></S>`+
		`<S><Name>a.test.</Name><Type>A</Type><AliasTarget><DNSName>Cdn.Test.</DNSName></AliasTarget></S><S><Name>b.test.</Name><Type>A</Type></S></R>`), &out)
	if err != nil {
		t.Fatal(err)
	}
	if got := records(out.S[0]); got[0].Odd != "SetIdentifier one" || got[0].Weight != 1 || got[0].TTL != 60 {
		t.Errorf("%+v", got)
	}
	if got := records(out.S[1]); got[0].Odd != "alias" || got[0].Value != "cdn.test" {
		t.Errorf("%+v", got)
	}
	if got := records(out.S[2]); got != nil {
		t.Errorf("%+v", got)
	}
}

func TestNoKeyIsPrinted(t *testing.T) {
	c := &Client{Zone: "acme.test", ID: "AKIA", Secret: "hunter2"}
	if s := fmt.Sprintf("%v %+v %#v %s", c, c, c, c); strings.Contains(s, "hunter2") || !strings.Contains(s, "acme.test") {
		t.Error(s)
	}
}
