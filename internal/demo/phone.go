package demo

import (
	"encoding/json"
	"net/http"
	"time"
)

// newGateway is a text message gateway as many providers offer one: a JSON document by POST, a word in the answer.
func newGateway(phone *box, key string) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /messages", func(w http.ResponseWriter, r *http.Request) {
		var m struct{ To, Text, Reference string }
		if r.Header.Get("Authorization") != "Bearer "+key {
			http.Error(w, "who are you?", http.StatusUnauthorized)
			return
		}
		if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 64<<10)).Decode(&m); err != nil || m.To == "" || m.Text == "" {
			http.Error(w, "a number and a text are needed", http.StatusBadRequest)
			return
		}
		phone.add(message{At: time.Now(), To: m.To, Text: m.Text})
		w.Header().Set("Content-Type", "application/json")
		w.Write([]byte(`{"status": "accepted"}` + "\n"))
	})
	return mux
}
