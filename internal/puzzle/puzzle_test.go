package puzzle

import (
	"strings"
	"testing"
)

func TestSolved(t *testing.T) {
	const challenge, difficulty = "AQ-some_challenge", 8
	answer := Solve(challenge, difficulty)
	if !Solved(challenge, answer, difficulty) {
		t.Fatalf("%s does not solve its own puzzle", answer)
	}
	last := answer[:len(answer)-1] + string("0123456789abcdef"[(strings.IndexByte("0123456789abcdef", answer[len(answer)-1])+1)%16])
	for name, wrong := range map[string]struct{ challenge, answer string }{
		"another challenge": {challenge + "x", answer},
		"last part wrong":   {challenge, last},
		"no answer":         {challenge, ""},
		"short":             {challenge, answer[:120]},
		"long":              {challenge, answer + "00000000"},
		"no digits":         {challenge, strings.Repeat("zz", 64)},
		"parts swapped":     {challenge, answer[8:16] + answer[:8] + answer[16:]},
		"zeros":             {challenge, strings.Repeat("0", 128)},
	} {
		if Solved(wrong.challenge, wrong.answer, difficulty) {
			t.Errorf("%s is taken", name)
		}
	}
	if Solved(challenge, answer, 20) || Solved(challenge, Solve(challenge, difficulty-1), difficulty) {
		t.Error("an answer to an easy puzzle solves a hard one")
	}
}

// TestWork holds the work to what pages and docs say of it: some 130,000 hashes to some 520,000.
func TestWork(t *testing.T) {
	if least, most := Parts<<Easiest, Parts<<Hardest; least != 131_072 || most != 524_288 {
		t.Errorf("%d to %d hashes", least, most)
	}
}

// TestKnownAnswer keeps the format that the browser's script and other programs were written for.
func TestKnownAnswer(t *testing.T) {
	const answer = "0000000300000014000000540000003200000020000000830000001200000013000000ef00000000000000120000002a00000034000000450000000300000035"
	if got := Solve("sallyport", 6); got != answer {
		t.Errorf("got %s", got)
	}
}

func FuzzSolved(f *testing.F) {
	f.Add("challenge", Solve("challenge", 4))
	f.Add("", "")
	f.Add("c", strings.Repeat("0", 128))
	f.Fuzz(func(t *testing.T, challenge, answer string) {
		if Solved(challenge, answer, 0) && len(answer) != answerLength {
			t.Error("an answer of another length is taken")
		}
		_ = Solved(challenge, answer, Hardest)
	})
}
