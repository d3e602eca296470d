package config

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

const prefix = "SALLYPORT_"

// Unread says in words which variables of an environment, given as os.Environ gives it, begin like ours and are read by
// nothing: one sentence each, with the name that was probably meant. No value is in them.
func Unread(environment []string) []string {
	var out []string
	for _, entry := range environment {
		name, _, set := strings.Cut(entry, "=")
		if !set || !strings.HasPrefix(name, prefix) || slices.Contains(variables, name) || ofAService(name, environment) {
			continue
		}
		hint := `; "sallyport config" prints the keys that there are`
		if near := nearest(name); near != "" {
			hint = ": " + near + " may be meant"
		}
		out = append(out, fmt.Sprintf("the environment variable %s is none of Sallyport's and is passed over%s", name, hint))
	}
	slices.Sort(out)
	return out
}

// variables are the names that are read.
var variables = func() []string {
	out := []string{fileVariable}
	for _, k := range keys {
		out = append(out, k.Env())
	}
	return out
}()

// service is what Kubernetes sets in each container for a service of the name sallyport, or one that begins with it.
var service = regexp.MustCompile(`^` + prefix + `([A-Z0-9_]+_)?(SERVICE_HOST|SERVICE_PORT(_[A-Z0-9_]+)?|PORT_[0-9]+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)$`)

// ofAService reports whether Kubernetes has set name. Of a service with a longer name, the one that says no more than
// PORT counts only beside its HOST: by itself it is somebody's LISTEN_PORT.
func ofAService(name string, environment []string) bool {
	if name == prefix+"PORT" || service.MatchString(name) {
		return true
	}
	of, is := strings.CutSuffix(name, "_PORT")
	return is && slices.ContainsFunc(environment, func(entry string) bool { return strings.HasPrefix(entry, of+"_SERVICE_HOST=") })
}

// nearest is the variable that differs from name by little for its length, empty where none does.
func nearest(name string) string {
	found, least := "", 0
	for _, known := range variables {
		length := len(known) - len(prefix)
		n := edits(strings.ToUpper(name), known)
		if n <= min(3, max(1, length/3)) && (found == "" || n < least) {
			found, least = known, n
		}
	}
	return found
}

// edits is how many letters must be put in, left out or replaced to make b of a (Levenshtein).
func edits(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		corner := row[0]
		row[0] = i + 1
		for j := range len(b) {
			replaced := corner
			if a[i] != b[j] {
				replaced++
			}
			corner = row[j+1]
			row[j+1] = min(replaced, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
