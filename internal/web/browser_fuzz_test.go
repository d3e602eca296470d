package web

import (
	"slices"
	"strings"
	"testing"
)

// Nothing of what a browser says of itself comes out but words of ours.
func FuzzBrowserName(f *testing.F) {
	for _, agent := range []string{"", "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0", "curl/8.5", "Firefox\x00<script>",
		strings.Repeat("Windows", 500), "\xff\xfeEdg/Chrome Safari iPhone"} {
		f.Add(agent)
	}
	f.Fuzz(func(t *testing.T, agent string) {
		browser, system, _ := strings.Cut(browserName(agent), " on ")
		known := func(word string, signs []sign) bool {
			return slices.ContainsFunc(signs, func(s sign) bool { return s.name == word })
		}
		if browser != "Unknown browser" && !known(browser, browsers) || system != "" && !known(system, systems) {
			t.Errorf("%q came out as %q on %q", agent, browser, system)
		}
	})
}
