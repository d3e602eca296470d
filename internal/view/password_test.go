package view

import (
	"regexp"
	"strconv"
	"testing"
)

// TestPasswordsAreNotCut: a browser cuts what is pasted at maxlength, without a word, and counts UTF-16 units before NFC. So a
// field for a new password takes as much as that of the sign-in, and the longest password that is permitted fits into both.
func TestPasswordsAreNotCut(t *testing.T) {
	r, err := New()
	if err != nil {
		t.Fatal(err)
	}
	const longest, units = 256, 4 // letters that are typed in four units or fewer, such as an emoji or one with three marks
	input, most, found := regexp.MustCompile(`<input[^>]* type="password"[^>]*>`), regexp.MustCompile(`maxlength="(\d+)"`), 0
	for name, page := range doors() {
		body, err := r.Bytes(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, field := range input.FindAllString(string(body), -1) {
			found++
			if m := most.FindStringSubmatch(field); m != nil {
				if n, err := strconv.Atoi(m[1]); err != nil || n < longest*units {
					t.Errorf("%s: %s", name, field)
				}
			}
		}
	}
	if found == 0 {
		t.Error("no page asks for a password")
	}
}
