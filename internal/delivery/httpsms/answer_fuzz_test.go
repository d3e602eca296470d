package httpsms

import (
	"errors"
	"strings"
	"testing"

	"sallyport"
)

// An answer is a success only below 300, with the words of success where there are any and without those of failure; every
// other answer is a SendError that repeats nothing of it.
func FuzzJudge(f *testing.F) {
	f.Add(200, "OK", "OK", "ERROR", false)
	f.Add(200, "ERROR 123456", "", "ERROR", false)
	f.Add(200, "half", "OK", "", true)
	f.Add(302, "", "", "", false)
	f.Add(500, "OK", "OK", "", false)
	f.Add(0, "", "", "", false)
	f.Fuzz(func(t *testing.T, status int, answer, okText, badText string, broken bool) {
		var cut error
		if broken {
			cut = errors.New("broke off")
		}
		err := (&Sender{okText: okText, badText: badText}).judge(status, answer, cut)
		if err == nil {
			if status < 200 || status > 299 || !strings.Contains(answer, okText) || badText != "" && strings.Contains(answer, badText) {
				t.Errorf("%d %q is taken for a success", status, answer)
			}
			return
		}
		var failed *sallyport.SendError
		if !errors.As(err, &failed) || failed.Hint == "" || len(answer) > 60 && strings.Contains(err.Error(), answer) {
			t.Errorf("%d %q: %v", status, answer, err)
		}
	})
}

// A body that is taken can be filled with anything, and what is filled in stands in it as a value alone.
func FuzzTemplate(f *testing.F) {
	f.Add("json", `{"to":"{to}","text":"{text}"}`)
	f.Add("json", `{"a":[{"{to}":"{text}"},1e999,null]}`)
	f.Add("form", "to={to}&text={text}")
	f.Add("form", "a=%zz&b")
	f.Add("xml", "<a>{text}</a>")
	f.Add("json", strings.Repeat("[", 200))
	f.Fuzz(func(t *testing.T, format, body string) {
		parsed, err := parse(format, body)
		if err != nil {
			return
		}
		values := map[string]string{"to": "+12125550107", "text": "\"}\n&a=b 123456", "from": "x"}
		one, kind, err := parsed.fill(values)
		if err != nil {
			return
		}
		two, again, err := parsed.fill(values)
		if err != nil || kind != again || len(one) != len(two) {
			t.Errorf("filled twice: %q %q, %q %q, %v", one, kind, two, again, err)
		}
	})
}
