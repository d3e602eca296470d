package store

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"time"
	"unicode/utf8"

	"sallyport"
)

// errText is the answer to text that one of the engines could not store: both refuse it alike.
var errText = sallyport.E(sallyport.Invalid, "bad_text", "This text has characters that cannot be stored.")

// micros is t as it is stored: microseconds UTC, 0 for the zero time.
func micros(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

// moment is the time that us stands for.
func moment(us int64) time.Time {
	if us == 0 {
		return time.Time{}
	}
	return time.UnixMicro(us).UTC()
}

// stamp reads stored microseconds into a time.
type stamp struct{ at *time.Time }

// Scan implements sql.Scanner.
func (s stamp) Scan(v any) error {
	us, ok := v.(int64)
	if !ok {
		return fmt.Errorf("store: a time is stored as %T", v)
	}
	*s.at = moment(us)
	return nil
}

// token reads a stored hash; empty stands for the zero one.
type token struct{ hash *sallyport.Hash }

// Scan implements sql.Scanner.
func (t token) Scan(v any) error {
	b, ok := v.([]byte)
	switch {
	case v == nil || ok && len(b) == 0:
		*t.hash = sallyport.Hash{}
		return nil
	case !ok || len(b) != len(t.hash):
		return fmt.Errorf("store: a hash is stored as %T of %d bytes", v, len(b))
	}
	copy(t.hash[:], b)
	return nil
}

// owner reads a technician's id where NULL stands for nobody.
type owner struct{ id *sallyport.TechnicianID }

// Scan implements sql.Scanner.
func (o owner) Scan(v any) error {
	switch v := v.(type) {
	case nil:
		*o.id = ""
	case string:
		*o.id = sallyport.TechnicianID(v)
	default:
		return fmt.Errorf("store: an id is stored as %T", v)
	}
	return nil
}

// orNull is a technician's id for a column where NULL stands for nobody.
func orNull(id sallyport.TechnicianID) any {
	if id == "" {
		return nil
	}
	return string(id)
}

// bind turns arguments into what the driver takes: times into microseconds, hashes into bytes, nil bytes into empty
// ones (no column holds NULL by accident), and refuses text that is not UTF-8 or has a NUL.
func bind(a args) ([]any, error) {
	for i, v := range a {
		switch v := v.(type) {
		case nil, int64, bool, [][]byte, []int64: // lists are for PostgreSQL alone
		case string:
			if !storable(v) {
				return nil, errText
			}
		case int:
			a[i] = int64(v)
		case []byte:
			if v == nil {
				a[i] = []byte{}
			}
		case time.Time:
			a[i] = micros(v)
		case sallyport.Hash:
			a[i] = hashBytes(v)
		default:
			plain, err := bindNamed(v)
			if err != nil {
				return nil, err
			}
			a[i] = plain
		}
	}
	return a, nil
}

func bindNamed(v any) (any, error) {
	switch r := reflect.ValueOf(v); r.Kind() {
	case reflect.String:
		if !storable(r.String()) {
			return nil, errText
		}
		return r.String(), nil
	case reflect.Int, reflect.Int64:
		return r.Int(), nil
	}
	return nil, errInternal.Because(fmt.Errorf("store: no way to store a %T", v))
}

func hashBytes(h sallyport.Hash) []byte {
	if h == (sallyport.Hash{}) {
		return []byte{}
	}
	return h[:]
}

func storable(s string) bool { return utf8.ValidString(s) && strings.IndexByte(s, 0) < 0 }

// encode stores a map or list as JSON, the empty one as "".
func encode[T map[string]string | []string](v T) (string, error) {
	if reflect.ValueOf(v).Len() == 0 {
		return "", nil
	}
	b, err := json.Marshal(v)
	if err != nil {
		return "", errInternal.Because(err)
	}
	return string(b), nil
}

// encodeText is encode for a map of texts that came from outside: JSON would quietly mend what must be refused.
func encodeText(m map[string]string) (string, error) {
	for k, v := range m {
		if !storable(k) || !storable(v) {
			return "", errText
		}
	}
	return encode(m)
}

func decode[T any](s string) (T, error) {
	var v T
	if s == "" {
		return v, nil
	}
	if err := json.Unmarshal([]byte(s), &v); err != nil {
		return v, fmt.Errorf("store: stored JSON: %w", err)
	}
	return v, nil
}

// fold makes texts comparable without regard to case, the same on both engines.
func fold(parts ...string) string { return lower(strings.Join(parts, " ")) }

// foldText is fold for a search column: parts are kept apart, so that no match reaches over two of them.
func foldText(parts ...string) string { return lower(strings.Join(parts, "\n")) }

// lower leaves broken UTF-8 as it is, for bind to refuse: strings.ToLower would mend it.
func lower(s string) string {
	if !utf8.ValidString(s) {
		return s
	}
	return strings.ToLower(s)
}

var wildcards = strings.NewReplacer("!", "!!", "%", "!%", "_", "!_")

// searchLimit is the longest text that may be searched for, in bytes: the 100 characters that the pages take, in any writing.
const searchLimit = 300

// contains is the pattern for LIKE … ESCAPE '!' that finds text literally in a folded column.
func contains(text string) (string, error) {
	if len(text) > searchLimit {
		return "", sallyport.InvalidField("search", "Please search for a shorter text.")
	}
	return "%" + wildcards.Replace(lower(text)) + "%", nil
}
