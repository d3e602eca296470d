package totp_test

import (
	"testing"
	"time"

	"sallyport/internal/testkit/totp"
)

// The key and moments of RFC 6238 appendix B (SHA-1), cut to six digits.
func TestDigits(t *testing.T) {
	const key = "gezd gnbv gy3t qojq gezd gnbv gy3t qojq"
	for at, want := range map[int64]string{59: "287082", 1111111109: "081804", 20000000000: "353130"} {
		if got := totp.Digits(t, key, time.Unix(at, 0)); got != want {
			t.Errorf("at %d: %s, want %s", at, got, want)
		}
	}
}
