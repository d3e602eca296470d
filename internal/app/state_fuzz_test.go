package app

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
)

// What a node has seen of the database is read as it was written, or the node does not start: a damaged file never
// passes for "nothing seen yet".
func FuzzSeen(f *testing.F) {
	for _, text := range []string{`{"epoch":2,"mark":77}`, "", "null", "{}", `{"epoch":null,"mark":1}`, `{"epoch":1}`, `{"epoch":-1,"mark":0}`, `{"epoch":1,"mark":2}{`, `{"epoch":1,"mark":2,"more":3}`, `{"epoch":1,"mark":2,"more":{"of":["the","next"]}}`, `{"epoch":1e3,"mark":1}`, `{"epoch":1,"mark":2,"system":"7","timeline":3}`, `{"epoch":1,"mark":2,"timeline":3}`, `{"epoch":1,"mark":2,"system":"7","timeline":-3}`, "[1,2]"} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		folder := t.TempDir()
		if err := os.WriteFile(filepath.Join(folder, stateFile), text, 0o600); err != nil {
			t.Fatal(err)
		}
		s, err := openState(folder)
		if err != nil {
			return
		}
		var fields map[string]any
		if err := json.Unmarshal(text, &fields); err != nil || len(fields) < 2 || s.seen.Epoch < 0 || s.seen.Mark < 0 {
			t.Fatalf("%q was read as %v", text, s.seen)
		}
		later := s.seen
		later.Mark++
		if later.Mark < 0 {
			return
		}
		if err := s.put(later); err != nil {
			t.Fatal(err)
		}
		if again, err := openState(folder); err != nil || again.seen != later {
			t.Errorf("%v became %v, %v", later, again, err)
		}
	})
}
