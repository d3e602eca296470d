package factor

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha1"
	"crypto/subtle"
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"
)

// What every authenticator app understands (RFC 6238 with SHA-1, the only hash that all of them know).
const (
	Period       = 30 * time.Second
	secretSize   = 20 // bytes, the length of the hash (RFC 4226 section 4, R6)
	secretLeast  = 16 // bytes; anything shorter matches nothing
	digits       = 6
	hintSteps    = 10 // steps to either side that FindOffset looks at: 5 minutes
	mostAside    = 2
	modulus      = 1_000_000
	labelMost    = 64 // bytes of issuer and of account in an otpauth address, so that the QR code stays small
	groupLetters = 4
)

var secretEncoding = base32.StdEncoding.WithPadding(base32.NoPadding)

// NewSecret makes a TOTP secret of 20 random bytes.
func NewSecret() []byte {
	b := make([]byte, secretSize)
	rand.Read(b)
	return b
}

// StepAt is the TOTP step that t lies in (RFC 6238 section 4.2, T0 = 0).
func StepAt(t time.Time) int64 {
	s := t.Unix()
	period := int64(Period / time.Second)
	if s < 0 {
		return -1 // a clock before 1970 matches nothing
	}
	return s / period
}

// StepTime is when a TOTP step begins.
func StepTime(step int64) time.Time { return time.Unix(0, 0).Add(time.Duration(step) * Period) }

// Digits is the 6-digit code of one step (RFC 4226 section 5.3).
func Digits(secret []byte, step int64) string {
	h := hmac.New(sha1.New, secret)
	h.Write(binary.BigEndian.AppendUint64(nil, uint64(step)))
	sum := h.Sum(nil)
	at := sum[len(sum)-1] & 0x0f
	n := binary.BigEndian.Uint32(sum[at:]) & 0x7fffffff
	return fmt.Sprintf("%0*d", digits, n%modulus)
}

// Window says which steps a code may belong to.
type Window struct {
	Now      time.Time
	Offset   int   // steps that the phone's clock is known to be ahead; negative when behind
	Aside    int   // steps looked at to either side: 0 to 2
	LastStep int64 // the newest step that was used: only newer ones match
}

// Match looks for the step of the window that code belongs to: the newest right one above LastStep, for a code may
// repeat in neighbouring steps and each step works once. It computes and compares every step whatever it finds. Code
// must be canonical; a secret of less than 16 bytes matches nothing.
func Match(secret []byte, code string, at Window) (step int64, ok bool) {
	aside := int64(min(max(at.Aside, 0), mostAside))
	middle := StepAt(at.Now) + int64(at.Offset)
	for s := middle - aside; s <= middle+aside; s++ {
		if right(secret, code, s) && s > at.LastStep {
			step, ok = s, true
		}
	}
	return step, ok
}

// right computes and compares one step, in constant time. Steps before 1970 are never right.
func right(secret []byte, code string, step int64) bool {
	same := subtle.ConstantTimeCompare([]byte(Digits(secret, step)), []byte(code)) == 1
	return same && step >= 0 && len(secret) >= secretLeast
}

// FindOffset tells how many steps the clock of the phone that shows code is ahead of now, up to 5 minutes to either
// side; the closest one wins, and of two equally close ones the one ahead. It serves the hint that a clock is off and
// is no proof: one code is right somewhere in 21 steps for one guess in 47,600.
func FindOffset(secret []byte, code string, now time.Time) (offset int, step int64, ok bool) {
	middle := StepAt(now)
	for distance := hintSteps; distance >= 0; distance-- { // the last one found is the closest
		for _, o := range []int{-distance, distance} {
			if s := middle + int64(o); right(secret, code, s) {
				offset, step, ok = o, s, true
			}
		}
	}
	return offset, step, ok
}

// URI is the otpauth address that the QR code holds and that opens an app on the same phone (Key Uri Format). Colons,
// which separate the parts of a label, become spaces; what is very long is cut, for an app only shows it.
func URI(issuer, account string, secret []byte) string {
	issuer, account = label(issuer), label(account)
	name := escape(account)
	query := "?secret=" + secretEncoding.EncodeToString(secret)
	if issuer != "" {
		name = escape(issuer) + ":" + name
		query += "&issuer=" + escape(issuer)
	}
	return "otpauth://totp/" + name + query + "&algorithm=SHA1&digits=6&period=30"
}

func label(s string) string {
	s = strings.Join(strings.Fields(strings.ReplaceAll(strings.ToValidUTF8(s, ""), ":", " ")), " ")
	for len(s) > labelMost {
		_, size := utf8.DecodeLastRuneInString(s)
		s = s[:len(s)-size]
	}
	return s
}

// escape percent-encodes all but RFC 3986's unreserved characters. Apps differ in what they make of a plus sign, so
// neither url.QueryEscape nor url.PathEscape will do.
func escape(s string) string {
	var b strings.Builder
	for _, c := range []byte(s) {
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', strings.IndexByte("-._~", c) >= 0:
			b.WriteByte(c)
		default:
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}

// Group is the secret as people type it into an app: base32 (RFC 4648) in groups of four.
func Group(secret []byte) string {
	return grouped(secretEncoding.EncodeToString(secret), groupLetters, " ")
}

func grouped(s string, size int, between string) string {
	var parts []string
	for len(s) > size {
		parts = append(parts, s[:size])
		s = s[size:]
	}
	return strings.Join(append(parts, s), between)
}
