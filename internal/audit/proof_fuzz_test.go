package audit

import "testing"

// A file that is no proof is refused; nothing that anybody hands over as one ends the program.
func FuzzProof(f *testing.F) {
	for _, text := range []string{"", "{}", "null", `{"place":-1}`, `{"place":1e30}`, `{"head":"x","path":["AA=="],"leaf":{}}`, "[", "{\"unknown\":1}"} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, file []byte) {
		if _, err := parseProof(file); err == nil && len(file) > MaxProof {
			t.Error("longer than any proof, and taken")
		}
	})
}

func FuzzHead(f *testing.F) {
	for _, text := range []string{"", "sallyport\n1\nAAAA\n", "\n\n\n", "sallyport\n-1\nAAAA\n", "sallyport\n99999999999999999999\n\n"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		head, err := parseHead(text)
		if err == nil && head.Size < 0 {
			t.Errorf("%q has %d events", text, head.Size)
		}
	})
}
