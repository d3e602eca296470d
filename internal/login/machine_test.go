package login

import (
	"testing"

	"pgregory.net/rapid"

	"sallyport"
)

// machine is a technician with one sign-in: what an administrator, a channel's settings and the holder do to it, in any
// order. What it owes is kept apart from State, in words of its own, and knows nothing of Next.
type machine struct {
	s State

	// the oracle: what was truly given in this sign-in
	password, old, recovery, spoken, fresh bool
	got                                    sallyport.Method // what fresh proved
}

func (m *machine) init(t *rapid.T) {
	m.s = State{Purpose: sallyport.PurposeSignIn, Status: sallyport.Active, Method: sallyport.MethodApp, OpenerRequired: true, SetupOpen: true, OffPermitted: true,
		EmailReady: true, TextReady: true}
	m.s.Method = rapid.SampledFrom(asked).Draw(t, "chosen")
	m.s.Held = rapid.SampledFrom([]sallyport.Method{"", sallyport.MethodApp, sallyport.MethodEmail, sallyport.MethodText}).Draw(t, "held")
	m.restart()
}

var asked = []sallyport.Method{sallyport.MethodApp, sallyport.MethodEmail, sallyport.MethodText, sallyport.MethodOff}

// restart is a rise of the generation: the sign-in is over, and nothing of it counts.
func (m *machine) restart() {
	m.s.Proofs = sallyport.Proofs{}
	m.password, m.old, m.recovery, m.spoken, m.fresh, m.got = false, false, false, false, false, ""
	m.s.Serves = m.s.Held != "" && m.s.Held == m.s.Method
}

func (m *machine) actions() map[string]func(*rapid.T) {
	right := func(t *rapid.T) { m.answer(t, m.fitting(t)) }
	return map[string]func(*rapid.T){
		"any answer":   func(t *rapid.T) { m.answer(t, rapid.SampledFrom(allEvents).Draw(t, "event")) },
		"right answer": right, "another": right, "and another": right, "once more": right, "and so on": right,
		"save": func(t *rapid.T) {
			m.s.Method = rapid.SampledFrom(asked).Draw(t, "method")
			m.s.SetupOpen = true
			m.restart()
		},
		"reset": func(t *rapid.T) {
			m.s.Held, m.s.Disabled, m.s.SetupOpen = "", false, true
			m.s.EnrolmentNeeded = rapid.Bool().Draw(t, "code")
			m.restart()
		},
		"deactivate": func(*rapid.T) { m.s.Status = sallyport.Deactivated; m.restart() },
		"activate":   func(*rapid.T) { m.s.Status = sallyport.Active; m.restart() },
		"switch off": func(*rapid.T) { m.s.Disabled = m.s.Held != "" },
		"window":     func(t *rapid.T) { m.s.SetupOpen = rapid.Bool().Draw(t, "open") },
		"channels": func(t *rapid.T) {
			m.s.EmailReady, m.s.TextReady = rapid.Bool().Draw(t, "email"), rapid.Bool().Draw(t, "text")
		},
		"policy": func(t *rapid.T) {
			m.s.OpenerRequired, m.s.OffPermitted = rapid.Bool().Draw(t, "opener"), rapid.Bool().Draw(t, "off")
		},
		"": m.invariants,
	}
}

// fitting is an answer that the step takes, if there is one: otherwise most walks would end at the password.
func (m *machine) fitting(t *rapid.T) Event {
	var fit []Event
	for _, e := range allEvents {
		if Accepts(Next(m.s), e) {
			fit = append(fit, e)
		}
	}
	if len(fit) == 0 {
		return PasswordRight
	}
	return rapid.SampledFrom(fit).Draw(t, "event")
}

// answer gives any answer at any moment; a right one is noted in the oracle by what it was, not by what came of it.
func (m *machine) answer(t *rapid.T, event Event) {
	step := Next(m.s)
	proofs, err := Apply(m.s.Proofs, step, event)
	if err != nil {
		if proofs != m.s.Proofs {
			t.Fatalf("%s was refused at %+v, and changed something", event, step)
		}
		return
	}
	m.s.Proofs = proofs
	switch event {
	case PasswordRight:
		m.password = true
	case RecoveryRight:
		m.recovery = true
	case EnrolmentCodeRight:
		m.spoken = true
	case CodeRight:
		m.gave(t, step)
	}
}

// gave notes a right code: of what is held, or of what is being set up, which is held from then on.
func (m *machine) gave(t *rapid.T, step Step) {
	if step.Kind != Enrol {
		if step.Method != m.s.Held {
			t.Fatalf("asked for %s, which is not what is held (%s)", step.Method, m.s.Held)
		}
		m.old = true
		return
	}
	if m.s.Held != "" && m.s.OpenerRequired && !m.old && !m.recovery {
		t.Fatalf("%s was replaced without being given", m.s.Held)
	}
	if m.s.Held == "" && m.s.EnrolmentNeeded && !m.spoken {
		t.Fatal("set up after a reset without the code that is read out")
	}
	m.fresh, m.got = true, step.Method
	m.s.Held, m.s.Serves, m.s.EnrolmentNeeded, m.s.Disabled = step.Method, true, false, false
}

// invariants is what must be true of the step after every action.
func (m *machine) invariants(t *rapid.T) {
	step := Next(m.s)
	if step != Next(m.s) {
		t.Fatal("not the same twice")
	}
	if m.s.Status != sallyport.Active && step.Kind != Refused {
		t.Fatalf("%+v although not active", step)
	}
	if !m.password && step.Kind != Password && step.Kind != Refused {
		t.Fatalf("%+v without the password", step)
	}
	if step.Kind != Done {
		return
	}
	// I4: the password, and what the method asks for: held and given, set up just now, or a recovery code for what is held.
	off := m.s.Method == sallyport.MethodOff && m.s.OffPermitted
	held := m.s.Held == m.s.Method && (m.old || m.recovery || m.fresh && m.got == m.s.Method)
	if !m.password || !off && !held {
		t.Fatalf("done with %+v", m)
	}
}

// TestMachine: in every order of answers, Saves, resets and changed settings, a sign-in is done only when it is owed.
func TestMachine(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := &machine{}
		m.init(t)
		t.Repeat(m.actions())
	})
}
