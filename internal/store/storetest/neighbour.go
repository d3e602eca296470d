package storetest

import (
	"encoding/json"
	"errors"
	"slices"
	"time"

	"sallyport"
	"sallyport/internal/store"
)

// furnished is somebody who has one of everything that is written about one technician; what he has begins with his name.
func (b *bench) furnished(name string) sallyport.Technician {
	b.Helper()
	t := b.person(name, func(t *sallyport.Technician) { t.Password = []byte("sealed") })
	b.session(t, name+" session")
	b.session(t, name+" second")
	again := sallyport.SignIn{Hash: hash(name + " sign-in"), Technician: t.ID, Generation: t.Generation, Purpose: sallyport.PurposeStepUp,
		Session: hash(name + " session"), CreatedAt: b.Now(), ExpiresAt: b.Now().Add(10 * time.Minute)}
	b.write(func(tx *store.Tx) error { return tx.InsertSignIn(b.ctx, again) })
	b.sent(again, name+" code")
	b.write(func(tx *store.Tx) error {
		_, err := tx.CountGuesses(b.ctx, []string{name + " guess"})
		for range 2 {
			read, lost := tx.Technician(b.ctx, t.ID)
			_, counted := tx.CountAnswer(b.ctx, read, 100, false)
			read.WrongRun++
			_, again := tx.CountAnswer(b.ctx, read, 100, true)
			err = errors.Join(err, lost, counted, again)
		}
		return errors.Join(err,
			tx.PutFactor(b.ctx, sallyport.Factor{Technician: t.ID, Kind: sallyport.MethodApp, Secret: []byte(name), LastStep: 100, ProvedAt: b.Now(), UsedAt: b.Now()}),
			tx.SetRecoveryCodes(b.ctx, t.ID, [][]byte{[]byte(name + " 1"), []byte(name + " 2"), {1}}),
			tx.PutEnrolmentCode(b.ctx, sallyport.EnrolmentCode{Technician: t.ID, Generation: t.Generation, Hash: []byte(name), ExpiresAt: b.Now().Add(time.Hour)}),
			tx.InsertLink(b.ctx, sallyport.Link{Hash: hash(name + " link"), Kind: sallyport.LinkReset, Technician: t.ID, Generation: t.Generation,
				CreatedAt: b.Now(), ExpiresAt: b.Now().Add(time.Hour)}),
			tx.NoteReset(b.ctx, t.ID),
			tx.InsertHelp(b.ctx, sallyport.HelpRequest{ID: name + " help", Number: "1", Technician: t.ID, CreatedAt: b.Now()}),
			tx.InsertSend(b.ctx, sallyport.CodeID(name+" code"), t.ID, name+"@example.com"),
			tx.SetWait(b.ctx, t.ID, b.Now().Add(time.Second)),
			tx.SetGuessWait(b.ctx, name+" guess", b.Now().Add(time.Second)))
	})
	return t
}

// picture is everything that furnished gave.
func (b *bench) picture(tx *store.Tx, t sallyport.Technician) (string, error) {
	name := string(t.ID)
	row, e1 := tx.Technician(b.ctx, t.ID)
	asked, e2 := tx.Asked(b.ctx, hash(name+" sign-in"))
	code, e3 := tx.NewestCode(b.ctx, hash(name+" sign-in"))
	spoken, e4 := tx.EnrolmentCode(b.ctx, t.ID)
	live, e5 := tx.SessionsOf(b.ctx, t.ID)
	link, e6 := tx.LiveLink(b.ctx, t.ID, sallyport.LinkReset)
	sends, e7 := tx.SendCounts(b.ctx, t.ID, name+"@example.com", 5, 10)
	guess, e8 := tx.Guess(b.ctx, name+" guess")
	left, e9 := tx.RecoveryLeft(b.ctx, t.ID)
	resets, e10 := tx.CountResets(b.ctx, t.ID, time.Time{})
	helped, _, e11 := tx.CountHelp(b.ctx, t.ID, time.Time{})
	help, e12 := tx.OpenHelp(b.ctx)
	help = slices.DeleteFunc(help, func(h sallyport.HelpRequest) bool { return h.Technician != t.ID })
	text, e13 := json.Marshal([]any{row, asked, code, spoken, live, link, sends, guess, left, resets, helped, help})
	return string(text), errors.Join(e1, e2, e3, e4, e5, e6, e7, e8, e9, e10, e11, e12, e13)
}

// Each act on mira is done among others who have the same: a condition that is lost would hit them as well.
var _ = register("what is done to one is done to nobody else", func(b *bench) {
	anne := b.furnished("anne")
	b.write(func(tx *store.Tx) error { // she needs no enrolment code, unlike omar
		return tx.PutFactor(b.ctx, sallyport.Factor{Technician: anne.ID, Kind: sallyport.MethodApp, Secret: []byte("anne"), LastStep: 100, ProvedAt: b.Now()})
	})
	mira, omar := b.furnished("mira"), b.furnished("omar")
	b.read(func(tx *store.Tx) error {
		hers, e1 := tx.Technician(b.ctx, anne.ID)
		his, e2 := tx.Technician(b.ctx, omar.ID)
		if hers.EnrolmentNeeded || !his.EnrolmentNeeded {
			b.Errorf("a code is asked of anne: %v, of omar: %v", hers.EnrolmentNeeded, his.EnrolmentNeeded)
		}
		return errors.Join(e1, e2)
	})
	b.Add(2 * time.Second) // nobody waits any more
	for name, act := range actsOnMira(b) {
		err := b.db.Write(b.ctx, func(tx *store.Tx) error {
			read, lost := tx.Technician(b.ctx, mira.ID)
			hers, e1 := b.picture(tx, anne)
			his, e2 := b.picture(tx, omar)
			if err := errors.Join(lost, e1, e2, act(tx, read)); err != nil {
				return err
			}
			hers2, e1 := b.picture(tx, anne)
			his2, e2 := b.picture(tx, omar)
			if his != his2 || hers != hers2 {
				b.Errorf("%s: from\n%s\n%s\nto\n%s\n%s", name, hers, his, hers2, his2)
			}
			return errors.Join(e1, e2, errUndo)
		})
		if err == nil || err.Error() != errUndo.Error() {
			b.Errorf("%s: %v", name, err)
		}
	}
})

var errNotDone = errors.New("not done")

// done is err, or that nothing was done.
func done(ok bool, err error) error {
	if err == nil && !ok {
		return errNotDone
	}
	return err
}

// only is the error of what answers with more than that.
func only[T any](_ T, err error) error { return err }

func actsOnMira(b *bench) map[string]func(*store.Tx, sallyport.Technician) error {
	type who = sallyport.Technician
	ctx, soon := b.ctx, b.Now().Add(time.Minute)
	one, signIn, code, guess := hash("mira session"), hash("mira sign-in"), sallyport.CodeID("mira code"), "mira guess"
	return map[string]func(*store.Tx, who) error{
		"count":          func(tx *store.Tx, t who) error { return only(tx.CountAnswer(ctx, t, 100, false)) },
		"count recovery": func(tx *store.Tx, t who) error { return only(tx.CountAnswer(ctx, t, 100, true)) },
		"clear":          func(tx *store.Tx, t who) error { return tx.ClearAnswers(ctx, t.ID, false) },
		"clear recovery": func(tx *store.Tx, t who) error { return tx.ClearAnswers(ctx, t.ID, true) },
		"let in": func(tx *store.Tx, t who) error {
			return tx.ClearAnswersOf(ctx, t, t.WrongRun, soon, sallyport.DefaultSettings(), errNotDone)
		},
		"wait":    func(tx *store.Tx, t who) error { return tx.SetWait(ctx, t.ID, soon) },
		"disable": func(tx *store.Tx, t who) error { return tx.DisableFactor(ctx, t.ID) },
		"reset":   func(tx *store.Tx, t who) error { return tx.ResetWrong(ctx, t.ID) },
		"factor": func(tx *store.Tx, t who) error {
			return tx.PutFactor(ctx, sallyport.Factor{Technician: t.ID, Kind: "email"})
		},
		"factor gone":    func(tx *store.Tx, t who) error { return tx.DeleteFactor(ctx, t.ID) },
		"step":           func(tx *store.Tx, t who) error { return done(tx.BurnStep(ctx, t.ID, 200)) },
		"recovery code":  func(tx *store.Tx, t who) error { return done(tx.UseRecoveryCode(ctx, t.ID, []byte{1})) },
		"recovery codes": func(tx *store.Tx, t who) error { return tx.SetRecoveryCodes(ctx, t.ID, nil) },
		"enrolment code": func(tx *store.Tx, t who) error {
			return done(tx.UseEnrolmentCode(ctx, t.ID, t.Generation, []byte("mira")))
		},
		"another": func(tx *store.Tx, t who) error {
			return tx.PutEnrolmentCode(ctx, sallyport.EnrolmentCode{Technician: t.ID, Generation: t.Generation, Hash: []byte{1}})
		},
		"password": func(tx *store.Tx, t who) error { return tx.SetPassword(ctx, t.ID, t.Generation, []byte("another")) },
		"Save":     func(tx *store.Tx, t who) error { t.Method = sallyport.MethodOff; return tx.UpdateTechnician(ctx, t) },
		"raise":    func(tx *store.Tx, t who) error { return only(tx.Raise(ctx, t.ID, sallyport.EndedBySave)) },
		"delete":   func(tx *store.Tx, t who) error { return tx.DeleteTechnician(ctx, t.ID) },
		"session":  func(tx *store.Tx, _ who) error { return done(tx.EndSession(ctx, one, sallyport.EndedByOwner)) },
		"sessions": func(tx *store.Tx, t who) error { return only(tx.EndSessions(ctx, t.ID, one, sallyport.EndedByOwner)) },
		"only session": func(tx *store.Tx, t who) error {
			return only(tx.CreateSession(ctx, sallyport.Session{Hash: hash("only"), Technician: t.ID, Generation: t.Generation, CreatedAt: b.Now(), UsedAt: b.Now(), ExpiresAt: soon}, 1))
		},
		"reset asked": func(tx *store.Tx, t who) error { return tx.NoteReset(ctx, t.ID) },
		"help": func(tx *store.Tx, t who) error {
			return tx.InsertHelp(ctx, sallyport.HelpRequest{ID: "more", Technician: t.ID, CreatedAt: b.Now()})
		},
		"help finished": func(tx *store.Tx, _ who) error { return done(tx.FinishHelp(ctx, "mira help", "boss")) },
		"session's token": func(tx *store.Tx, t who) error {
			return tx.RotateSession(ctx, one, sallyport.Session{Hash: hash("new"), Technician: t.ID, Generation: t.Generation, ExpiresAt: soon})
		},
		"use": func(tx *store.Tx, _ who) error { return tx.TouchSessions(ctx, map[sallyport.Hash]time.Time{one: soon}) },
		"next code": func(tx *store.Tx, t who) error {
			return tx.InsertCode(ctx, sallyport.Code{ID: "next", SignIn: signIn, Technician: t.ID, Channel: "email", Hash: []byte{1}, State: sallyport.Sending})
		},
		"code compared":   func(tx *store.Tx, _ who) error { _, ok, err := tx.CountAttempt(ctx, code); return done(ok, err) },
		"code used":       func(tx *store.Tx, _ who) error { return done(tx.ConsumeCode(ctx, code)) },
		"code sent":       func(tx *store.Tx, _ who) error { return tx.SetCodeState(ctx, code, sallyport.Sent, "x") },
		"send forgiven":   func(tx *store.Tx, _ who) error { return tx.ForgiveSend(ctx, code) },
		"sends succeeded": func(tx *store.Tx, _ who) error { return tx.SucceedSends(ctx, signIn) },
		"sign-in's token": func(tx *store.Tx, _ who) error { return tx.RotateSignIn(ctx, signIn, hash("new")) },
		"sign-in's end":   func(tx *store.Tx, _ who) error { return tx.EndSignIn(ctx, signIn, errNotDone) },
		"link": func(tx *store.Tx, _ who) error {
			_, ok, err := tx.ConsumeLink(ctx, hash("mira link"))
			return done(ok, err)
		},
		"links":           func(tx *store.Tx, t who) error { return only(tx.DeleteLinks(ctx, t.ID, sallyport.LinkReset)) },
		"guess waits":     func(tx *store.Tx, _ who) error { return tx.SetGuessWait(ctx, guess, soon) },
		"guess forgotten": func(tx *store.Tx, _ who) error { return only(tx.EndGuesses(ctx, guess)) },
		"guess forgiven": func(tx *store.Tx, t who) error {
			return tx.ForgiveGuesses(ctx, 1, t, errNotDone, sallyport.Counted{Key: guess})
		},
		"guess taken back": func(tx *store.Tx, _ who) error { return tx.TakeGuesses(ctx, guess, 1, b.Now().Add(-time.Second)) },
	}
}
