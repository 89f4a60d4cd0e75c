package dnspod

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/mxmove/mxmove/providers/zone/vendor"
)

// The vendor's published example of TC3-HMAC-SHA256, with its published key.
func TestTheVendorsOwnExample(t *testing.T) {
	body := []byte(`{"Limit": 1, "Filters": [{"Values": ["\u672a\u547d\u540d"], "Name": "instance-name"}]}`)
	req, err := http.NewRequest(http.MethodPost, "https://cvm.tencentcloudapi.com/", nil)
	if err != nil {
		t.Fatal(err)
	}
	sign(req, body, "cvm", "AKIDz8krbsJ5yKBZQpn74WFkmLPx3EXAMPLE", "Gu5t9xGARNpq86cd98joQYCN3EXAMPLE", time.Unix(1551113065, 0))
	want := "TC3-HMAC-SHA256 Credential=AKIDz8krbsJ5yKBZQpn74WFkmLPx3EXAMPLE/2019-02-25/cvm/tc3_request, SignedHeaders=content-type;host, " +
		"Signature=72e494ea809ad7a8c8f7a4507b9bddcbaa8e581f516e8da2f66e2c5a96525168"
	if got := req.Header.Get("Authorization"); got != want {
		t.Errorf("%s\nwant %s", got, want)
	}
}

func TestWhatCodesMean(t *testing.T) {
	for code, want := range map[string]vendor.Kind{
		"RequestLimitExceeded":                                vendor.Busy,
		"RequestLimitExceeded.RequestLimitExceeded":           vendor.Busy,
		"InternalError":                                       vendor.Lost,
		"InvalidParameter.DomainRecordExist":                  vendor.Duplicate,
		"InvalidParameter.RecordIdInvalid":                    vendor.Stale,
		"FailedOperation.DomainIsLocked":                      vendor.Locked,
		"InvalidParameterValue.DomainNotExists":               vendor.NoZone,
		"AuthFailure.SignatureExpire":                         vendor.Refused,
		"UnauthorizedOperation":                               vendor.Refused,
		"LimitExceeded.FailedLoginLimitExceeded":              vendor.Refused,
		"LimitExceeded.RecordTtlLimit":                        vendor.Invalid,
		"InvalidParameter.MxInvalid":                          vendor.Invalid,
		"OperationDenied.NoPermissionToOperateDomain":         vendor.NoZone,
		"InvalidParameter.DomainNotAllowedModifyRecords":      vendor.Locked,
		"FailedOperation.UnknowError":                         vendor.Lost,
		"FailedOperation.NotRealNamedUser":                    vendor.Refused,
		"SomethingThatNobodyHasSeenYet.InAnyOfTheirDocuments": vendor.Invalid,
	} {
		err := judge([]byte(`{"Response":{"Error":{"Code":"`+code+`","Message":"of the test"},"RequestId":"r"}}`), nil)
		if !vendor.Is(err, want) || !strings.Contains(err.Error(), code) {
			t.Errorf("%s: %v, want %s", code, err, want)
		}
	}
	if err := judge([]byte("<html>"), nil); !vendor.Is(err, vendor.Lost) {
		t.Errorf("%v", err)
	}
	if err := judge([]byte(`{"Response":{"RecordList":7}}`), &struct{ RecordList []row }{}); !vendor.Is(err, vendor.Lost) {
		t.Errorf("%v", err)
	}
}

func TestNoKeyIsPrinted(t *testing.T) {
	c := &Client{Zone: "acme.test", ID: "AKID", Secret: "hunter2"}
	if s := fmt.Sprintf("%v %+v %#v %s", c, c, c, c); strings.Contains(s, "hunter2") || !strings.Contains(s, "acme.test") {
		t.Error(s)
	}
}

// An id that is no number, of whoever's making, is not sent.
func TestIDsAreNumbers(t *testing.T) {
	c := &Client{Zone: "acme.test"}
	for _, e := range []vendor.Edit{{Modify: []vendor.Record{{ID: "x"}}}, {Delete: []vendor.Record{{ID: "x"}}}} {
		if err := c.Apply(t.Context(), e); !vendor.Is(err, vendor.Invalid) {
			t.Errorf("%v", err)
		}
	}
	if err := c.Apply(t.Context(), vendor.Edit{}); err != nil {
		t.Errorf("nothing to do: %v", err)
	}
}
