package alidns

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/mxmove/mxmove/providers/zone/vendor"
)

// The vendor's published example of ACS3-HMAC-SHA256.
func TestTheVendorsOwnExample(t *testing.T) {
	q := query(map[string]string{"RegionId": "cn-shanghai", "ImageId": "win2019_1809_x64_dtc_zh-cn_40G_alibase_20230811.vhd"})
	req, err := http.NewRequest(http.MethodPost, "https://ecs.cn-shanghai.aliyuncs.com/?"+q, nil)
	if err != nil {
		t.Fatal(err)
	}
	sign(req, call{"RunInstances", "2014-05-26", "3156853299f313e23d1673dc12e1703d", "YourAccessKeyId", "YourAccessKeySecret", "",
		time.Date(2023, 10, 26, 10, 22, 32, 0, time.UTC)})
	want := "ACS3-HMAC-SHA256 Credential=YourAccessKeyId,SignedHeaders=host;x-acs-action;x-acs-content-sha256;x-acs-date;x-acs-signature-nonce;x-acs-version," +
		"Signature=06563a9e1b43f5dfe96b81484da74bceab24a1d853912eee15083a6f0f3283c0"
	if got := req.Header.Get("Authorization"); got != want {
		t.Errorf("%s\nwant %s", got, want)
	}
}

// RFC 3986 leaves only these as they are.
func TestParametersAreEscaped(t *testing.T) {
	got := query(map[string]string{"Value": `v=spf1 a:b.c ~all*+"é"`, "RR": "@", "A-b_c.d~e": "z"})
	want := "A-b_c.d~e=z&RR=%40&Value=v%3Dspf1%20a%3Ab.c%20~all%2A%2B%22%C3%A9%22"
	if got != want {
		t.Errorf("%s\nwant %s", got, want)
	}
}

func TestWhatCodesMean(t *testing.T) {
	for code, want := range map[string]vendor.Kind{
		"Throttling.User":             vendor.Busy,
		"Throttling":                  vendor.Busy,
		"ServiceUnavailable":          vendor.Lost,
		"UnKnownError":                vendor.Lost,
		"DomainRecordDuplicate":       vendor.Duplicate,
		"DomainRecordLocked":          vendor.Locked,
		"DomainForbidden":             vendor.Locked,
		"DomainRecordNotBelongToUser": vendor.Stale,
		"InvalidDomainName.NoExist":   vendor.NoZone,
		"IncorrectDomainUser":         vendor.NoZone,
		"InvalidAccessKeyId.NotFound": vendor.Refused,
		"SignatureDoesNotMatch":       vendor.Refused,
		"InvalidTimeStamp.Expired":    vendor.Refused,
		"Forbidden.RAM":               vendor.Refused,
		"QuotaExceeded.TTL":           vendor.Invalid,
		"DomainRecordConflict":        vendor.Invalid,
	} {
		err := judge([]byte(`{"RequestId":"r","Code":"`+code+`","Message":"of the test"}`), nil)
		if !vendor.Is(err, want) || !strings.Contains(err.Error(), code) {
			t.Errorf("%s: %v, want %s", code, err, want)
		}
	}
	if err := judge([]byte("<html>"), nil); !vendor.Is(err, vendor.Lost) {
		t.Errorf("%v", err)
	}
	if err := judge([]byte(`{"RequestId":"r","MinTtl":"x"}`), &struct{ MinTtl int }{}); !vendor.Is(err, vendor.Lost) {
		t.Errorf("%v", err)
	}
}

func TestNoKeyIsPrinted(t *testing.T) {
	c := &Client{Zone: "acme.test", ID: "LTAI", Secret: "hunter2"}
	if s := fmt.Sprintf("%v %+v %#v %s", c, c, c, c); strings.Contains(s, "hunter2") || !strings.Contains(s, "acme.test") {
		t.Error(s)
	}
}
