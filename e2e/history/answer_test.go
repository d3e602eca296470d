package history

import "slices"

// tries is how often one sent code is compared at most.
const tries = 3

// takes says whether a step is answered in that way.
func takes(proof string, sets bool, way string) bool {
	digits := proof == byApp || proof == byText
	switch way {
	case "":
		return digits
	case byRecovery:
		return digits && !sets
	}
	return proof == way
}

// judged is what is known of an answer before it is compared: it may be right, or wrong, or either where nobody knows
// which code went out.
func (r rules) judged(s state, i signIn, q question) (right, wrong bool) {
	proof, sets, _ := s.step(i)
	switch {
	case q.Way == byRecovery:
		right = q.Sheet != 0 && q.Sheet == s.Sheet && (!slices.Contains(s.Gone, q.Nth) || r.reuse)
		return right, !right
	case q.Way == byWord:
		right = q.Word != "" && q.Word == s.Word
		return right, !right
	case q.Way == byPassword:
		return q.Right, !q.Right
	case proof != byText && sets:
		right = q.Enrols && q.Step > 0
		return right, !right
	case proof != byText:
		right = q.Step > 0 && q.Key == s.Key && (q.Step > s.Last || r.reuse)
		return right, !right
	case i.Code.None || q.Typed == "" || i.Code.Tries >= tries && !r.tireless:
		return false, true
	case i.Code.Digits != "":
		right = q.Typed == i.Code.Digits
		return right, !right
	}
	fresh := q.Came >= i.Code.Born || r.old && q.Came > 0
	return fresh && (r.reuse || !slices.Contains(s.Used, q.Typed)), true
}

// answered: something was typed.
func (r rules) answered(s state, q question, a said) []state {
	i, there := s.find(q.SignIn)
	if a == over {
		return r.ended(s, i, q)
	}
	proof, sets, _ := s.step(i)
	if !there || !takes(proof, sets, q.Way) {
		return nil
	}
	right, wrong := r.judged(s, i, q)
	wrong = wrong || q.Rushed || q.Crowded
	sent := proof == byText && q.Way == ""
	switch {
	case a == yes && right:
		return []state{r.accept(s, i, q)}
	case a == spent && sent:
		return r.exhausted(s, i, q, wrong)
	case a != no && a != ousted || !wrong || sent && (i.Code.None || i.Code.Tries >= tries):
		return nil
	}
	t, last := r.wronged(s, i, q)
	if a != last {
		return nil
	}
	if sent {
		return []state{t}
	}
	return burnt(t, q)
}

// ended: the sign-in is over. Where something ended it meanwhile, what was typed may have opened the door to a set-up
// before that, or counted as wrong: that is said on a page of the sign-in, which may be gone by then.
func (r rules) ended(s state, i signIn, q question) (all []state) {
	there := i.Name != ""
	if !there || i.Frail || q.Rushed {
		all = burnt(s.drop(q.SignIn), q)
	}
	proof, sets, opens := s.step(i)
	if !there || !q.Rushed && !q.Crowded || !takes(proof, sets, q.Way) {
		return all
	}
	if right, _ := r.judged(s, i, q); right && opens && q.Rushed {
		all = append(all, r.accept(s, i, q).drop(goesOn(i.Name)))
	}
	if t, last := r.wronged(s, i, q); i.Within != "" && last != ousted {
		all = append(all, t)
	}
	return all
}

// burnt adds that the app's step counts as used: where the clock was set meanwhile, or something ended the sign-in
// between the use of the step and what follows it.
func burnt(s state, q question) []state {
	if !q.Rushed || q.Way != "" || q.Key != s.Key || q.Step <= s.Last || s.Held != byApp || q.Enrols {
		return []state{s}
	}
	t := s
	t.Last = q.Step
	return []state{s, t}
}

// tried counts one comparison.
func (s state) tried(i signIn) state {
	i.Code.Tries = min(i.Code.Tries+1, tries)
	return s.put(i)
}

// exhausted: the code can no longer be used. Either this was the third comparison, or there was none. While others are
// compared at the same time they are counted first, so that one may be refused before it is known how they end.
func (r rules) exhausted(s state, i signIn, q question, wrong bool) []state {
	t, last := r.wronged(s, i, q)
	switch {
	case i.Code.None || i.Code.Tries >= tries:
		return []state{s}
	case q.Crowded || i.Code.Unseen:
		all := []state{s, s.tried(i)}
		if i.Within != "" && last != ousted {
			all = append(all, t)
		}
		return all
	case last == spent && wrong:
		return []state{t}
	}
	return nil
}

// counted is what an answer that nobody heard of may leave behind though it led to nothing.
func (r rules) counted(s state, q question) (all []state) {
	i, there := s.find(q.SignIn)
	proof, sets, _ := s.step(i)
	if q.Act != answer || !there || !takes(proof, sets, q.Way) {
		return nil
	}
	if proof == byText && q.Way == "" {
		if i.Code.None || i.Code.Tries >= tries {
			return nil
		}
		all = append(all, s.tried(i))
	}
	if i.Within != "" {
		t, _ := r.wronged(s, i, q)
		all = append(all, t)
	}
	return append(all, burnt(s, q)[1:]...)
}

// goesOn is the name of a sign-in that goes on under a fresh token.
func goesOn(name string) string { return name + "'" }

// accept takes a right answer: the door opens, or the way to the new factor, or the session has proved itself again.
func (r rules) accept(s state, i signIn, q question) state {
	proof, sets, opens := s.step(i)
	switch {
	case q.Way == byRecovery:
		s.Gone = with(s.Gone, q.Nth)
	case q.Way == byWord:
		s.Word = ""
	case q.Way == byPassword:
	case proof == byText:
		s.Used = with(s.Used, q.Typed)
	case !sets:
		s.Last = max(s.Last, q.Step)
	}
	s = s.drop(i.Name)
	if i.Within != "" {
		return s.proved(i, q)
	}
	if opens {
		return s.put(s.asks(signIn{Name: goesOn(i.Name), Opened: proof != byWord, Spoken: proof == byWord, Frail: i.Frail}, q))
	}
	if sets {
		s = r.end(s)
		s.Held, s.Key, s.Last, s.Sheet, s.Gone, s.Needed = proof, 0, 0, q.Fresh, nil, false
		if proof == byApp {
			s.Key, s.Last = q.Key, q.Step
		}
	}
	return s.enter(session{Token: q.Token, Proved: q.Shows})
}
