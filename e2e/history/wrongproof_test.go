package history

import "time"

// After a reset an enrolment code W1 was read out, and s2 waits for it.
func spokenTo() *told {
	return inByApp().then(question{Act: reset, Word: "W1"}, yes).then(question{Act: begin, SignIn: "s2"}, yes)
}

func word(signIn, code string) question {
	return question{Act: answer, SignIn: signIn, Way: byWord, Word: code}
}

func setUp(signIn string) question {
	return question{Act: answer, SignIn: signIn, Key: 1, Step: 9, Enrols: true, Fresh: 1, Token: "t2"}
}

// In as t2 with a new app, its step 9 used, and with sheet 1 of recovery codes.
func withSheet() *told { return spokenTo().then(word("s2", "W1"), yes).then(setUp("s2'"), yes) }

func begun(name string) question { return question{Act: begin, SignIn: name} }

func fromSheet(signIn string, sheet, nth int) question {
	return question{Act: answer, SignIn: signIn, Way: byRecovery, Sheet: sheet, Nth: nth, Token: "t3"}
}

func wrongCodes() []wrong {
	all, again := question{Act: everywhere}, question{Act: reset, Word: "W2"}
	toText := question{Act: save, Method: byText}
	rushed := fromSheet("s3", 1, 0)
	rushed.Rushed = true
	renewed := func() *told {
		return withSheet().then(question{Act: renew, Within: "t2", Token: "t9", Fresh: 2}, yes).then(begun("s3"), yes)
	}
	opened := func() *told {
		return withSheet().then(toText, yes).then(begun("s3"), yes).then(fromSheet("s3", 1, 0), yes)
	}
	viaText := question{Act: answer, SignIn: "s3'", Typed: "555555", Came: 99, Enrols: true, Fresh: 2, Token: "t3"}
	return []wrong{
		{"set up after a reset, with the enrolment code", withSheet(), true},
		{"set up after a reset, without it", spokenTo().then(setUp("s2"), yes), false},
		{"an enrolment code that nobody gave", spokenTo().then(word("s2", "W9"), yes), false},
		{"the right enrolment code refused", spokenTo().then(word("s2", "W1"), no), false},
		{"an enrolment code twice", spokenTo().then(word("s2", "W1"), yes).then(begun("s3"), yes).then(word("s3", "W1"), yes), false},
		{"an enrolment code twice, at once", spokenTo().then(begun("s3"), yes).then(word("s2", "W1"), yes).beside(word("s3", "W1"), yes), false},
		{"the enrolment code of an older reset", spokenTo().then(again, yes).then(begun("s3"), yes).then(word("s3", "W1"), yes), false},
		{"the enrolment code of the newest reset", spokenTo().then(again, yes).then(begun("s3"), yes).then(word("s3", "W2"), yes), true},
		{"an enrolment code from before Save", spokenTo().then(all, yes).then(begun("s3"), yes).then(word("s3", "W1"), yes), false},
		{"one from before a Save, refused", spokenTo().then(all, yes).then(begun("s3"), yes).then(word("s3", "W1"), no), true},
		{"one from before a Save without an answer", spokenTo().then(all, failed).then(begun("s3"), yes).then(word("s3", "W1"), yes), true},
		{"an enrolment code in the place of the app's", inByApp().then(begun("s2"), yes).then(word("s2", ""), yes), false},
		{"the lost app after a reset", spokenTo().then(question{Act: answer, SignIn: "s2", Step: 9, Token: "t2"}, yes), false},
		{"the step that confirmed the set-up, again", withSheet().then(begun("s3"), yes).
			then(question{Act: answer, SignIn: "s3", Key: 1, Step: 9, Token: "t3"}, yes), false},

		{"a recovery code in the place of the app's", withSheet().then(begun("s3"), yes).then(fromSheet("s3", 1, 0), yes), true},
		{"an unused recovery code refused", withSheet().then(begun("s3"), yes).then(fromSheet("s3", 1, 0), no), false},
		{"a recovery code that never was", withSheet().then(begun("s3"), yes).then(fromSheet("s3", 0, 0), yes), false},
		{"a recovery code twice", withSheet().then(begun("s3"), yes).then(fromSheet("s3", 1, 0), yes).then(begun("s4"), yes).then(fromSheet("s4", 1, 0), yes), false},
		{"a used recovery code refused", withSheet().then(begun("s3"), yes).then(fromSheet("s3", 1, 0), yes).then(begun("s4"), yes).then(fromSheet("s4", 1, 0), no), true},
		{"another one of the sheet", withSheet().then(begun("s3"), yes).then(fromSheet("s3", 1, 0), yes).then(begun("s4"), yes).then(fromSheet("s4", 1, 1), yes), true},
		{"a recovery code twice, at once", withSheet().then(begun("s3"), yes).then(begun("s4"), yes).then(fromSheet("s3", 1, 0), yes).beside(fromSheet("s4", 1, 0), yes), false},
		{"a recovery code after one without an answer", withSheet().then(begun("s3"), yes).then(begun("s4"), yes).then(fromSheet("s3", 1, 0), failed).then(fromSheet("s4", 1, 0), yes), true},
		{"a recovery code after ten new ones", renewed().then(fromSheet("s3", 1, 0), yes), false},
		{"one of the ten new ones", renewed().then(fromSheet("s3", 2, 0), yes), true},
		{"a recovery code after a reset", withSheet().then(again, yes).then(begun("s3"), yes).then(fromSheet("s3", 1, 0), yes), false},
		{"a recovery code in the place of a set-up", spokenTo().then(word("s2", "W1"), yes).then(fromSheet("s2'", 1, 0), yes), false},
		{"a recovery code opens the door to the new factor", opened().then(viaText, yes), true},
		{"the sheet of the old factor", opened().then(viaText, yes).then(begun("s4"), yes).then(fromSheet("s4", 1, 1), yes), false},
		{"used although what it opened is over", withSheet().then(toText, yes).then(begun("s3"), yes).then(rushed, over).then(begun("s4"), yes).then(fromSheet("s4", 1, 0), no), true},
		{"used although nothing ended what it opened", withSheet().then(toText, yes).then(begun("s3"), yes).then(fromSheet("s3", 1, 0), over), false},
	}
}

// at lets the clock stand so late.
func at(d time.Duration, q question) question {
	q.Shows = clock{int64(d), int64(d)}
	return q
}

func newCodes(token string) question { return question{Act: renew, Within: token, Token: "t9"} }

func again(signIn, token string) question {
	return question{Act: confirm, SignIn: signIn, Within: token}
}

// given is the digits of a step, with which the session of s5 proves itself again and becomes t2; those of step 0 are wrong.
func given(signIn string, step int64) question {
	return question{Act: answer, SignIn: signIn, Step: step, Token: "t2"}
}

func wrongProofs() []wrong {
	const late = proofLasts + time.Minute
	look1, look2, all := question{Act: look, Token: "t1"}, question{Act: look, Token: "t2"}, question{Act: everywhere}
	asked := func() *told { return inByApp().then(at(late, again("s5", "t1")), yes) }
	confirmed := func() *told { return asked().then(at(late, given("s5", 8)), yes) }
	twice := func() *told { return asked().then(given("s5", 0), no).then(given("s5", 0), no) }
	isOff := func() *told {
		return inByApp().then(question{Act: save, Method: off}, yes).then(question{Act: begin, Token: "t1"}, yes)
	}
	password := func(right bool) question {
		return question{Act: answer, SignIn: "s5", Way: byPassword, Right: right, Token: "t2"}
	}
	back := at(-time.Minute, question{Act: jump, Back: true})
	blurred := newCodes("t1")
	blurred.Shows = clock{0, int64(late)}
	leave1, leave2 := question{Act: leave, Token: "t1"}, question{Act: leave, Token: "t2"}
	return []wrong{
		{"new recovery codes after a fresh proof", inByApp().then(newCodes("t1"), yes), true},
		{"a fresh proof is asked for again", inByApp().then(newCodes("t1"), stale), false},
		{"new recovery codes after an old proof", inByApp().then(at(late, newCodes("t1")), yes), false},
		{"an old proof is asked for again", inByApp().then(at(late, newCodes("t1")), stale), true},
		{"a proof given before the clock was set back", inByApp().then(back, yes).then(at(proofLasts-time.Second, newCodes("t1")), stale), true},
		{"or still a fresh one", inByApp().then(back, yes).then(at(proofLasts-time.Second, newCodes("t1")), yes), true},
		{"one given before the clock was set ahead", inByApp().then(at(0, question{Act: jump}), yes).then(at(proofLasts-time.Second, newCodes("t1")), stale), false},
		{"either while the clock is set", inByApp().then(blurred, stale).then(blurred, yes), true},
		{"new recovery codes when signed out", inByApp().then(leave1, yes).then(newCodes("t1"), yes), false},
		{"nobody is signed in, though he is", inByApp().then(newCodes("t1"), out), false},
		{"no second factor, though there is", inByApp().then(newCodes("t1"), factors), false},
		{"new recovery codes without a second factor", isOff().then(newCodes("t1"), yes), false},
		{"new recovery codes end other sessions", inByApp().then(begun("s2"), yes).then(given("s2", 8), yes).then(newCodes("t1"), yes).then(look2, yes), false},
		{"and the old token", inByApp().then(newCodes("t1"), yes).then(look1, yes), false},
		{"but not the new one", inByApp().then(newCodes("t1"), yes).then(question{Act: look, Token: "t9"}, yes), true},

		{"confirmed, and fresh", confirmed().then(at(late, newCodes("t2")), yes), true},
		{"confirmed, and asked for again", confirmed().then(at(late, newCodes("t2")), stale), false},
		{"confirmed, and in by the old token", confirmed().then(look1, yes), false},
		{"confirmed, and out", confirmed().then(look2, no), false},
		{"fresh after signing out", confirmed().then(leave2, yes).then(at(late, newCodes("t2")), yes), false},
		{"confirmed after signing out", asked().then(leave1, yes).then(given("s5", 8), yes), false},
		{"confirmed after Save", asked().then(all, yes).then(given("s5", 8), yes), false},
		{"confirmed while Save answers", asked().then(all, yes).beside(given("s5", 8), yes), true},
		{"begun to confirm after Save", inByApp().then(all, yes).then(again("s5", "t1"), yes), false},
		{"confirmed by a used step", asked().then(given("s5", 7), yes), false},
		{"confirmed by wrong digits", asked().then(given("s5", 0), yes), false},
		{"the step that confirmed, again", confirmed().then(begun("s6"), yes).then(question{Act: answer, SignIn: "s6", Step: 8, Token: "t3"}, yes), false},
		{"confirmed by a recovery code", withSheet().then(again("s5", "t2"), yes).then(fromSheet("s5", 1, 0), yes), true},
		{"confirmed by a used one", withSheet().then(begun("s3"), yes).then(fromSheet("s3", 1, 0), yes).then(again("s5", "t2"), yes).
			then(fromSheet("s5", 1, 0), yes), false},
		{"another session's proof", inByApp().then(begun("s2"), yes).then(at(late, given("s2", 8)), yes).then(at(late, newCodes("t1")), yes), false},
		{"confirmed in another tab meanwhile", asked().then(again("s6", "t1"), yes).then(given("s5", 8), yes).
			then(question{Act: answer, SignIn: "s6", Step: 9, Token: "t3"}, yes), true},
		{"and in by the token between", asked().then(again("s6", "t1"), yes).then(given("s5", 8), yes).
			then(question{Act: answer, SignIn: "s6", Step: 9, Token: "t3"}, yes).then(look2, yes), false},

		{"the third wrong answer", twice().then(given("s5", 0), ousted).then(look1, no), true},
		{"in after the third wrong answer", twice().then(given("s5", 0), ousted).then(look1, yes), false},
		{"a third wrong answer and no more", twice().then(given("s5", 0), no), false},
		{"ousted by the second wrong answer", asked().then(given("s5", 0), no).then(given("s5", 0), ousted), false},
		{"ousted by a right answer", twice().then(given("s5", 8), ousted), false},
		{"the third wrong answer in another try", twice().then(again("s6", "t1"), yes).then(given("s6", 0), ousted), true},
		{"three wrong answers in two tries and no more", twice().then(again("s6", "t1"), yes).then(given("s6", 0), no), false},
		{"a right answer after two wrong ones", twice().then(given("s5", 8), yes).then(again("s6", "t2"), yes).then(given("s6", 0), no), true},
		{"perhaps the third", asked().then(given("s5", 0), failed).then(given("s5", 0), no).then(given("s5", 0), ousted), true},
		{"ousted from a sign-in", inByApp().then(begun("s2"), yes).then(given("s2", 0), no).then(given("s2", 0), no).then(given("s2", 0), ousted), false},

		{"the password where the method is Off", isOff().then(again("s5", "t1"), yes).then(password(true), yes), true},
		{"a wrong one", isOff().then(again("s5", "t1"), yes).then(password(false), yes), false},
		{"the password in the place of the app's", asked().then(password(true), yes), false},
	}
}
