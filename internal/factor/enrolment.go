package factor

import "crypto/rand"

const (
	enrolmentBytes   = 5 // 40 bits, which NIST SP 800-63B-4 section 4.1.2.2 asks of a binding code
	enrolmentLetters = 8
	enrolmentGroup   = 4
)

// NewEnrolmentCode makes a code of 40 random bits to be read out: XXXX-XXXX, without look-alikes.
func NewEnrolmentCode() string {
	var b [enrolmentBytes]byte
	rand.Read(b[:])
	return grouped(letterEncoding.EncodeToString(b[:]), enrolmentGroup, "-")
}

// CanonicalEnrolment brings a typed enrolment code to its 8 letters and digits, false when it has not that form.
func CanonicalEnrolment(typed string) (string, bool) {
	return canonicalLetters(typed, enrolmentLetters)
}
