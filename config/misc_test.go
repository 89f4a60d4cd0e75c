package config

import (
	"os"
	"testing"
)

func catalogueSource(t *testing.T) string {
	t.Helper()
	b, err := os.ReadFile("text/catalogue/config.txt")
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
