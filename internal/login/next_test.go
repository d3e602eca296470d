package login

import (
	"testing"

	"pgregory.net/rapid"

	"sallyport"
)

// base is an active technician with the app set up, after the password.
func base() State {
	return State{Purpose: sallyport.PurposeSignIn, Proofs: sallyport.Proofs{Password: true}, Status: sallyport.Active,
		Method: sallyport.MethodApp, Held: sallyport.MethodApp, Serves: true, OpenerRequired: true, SetupOpen: true,
		OffPermitted: true, EmailReady: true, TextReady: true}
}

func with(change func(*State)) State { s := base(); change(&s); return s }

func TestNext(t *testing.T) {
	cases := []struct {
		name string
		s    State
		want Step
	}{
		{"no password yet", with(func(s *State) { s.Proofs = sallyport.Proofs{} }), Step{Kind: Password}},
		{"app set up", base(), Step{Factor, sallyport.MethodApp}},
		{"app proved", with(func(s *State) { s.Proofs.Factor = true }), Step{Kind: Done}},
		{"recovery code in its place", with(func(s *State) { s.Proofs.Recovery = true }), Step{Kind: Done}},
		{"an opener is no factor", with(func(s *State) { s.Proofs.Opener = true }), Step{Factor, sallyport.MethodApp}},
		{"off", with(func(s *State) { s.Method, s.Serves = sallyport.MethodOff, false }), Step{Kind: Done}},
		{"off, not permitted any more", with(func(s *State) { s.Method, s.Serves, s.OffPermitted = sallyport.MethodOff, false, false }), Step{Kind: NoFactor}},
		{"off, not permitted, with a recovery code of before", with(func(s *State) {
			s.Method, s.Serves, s.OffPermitted, s.Proofs.Recovery = sallyport.MethodOff, false, false, true
		}), Step{Kind: NoFactor}},
		{"never had a factor", with(func(s *State) { s.Held, s.Serves = "", false }), Step{Enrol, sallyport.MethodApp}},
		{"held email opens app", with(func(s *State) { s.Held, s.Serves = sallyport.MethodEmail, false }), Step{Opener, sallyport.MethodEmail}},
		{"opener given", with(func(s *State) { s.Held, s.Serves, s.Proofs.Opener = sallyport.MethodEmail, false, true }), Step{Enrol, sallyport.MethodApp}},
		{"opener by recovery code", with(func(s *State) { s.Held, s.Serves, s.Proofs.Recovery = sallyport.MethodEmail, false, true }), Step{Enrol, sallyport.MethodApp}},
		{"opener not required", with(func(s *State) { s.Held, s.Serves, s.OpenerRequired = sallyport.MethodEmail, false, false }), Step{Enrol, sallyport.MethodApp}},
		{"after reset", with(func(s *State) { s.Held, s.Serves, s.EnrolmentNeeded = "", false, true }), Step{Kind: EnrolmentCode}},
		{"enrolment code given", with(func(s *State) {
			s.Held, s.Serves, s.EnrolmentNeeded, s.Proofs.Enrolment = "", false, true, true
		}), Step{Enrol, sallyport.MethodApp}},
		{"window closed", with(func(s *State) { s.Held, s.Serves, s.SetupOpen = "", false, false }), Step{Kind: Closed}},
		{"after reset, too many wrong codes", with(func(s *State) {
			s.Held, s.Serves, s.EnrolmentNeeded, s.Disabled = "", false, true, true
		}), Step{Kind: Shut}},
		{"too many wrong codes at a set-up that is over", with(func(s *State) {
			s.Held, s.Serves, s.SetupOpen, s.Disabled = "", false, false, true
		}), Step{Kind: Shut}},
		{"switched off", with(func(s *State) { s.Disabled = true }), Step{Disabled, sallyport.MethodApp}},
		{"switched off, recovery code", with(func(s *State) { s.Disabled, s.Proofs.Recovery = true, true }), Step{Kind: Done}},
		{"email channel down", with(func(s *State) { s.Method, s.Held, s.EmailReady = sallyport.MethodEmail, sallyport.MethodEmail, false }), Step{ChannelDown, sallyport.MethodEmail}},
		{"email to be set up, channel down", with(func(s *State) {
			s.Method, s.Serves, s.EmailReady, s.Proofs.Opener = sallyport.MethodEmail, false, false, true
		}), Step{SetupDown, sallyport.MethodEmail}},
		{"text to be set up", with(func(s *State) { s.Method, s.Held, s.Serves = sallyport.MethodText, "", false }), Step{Enrol, sallyport.MethodText}},
		{"deactivated", with(func(s *State) { s.Status = sallyport.Deactivated }), Step{Kind: Refused}},
		{"invited", with(func(s *State) { s.Status = sallyport.Invited }), Step{Kind: Refused}},
		{"unknown method", with(func(s *State) { s.Method = "fax" }), Step{Kind: Refused}},
		{"unknown held factor", with(func(s *State) { s.Held, s.Serves = "fax", false }), Step{ChannelDown, "fax"}},
		{"unknown purpose", with(func(s *State) { s.Purpose = "other" }), Step{Kind: Refused}},
		{"step-up", with(func(s *State) { s.Purpose, s.Proofs = sallyport.PurposeStepUp, sallyport.Proofs{} }), Step{Factor, sallyport.MethodApp}},
		{"step-up, off", with(func(s *State) {
			s.Purpose, s.Proofs, s.Method, s.Serves = sallyport.PurposeStepUp, sallyport.Proofs{}, sallyport.MethodOff, false
		}), Step{Kind: Password}},
		{"step-up without a factor", with(func(s *State) { s.Purpose, s.Serves = sallyport.PurposeStepUp, false }), Step{Kind: Refused}},
		{"new phone", with(func(s *State) { s.Purpose, s.Proofs = sallyport.PurposePhone, sallyport.Proofs{} }), Step{Opener, sallyport.MethodApp}},
		{"new phone, old app given", with(func(s *State) { s.Purpose, s.Proofs = sallyport.PurposePhone, sallyport.Proofs{Opener: true} }), Step{Enrol, sallyport.MethodApp}},
		{"set-up", with(func(s *State) { s.Purpose = sallyport.PurposeSetup; s.Serves = false }), Step{Enrol, sallyport.MethodApp}},
		{"set-up without a password", with(func(s *State) { s.Purpose, s.Proofs = sallyport.PurposeSetup, sallyport.Proofs{} }), Step{Kind: Refused}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if got := Next(c.s); got != c.want {
				t.Errorf("Next = %+v, want %+v", got, c.want)
			}
		})
	}
}

var (
	allMethods  = []sallyport.Method{sallyport.MethodApp, sallyport.MethodEmail, sallyport.MethodText, sallyport.MethodOff, "fax", ""}
	allPurposes = []sallyport.Purpose{sallyport.PurposeSignIn, sallyport.PurposeStepUp, sallyport.PurposePhone, sallyport.PurposeSetup, "other"}
	allStatuses = []sallyport.Status{sallyport.Invited, sallyport.Active, sallyport.Deactivated, ""}
	allEvents   = []Event{PasswordRight, CodeRight, RecoveryRight, EnrolmentCodeRight, "other"}
)

// every calls f with each state there is: 4×5×6×5 words times 2^14 facts, about 10 million.
func every(f func(State)) {
	for _, purpose := range allPurposes {
		for _, status := range allStatuses {
			for _, method := range allMethods {
				for _, held := range allMethods[:5] {
					for bits := 0; bits < 1<<14; bits++ {
						b := func(i int) bool { return bits>>i&1 == 1 }
						h := held
						if h == sallyport.MethodOff {
							h = ""
						}
						f(State{Purpose: purpose, Status: status, Method: method, Held: h,
							Proofs: sallyport.Proofs{Password: b(0), Opener: b(1), Enrolment: b(2), Recovery: b(3), Factor: b(4), Enrolled: b(5)},
							Serves: b(6) && h == method, OpenerRequired: b(7), EnrolmentNeeded: b(8), SetupOpen: b(9), Disabled: b(10),
							EmailReady: b(11), TextReady: b(12), OffPermitted: b(13)})
					}
				}
			}
		}
	}
}

// TestDoneNeedsProof is invariant I4 over every state: Done only where everything required was proved.
func TestDoneNeedsProof(t *testing.T) {
	every(func(s State) {
		if Next(s).Kind != Done {
			return
		}
		if why := unproved(s); why != "" {
			t.Fatalf("done although %s: %+v", why, s)
		}
	})
}

func unproved(s State) string {
	p := s.Proofs
	switch {
	case s.Purpose != sallyport.PurposeSetup && s.Status != sallyport.Active:
		return "the account is not active"
	case s.Purpose == sallyport.PurposeSignIn && !p.Password:
		return "the password was not given"
	case s.Purpose == sallyport.PurposeSignIn && s.Method != sallyport.MethodOff && !p.Factor && !p.Recovery:
		return "the factor was not proved"
	case s.Purpose == sallyport.PurposeSignIn && s.Method != sallyport.MethodOff && !s.Serves:
		return "the held factor does not serve the method"
	case s.Purpose == sallyport.PurposeSignIn && s.Method == sallyport.MethodOff && !s.OffPermitted:
		return "the policy asks for a factor"
	case s.Purpose == sallyport.PurposeStepUp && s.Method == sallyport.MethodOff && !p.Password:
		return "the password was not given again"
	case s.Purpose == sallyport.PurposeStepUp && s.Method != sallyport.MethodOff && !p.Factor && !p.Recovery:
		return "the factor was not given again"
	case (s.Purpose == sallyport.PurposePhone || s.Purpose == sallyport.PurposeSetup) && !(p.Factor && p.Enrolled):
		return "nothing was set up"
	}
	return ""
}

// TestEnrolNeedsTheOldFactor: a set-up is reached past a held factor only by giving it, by a recovery code, or where
// the policy says so; and after a reset only with the enrolment code.
func TestEnrolNeedsTheOldFactor(t *testing.T) {
	every(func(s State) {
		if Next(s).Kind != Enrol || s.Purpose != sallyport.PurposeSignIn {
			return
		}
		opened := s.Proofs.Opener || s.Proofs.Recovery
		if !s.Proofs.Password || s.Held != "" && s.OpenerRequired && !opened || s.Held == "" && s.EnrolmentNeeded && !s.Proofs.Enrolment {
			t.Fatalf("set-up reached by %+v", s)
		}
	})
}

// TestNoAnswerIsInVain: what is asked for after the password leads on. A recovery code or an enrolment code is spent, and must
// lead neither to where it was given nor to where nothing is taken. What is set up is stored beside the proofs, so that step is
// left out.
func TestNoAnswerIsInVain(t *testing.T) {
	every(func(s State) {
		step := Next(s)
		if step.Kind == Enrol {
			return
		}
		for _, event := range allEvents {
			after := s
			var err error
			if after.Proofs, err = Apply(s.Proofs, step, event); err != nil || event == PasswordRight {
				continue
			}
			if to := Next(after); to == step || to.Kind == Closed || to.Kind == SetupDown {
				t.Fatalf("%s leads from %+v to %+v: %+v", event, step, to, s)
			}
		}
	})
}

// TestEventsOutOfOrder: no answer is taken that the step did not ask for, and none ever takes a proof away.
func TestEventsOutOfOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := base()
		s.Purpose = rapid.SampledFrom(allPurposes).Draw(t, "purpose")
		s.Method = rapid.SampledFrom(allMethods).Draw(t, "method")
		s.Held = rapid.SampledFrom(allMethods).Draw(t, "held")
		s.Serves = s.Held == s.Method && rapid.Bool().Draw(t, "serves")
		s.EnrolmentNeeded = rapid.Bool().Draw(t, "enrolment")
		s.Proofs.Password = rapid.Bool().Draw(t, "password")
		for range rapid.IntRange(1, 12).Draw(t, "events") {
			step := Next(s)
			event := rapid.SampledFrom(allEvents).Draw(t, "event")
			after, err := Apply(s.Proofs, step, event)
			if (err == nil) != Accepts(step, event) {
				t.Fatalf("%s at %+v: %v", event, step, err)
			}
			if err != nil && after != s.Proofs {
				t.Fatalf("refused, yet proofs changed: %+v", after)
			}
			if step.Kind == Done && err == nil {
				t.Fatalf("%s was taken after the end", event)
			}
			s.Proofs = after
			if s.Proofs.Enrolled && s.Purpose == sallyport.PurposeSignIn {
				s.Held, s.Serves = s.Method, true
			}
		}
	})
}
